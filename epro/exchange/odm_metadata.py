"""A study package as ODM metadata: what is asked, with codes, units, limits and conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from epro.exchange import odm_conditions as conditions
from epro.exchange import odm_names as names
from epro.exchange.changes import Field, FieldType, Form, Study
from epro.exchange.odm_elements import add, add_english, add_translated, element
from questionnaires.definition import Item, Questionnaire, StudyPackage, Translated
from questionnaires.validation import SCALES

# Entities that belong to the participant as such, not to a time of the schedule.
OF_THE_SUBJECT = (
    "participant", "consent", "anchor", "flag", "candidate", "adverse_event", "signature",
    "compliance", "record_lock",
)  # fmt: skip
LONGEST_TEXT = "4000"


def study_element(study: Study) -> etree._Element:
    """Return the whole study: all editions, one MetaDataVersion each."""
    first = study.packages[0]
    root = element("Study", {"OID": names.study(first.code)})
    variables = add(root, "GlobalVariables")
    add(variables, "StudyName", first.title.en)
    add(variables, "StudyDescription", f"{first.title.zh} / {first.title.en}")
    add(variables, "ProtocolName", first.code.upper())
    definitions = add(root, "BasicDefinitions")
    for unit in _units(study):
        measured = add(definitions, "MeasurementUnit", OID=names.unit(unit), Name=unit)
        add_translated(measured, "Symbol", Translated(unit, unit))
    for package in study.packages:
        root.append(metadata_version(package, study.forms))
    return root


def metadata_version(package: StudyPackage, forms: tuple[Form, ...]) -> etree._Element:
    """Return one edition of the study; equal packages give equal bytes."""
    root = element(
        "MetaDataVersion",
        {"OID": names.metadata_version(package.version), "Name": f"Version {package.version}"},
    )
    asked = [
        (questionnaire, item)
        for questionnaire in package.questionnaires
        for item in questionnaire.items
        if item.takes_answer
    ]
    _add_protocol(root, package)
    _add_events(root, package, forms)
    _add_forms(root, package, forms)
    _add_groups(root, package, forms)
    for questionnaire, item in asked:
        _add_items(root, questionnaire, item)
    for form in forms:
        for field in form.fields:
            _add_field(root, form, field)
    _add_code_lists(root, package, forms)
    for questionnaire, item in asked:
        _add_condition(root, questionnaire, item)
    return root


def _units(study: Study) -> list[str]:
    found = {
        item.unit
        for package in study.packages
        for questionnaire in package.questionnaires
        for item in questionnaire.items
        if item.unit
    }
    return sorted(found)


def _asked(questionnaire: Questionnaire) -> Iterator[Item]:
    return (item for item in questionnaire.items if item.takes_answer)


def _add_protocol(root: etree._Element, package: StudyPackage) -> None:
    protocol = add(root, "Protocol")
    events = [names.SUBJECT_EVENT, *map(names.event, _blocks(package)), names.REPORT_EVENT]
    for number, event in enumerate(events, start=1):
        add(protocol, "StudyEventRef", StudyEventOID=event, OrderNumber=str(number), Mandatory="No")


def _blocks(package: StudyPackage) -> list[str]:
    return [block.code for block in package.schedule.blocks]


def _add_events(root: etree._Element, package: StudyPackage, forms: tuple[Form, ...]) -> None:
    subject = add(
        root, "StudyEventDef", OID=names.SUBJECT_EVENT, Name="Participant", Repeating="No",
        Type="Common",
    )  # fmt: skip
    _refer(subject, [form.type for form in forms if form.type in OF_THE_SUBJECT])
    of_assessments = [form.type for form in forms if form.type not in {*OF_THE_SUBJECT, "response"}]
    for block in package.schedule.blocks:
        title = package.block_title(block.code) or Translated(block.code, block.code)
        event = add(
            root, "StudyEventDef", OID=names.event(block.code),
            Name=f"{block.code} {title.en}", Repeating="Yes", Type="Scheduled",
        )  # fmt: skip
        add_translated(event, "Description", title)
        _refer(event, [*of_assessments, block.questionnaire])
    report = add(
        root, "StudyEventDef", OID=names.REPORT_EVENT, Name="Report at any hour", Repeating="Yes",
        Type="Unscheduled",
    )  # fmt: skip
    add_translated(report, "Description", Translated("随时报告", "Report at any hour"))
    _refer(report, [*of_assessments, *(one.code for one in package.questionnaires)])


def _refer(event: etree._Element, forms: list[str]) -> None:
    for number, form in enumerate(forms, start=1):
        add(event, "FormRef", FormOID=names.form(form), OrderNumber=str(number), Mandatory="No")


def _add_forms(root: etree._Element, package: StudyPackage, forms: tuple[Form, ...]) -> None:
    for questionnaire in package.questionnaires:
        _add_form(root, questionnaire)
    for form in forms:
        if form.type != "response":
            one = add(root, "FormDef", OID=names.form(form.type), Name=form.type, Repeating="Yes")
            add(one, "ItemGroupRef", ItemGroupOID=names.group(form.type), Mandatory="Yes")


def _add_groups(root: etree._Element, package: StudyPackage, forms: tuple[Form, ...]) -> None:
    for questionnaire in package.questionnaires:
        _add_group(root, questionnaire)
    for form in forms:
        _add_field_group(root, form)


def _add_form(root: etree._Element, questionnaire: Questionnaire) -> None:
    form = add(
        root, "FormDef", OID=names.form(questionnaire.code),
        Name=f"{questionnaire.title.en} {questionnaire.version}", Repeating="Yes",
    )  # fmt: skip
    add_translated(form, "Description", questionnaire.title)
    for number, group in enumerate(("response", questionnaire.code), start=1):
        add(
            form, "ItemGroupRef", ItemGroupOID=names.group(group), OrderNumber=str(number),
            Mandatory="Yes",
        )  # fmt: skip
    add(
        form, "Alias", Context="questionnaire", Name=f"{questionnaire.code}|{questionnaire.version}"
    )


def _add_group(root: etree._Element, questionnaire: Questionnaire) -> None:
    code = questionnaire.code
    group = add(
        root, "ItemGroupDef", OID=names.group(code), Name=questionnaire.title.en, Repeating="No"
    )
    number = 0
    for item in _asked(questionnaire):
        for oid in item_oids(code, item):
            number += 1
            reference = add(
                group, "ItemRef", ItemOID=oid, OrderNumber=str(number),
                Mandatory="No" if item.optional or item.enable_when else "Yes",
            )  # fmt: skip
            if item.enable_when:
                exception = names.condition(code, item.link_id)
                reference.set("CollectionExceptionConditionOID", exception)


def item_oids(code: str, item: Item) -> list[str]:
    """Return the OIDs that an item's answer is stored under: one, or one for each choice."""
    if names.has_several(item):
        return [names.item(code, item.link_id, choice.code) for choice in item.choices]
    return [names.item(code, item.link_id)]


def _add_field_group(root: etree._Element, form: Form) -> None:
    group = add(root, "ItemGroupDef", OID=names.group(form.type), Name=form.type, Repeating="No")
    for number, field in enumerate(form.fields, start=1):
        oid = names.item(form.type, field.name)
        add(group, "ItemRef", ItemOID=oid, OrderNumber=str(number), Mandatory="No")


def _add_items(root: etree._Element, questionnaire: Questionnaire, item: Item) -> None:
    code = questionnaire.code
    if not names.has_several(item):
        _add_item(root, code, item)
        return
    for choice in item.choices:
        one = add(
            root, "ItemDef", OID=names.item(code, item.link_id, choice.code),
            Name=f"{item.link_id}: {choice.code}", DataType="integer", Length="1",
        )  # fmt: skip
        add_translated(one, "Description", choice.text)
        add_translated(one, "Question", item.text)
        add(one, "CodeListRef", CodeListOID=names.TICKED)


def _add_item(root: etree._Element, code: str, item: Item) -> None:
    kind = names.data_type(item)
    one = add(root, "ItemDef", OID=names.item(code, item.link_id), Name=item.link_id, DataType=kind)
    for name, value in _size(item, kind).items():
        one.set(name, value)
    if item.hint:
        add_translated(one, "Description", item.hint)
    add_translated(one, "Question", item.text)
    if item.unit:
        add(one, "MeasurementUnitRef", MeasurementUnitOID=names.unit(item.unit))
    for soft_hard, compares, limit in _limits(item):
        check = add(one, "RangeCheck", Comparator=compares, SoftHard=soft_hard)
        add(check, "CheckValue", number_text(limit, item.decimals))
        if item.unit:
            add(check, "MeasurementUnitRef", MeasurementUnitOID=names.unit(item.unit))
    if item.choices:
        add(one, "CodeListRef", CodeListOID=names.code_list(code, item.link_id))


def _size(item: Item, kind: str) -> dict[str, str]:
    if kind == "float":
        return {"Length": "12", "SignificantDigits": str(item.decimals)}
    if kind == "integer":
        return {"Length": "12"}
    if item.choices:
        return {"Length": str(max(map(len, item.codes)))}
    return {"Length": str(item.max_length)} if kind == "text" else {}


def _limits(item: Item) -> Iterator[tuple[str, str, float]]:
    low, high = item.hard_min, item.hard_max
    if item.type in SCALES:
        low, high = 0.0, float(SCALES[item.type])
    for soft_hard, compares, limit in (
        ("Hard", "GE", low), ("Hard", "LE", high),
        ("Soft", "GE", item.soft_min), ("Soft", "LE", item.soft_max),
    ):  # fmt: skip
        if limit is not None:
            yield soft_hard, compares, limit


def number_text(value: float, decimals: int) -> str:
    """Return a number with as many decimals as its item has."""
    return f"{value:.{decimals}f}"


def _add_field(root: etree._Element, form: Form, field: Field) -> None:
    one = add(
        root, "ItemDef", OID=names.item(form.type, field.name), Name=field.name,
        DataType=field.type.value,
    )  # fmt: skip
    if field.type in {FieldType.TEXT, FieldType.INTEGER}:
        one.set("Length", LONGEST_TEXT if field.type is FieldType.TEXT else "12")
    add_english(one, "Description", field.label)
    if field.codes:
        add(one, "CodeListRef", CodeListOID=names.code_list(form.type, field.name))


def _add_code_lists(root: etree._Element, package: StudyPackage, forms: tuple[Form, ...]) -> None:
    for questionnaire in package.questionnaires:
        for item in _asked(questionnaire):
            if item.choices and not names.has_several(item):
                _add_choices(root, questionnaire.code, item)
    for form in forms:
        for field in form.fields:
            if field.codes:
                decodes = {code: code.replace("_", " ").capitalize() for code in field.codes}
                oid = names.code_list(form.type, field.name)
                _add_technical_list(root, oid, field.label, decodes)
    _add_technical_list(root, names.NULL_REASONS, "Why there is no value", names.NULL_REASON)
    _add_technical_list(root, names.REMARKS, "Remark about a value", names.REMARK)
    _add_technical_list(
        root, names.TICKED, "Ticked", {"0": "Not ticked", "1": "Ticked"}, data_type="integer"
    )


def _add_choices(root: etree._Element, code: str, item: Item) -> None:
    listed = add(
        root, "CodeList", OID=names.code_list(code, item.link_id),
        Name=f"{code}: {item.link_id}", DataType="text",
    )  # fmt: skip
    for number, choice in enumerate(item.choices, start=1):
        coded = add(listed, "CodeListItem", CodedValue=choice.code, OrderNumber=str(number))
        add_translated(coded, "Decode", choice.text)


def _add_technical_list(
    root: etree._Element,
    oid: str,
    name: str,
    decodes: Mapping[str, str],
    *,
    data_type: str = "text",
) -> None:
    listed = add(root, "CodeList", OID=oid, Name=name, DataType=data_type)
    for number, (code, decode) in enumerate(decodes.items(), start=1):
        coded = add(listed, "CodeListItem", CodedValue=code, OrderNumber=str(number))
        add_english(coded, "Decode", decode)


def _add_condition(root: etree._Element, questionnaire: Questionnaire, item: Item) -> None:
    if not item.enable_when:
        return
    one = add(
        root, "ConditionDef", OID=names.condition(questionnaire.code, item.link_id),
        Name=f"{questionnaire.code}: {item.link_id} is not asked",
    )  # fmt: skip
    add_translated(one, "Description", Translated(*conditions.in_words(item)))
    add(one, "FormalExpression", conditions.exception_of(questionnaire, item), Context="XPath")
