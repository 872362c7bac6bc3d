"""Questionnaires go to FHIR R4 and come back the same; those of others are taken, or told apart."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires.definition import Item, ItemType, Questionnaire, Recall, Translated
from questionnaires.fhir import terms
from questionnaires.fhir.reading import from_fhir
from questionnaires.fhir.terms import FhirRefused, Note
from questionnaires.fhir.writing import to_fhir
from questionnaires.scores import Score, ScoreMethod
from tests.questionnaires.foreign_forms import BY_VALUE_SET, GROUPED
from tests.questionnaires.forms import clause, form, item, shipped, shipped_form, temperature

FORMS = [one.code for one in shipped().questionnaires]


def over_the_wire(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return the resource as a system that knows nothing of ours reads it: judged, as JSON."""
    resource = to_fhir(questionnaire).resource
    FhirQuestionnaire.model_validate(resource)
    wire: dict[str, Any] = json.loads(json.dumps(resource))
    return wire


def refusals(resource: object) -> tuple[Note, ...]:
    with pytest.raises(FhirRefused) as refused:
        from_fhir(resource)
    return refused.value.notes


def changed(resource: dict[str, Any], index: int, **values: Any) -> dict[str, Any]:
    """Return a copy of a resource with some values of one item replaced."""
    made = copy.deepcopy(resource)
    made["item"][index] |= values
    return made


# --- There and back


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("code", FORMS)
def test_what_is_shipped_comes_back_from_fhir_the_same(code: str) -> None:
    imported = from_fhir(over_the_wire(shipped_form(code)))

    assert imported.questionnaire == shipped_form(code)
    assert imported.notes == ()


TEXTS = st.builds(
    Translated,
    zh=st.text("中文字，。", min_size=1, max_size=8),
    en=st.text("abc de", min_size=1, max_size=8).filter(str.strip),
)
KINDS = st.sampled_from(list(ItemType))
SCORES = st.sampled_from([None, 0.0, 1.0, 2.5])
CODES = {ItemType.MULTI: "a b-1 c_2! none", ItemType.CHOICE: "x y"}


@st.composite
def questions(draw: st.DrawFn, *, number: int, earlier: list[Item]) -> Item:
    kind = draw(KINDS)
    made = item(
        f"q{number}", kind.value, codes=CODES.get(kind, ""),
        skippable=draw(st.booleans()), optional=draw(st.booleans()),
    )  # fmt: skip
    made = replace(
        made, text=draw(TEXTS), hint=draw(st.none() | TEXTS), skip_text=draw(st.none() | TEXTS),
        recall=draw(st.none() | st.sampled_from(list(Recall))),
        choices=tuple(replace(one, score=draw(SCORES)) for one in made.choices),
        hides_value=kind is ItemType.VAS and draw(st.booleans()),
    )  # fmt: skip
    if kind is ItemType.NUMBER:
        decimals = draw(st.integers(0, 3))
        low, high = float(draw(st.integers(-5, 5))), float(draw(st.integers(6, 90)))
        made = replace(
            made, decimals=decimals, hard_min=low, hard_max=high,
            unit=draw(st.sampled_from([None, "kg", "°C", "cups"])),
            soft_min=draw(st.none() | st.just(low)), soft_max=draw(st.none() | st.just(high)),
        )  # fmt: skip
    if kind is ItemType.TEXT:
        made = replace(made, max_length=draw(st.integers(1, 500)))
    asked = [one for one in earlier if one.takes_answer]
    is_gated: bool = draw(st.booleans())
    if is_gated and asked:
        about = draw(st.lists(st.sampled_from(asked), min_size=1, max_size=3, unique=True))
        clauses = tuple(draw(clauses_on(one)) for one in about)
        made = replace(made, enable_when=clauses)
    if earlier and earlier[-1].group is None and earlier[-1].type is ItemType.INFO:
        return replace(made, group=draw(st.sampled_from([None, earlier[-1].link_id])))
    if earlier and earlier[-1].group is not None:
        return replace(made, group=draw(st.sampled_from([None, earlier[-1].group])))
    return made


@st.composite
def clauses_on(draw: st.DrawFn, asked: Item) -> Any:
    if draw(st.booleans()):
        return clause(asked.link_id, "exists", draw(st.booleans()))
    answers: dict[ItemType, Any] = {
        ItemType.NUMBER: st.integers(0, 9) | st.just(2.5),
        ItemType.NRS: st.integers(0, 10),
        ItemType.VAS: st.integers(0, 100),
        ItemType.BOOLEAN: st.booleans(),
        ItemType.DATE: st.just("2026-01-01"),
        ItemType.TIME: st.just("07:30"),
    }
    answer = st.sampled_from(asked.codes) if asked.codes else st.just("2026-01-01T00:00:00Z")
    operator = st.sampled_from(["=", "!=", "<", ">="])
    return clause(asked.link_id, draw(operator), draw(answers.get(asked.type, answer)))


@st.composite
def forms(draw: st.DrawFn) -> Questionnaire:
    items: list[Item] = []
    for number in range(draw(st.integers(1, 6))):
        items.append(draw(questions(number=number, earlier=items)))
    made = form(*items, kind=draw(st.sampled_from(["daily", "short", "report"])))
    scores = (Score(code="sum", version="1.0.0", title=draw(TEXTS), method=ScoreMethod.SUM,
                    items=("q0",), min_answered=1),)  # fmt: skip
    return replace(
        made, intro=draw(st.none() | TEXTS), scores=draw(st.sampled_from([(), scores])),
        recall=draw(st.none() | st.just(Recall.PAST_7_DAYS)),
    )  # fmt: skip


@pytest.mark.req("Q-01")
@settings(max_examples=60, deadline=None)
@given(forms())
def test_whatever_a_questionnaire_says_comes_back_from_fhir(questionnaire: Questionnaire) -> None:
    imported = from_fhir(over_the_wire(questionnaire))

    assert imported.questionnaire == questionnaire


@pytest.mark.req("Q-01")
def test_a_check_list_is_a_group_and_a_scale_has_its_limits() -> None:
    rows = (item("first", "choice", codes="x y", group="table"), item("mark", "vas"))

    wire = over_the_wire(form(item("table", "info"), *rows))

    table, mark = wire["item"]
    assert (table["type"], [one["linkId"] for one in table["item"]]) == ("group", ["first"])
    assert [one.get("valueInteger") for one in mark["extension"]] == [None, 0, 100]
    assert from_fhir(wire).questionnaire.items[1:] == rows


@pytest.mark.req("Q-01")
def test_without_our_own_extension_only_what_the_notes_name_is_lost() -> None:
    asked = shipped_form("ae_report")
    exported = to_fhir(asked)
    wire = json.loads(json.dumps(exported.resource))
    for element in (wire, *wire["item"]):
        element["extension"] = [
            one for one in element.get("extension", ()) if one["url"] != terms.OWN
        ]

    taken = from_fhir(wire).questionnaire

    told = " ".join(str(note) for note in exported.notes)
    differing = {
        name
        for ours, theirs in zip(asked.items, taken.items, strict=True)
        for name in Item.__dataclass_fields__
        if getattr(ours, name) != getattr(theirs, name)
    }
    assert differing >= {"skip_text", "soft_max", "optional"}
    assert [name for name in differing if name not in told] == []


# --- What others write


@pytest.mark.req("Q-01")
def test_a_grouped_panel_of_others_is_taken_with_its_branching() -> None:
    FhirQuestionnaire.model_validate(GROUPED)

    taken = from_fhir(GROUPED).questionnaire

    assert (taken.code, taken.version) == ("inventedpanel", "2.3.0")
    assert [(one.link_id, one.type) for one in taken.items] == [
        ("q_90000_0", ItemType.INFO), ("q_90001_0", ItemType.CHOICE),
        ("q_90002_0", ItemType.CHOICE), ("q_90003_0", ItemType.MULTI),
        ("q_90004_0", ItemType.NUMBER),
    ]  # fmt: skip
    weeding, helpers, hedge = taken.items[2:]
    assert weeding.codes == ("xa6568-5", "xa6569-3", "xa6571-9")
    assert [one.score for one in weeding.choices] == [0.0, 1.0, 3.0]
    assert not weeding.skippable
    assert weeding.hint is not None
    assert weeding.hint.en == "Paths count too."
    assert helpers.enable_when == (
        clause("q_90002_0", "=", "xa6571-9"), clause("q_90002_0", "=", "xa6569-3"),
    )  # fmt: skip
    assert helpers.enable_behavior.value == "any"
    assert (hedge.hard_max, hedge.unit) == (500.5, "m")


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    "told",
    [
        "Questionnaire: has the version '2.3'; 2.3.0 here",
        "Questionnaire: leaves out copyright, date, publisher",
        "Questionnaire: names a copyright",
        "Questionnaire: has no Chinese text; write it",
        "item[0] '/90000-0': is a group; its text is shown before its items",
        "item[0] '/90000-0'.item[0] '/90001-0': is called 'q_90001_0' here",
        "item[0] '/90000-0'.item[0] '/90001-0': leaves out code, prefix",
        "item[0] '/90000-0'.item[1] '/90002-0' choice 'XA6571-9': is called 'xa6571-9' here",
        "item[2] '/90004-0': says not how many decimals; 2 here",
    ],
)
def test_what_is_left_out_or_called_otherwise_is_told_with_its_place(told: str) -> None:
    assert [note for note in from_fhir(GROUPED).notes if str(note).startswith(told)] != []


@pytest.mark.req("Q-01")
def test_what_cannot_be_taken_is_refused_all_at_once_each_with_its_place() -> None:
    FhirQuestionnaire.model_validate(BY_VALUE_SET)

    told = [str(note) for note in refusals(BY_VALUE_SET)]

    assert len(told) == 3
    assert told[0].startswith(
        "item[0] 'g'.item[0] 'colour': takes its choices from the value set"
        " http://forms.example.org/ValueSet/colours"
    )
    assert told[1].startswith("item[0] 'g'.item[1] 'total': is decided by http://hl7.org/")
    assert told[2].startswith("item[0] 'g'.item[2] 'photo': is of the type 'attachment'")


@pytest.mark.req("Q-01")
def test_a_value_set_that_comes_along_gives_the_choices() -> None:
    resource = {
        "resourceType": "Questionnaire", "language": "en", "name": "colours", "status": "active",
        "contained": [
            {"resourceType": "ValueSet", "id": "c", "status": "active", "compose": {"include": [
                {"system": "urn:x", "concept": [
                    {"code": "red", "display": "Red"}, {"code": "blue", "display": "Blue"}]}]}}
        ],
        "item": [{"linkId": "colour", "type": "choice", "text": "Which?", "answerValueSet": "#c"}],
    }  # fmt: skip
    FhirQuestionnaire.model_validate(resource)

    assert from_fhir(resource).questionnaire.items[0].codes == ("red", "blue")


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"type": "open-choice"}, "is of the type 'open-choice', which cannot be asked; use a"),
        ({"type": "quantity"}, "is of the type 'quantity', which cannot be asked; use a decimal"),
        ({"type": "decimal", "repeats": True}, "takes several answers, which only a choice can"),
        ({"modifierExtension": [{"url": "urn:x"}]}, "has a modifierExtension"),
        ({"linkId": "/90000-0"}, "has a linkId twice"),
        ({"linkId": None}, "has no linkId"),
        (
            {"enableWhen": [{"question": "x", "operator": "exists", "answerBoolean": True}]},
            "depends on 'x', which is not asked",
        ),
        (
            {"enableWhen": [{"question": "/90001-0", "operator": "=",
                             "answerQuantity": {"value": 1}}]},
            "compares with answerQuantity, which cannot be taken",
        ),
        (
            {"enableWhen": [{"question": "/90001-0", "operator": "exists", "answerBoolean": True},
                            {"question": "/90002-0", "operator": "exists", "answerBoolean": True}]},
            "has several enableWhen and no enableBehavior",
        ),
        (
            {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden",
                            "valueBoolean": True}]},
            "is decided by http://hl7.org/fhir/StructureDefinition/questionnaire-hidden",
        ),
    ],
)  # fmt: skip
def test_what_would_change_the_meaning_is_refused(values: dict[str, Any], told: str) -> None:
    values = {"type": "text", **values}
    resource = changed(GROUPED, 2, **values)
    if values.get("enableWhen"):
        resource["item"][2].pop("enableBehavior", None)

    (note,) = refusals(resource)

    assert note.place.startswith("item[2]")
    assert note.reason.startswith(told)


@pytest.mark.req("Q-01")
def test_the_conditions_of_a_group_go_to_each_of_its_items() -> None:
    gate = {"question": "a", "operator": "=", "answerBoolean": True}
    own = {"question": "b", "operator": "=", "answerBoolean": True}
    yes = {"type": "boolean", "text": "Now?"}
    inside: list[dict[str, Any]] = [
        {"linkId": "c", **yes},
        {"linkId": "d", **yes, "enableWhen": [own]},
    ]
    resource = {
        "resourceType": "Questionnaire", "language": "en", "name": "gated", "status": "active",
        "item": [
            {"linkId": "a", **yes}, {"linkId": "b", **yes},
            {"linkId": "g", "type": "group", "enableWhen": [gate], "item": inside},
        ],
    }  # fmt: skip

    items = from_fhir(resource).questionnaire.items

    a, b = clause("a", "=", answer=True), clause("b", "=", answer=True)
    assert [one.enable_when for one in items] == [(), (), (a,), (a, b)]

    inside[1]["enableWhen"] = [own, gate | {"question": "c"}]
    inside[1]["enableBehavior"] = "any"
    (note,) = refusals(resource)
    assert note.reason.startswith("stands under “any” together with the conditions of its group")


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("resource", [None, [], "x", {}, {"resourceType": "Patient"}])
def test_what_is_no_questionnaire_is_refused(resource: object) -> None:
    assert refusals(resource)[0].reason == "this is no FHIR Questionnaire"


@pytest.mark.req("P-10")
def test_texts_are_found_by_language_whichever_comes_first() -> None:
    wire = over_the_wire(form(temperature()))
    wire["language"] = "en-US"
    for element in (wire, *wire["item"]):
        for name in ("title", "text"):
            if name in element:
                beside = element[f"_{name}"]["extension"][0]["extension"]
                element[name], beside[1]["valueString"] = beside[1]["valueString"], element[name]
                beside[0]["valueCode"] = "zh-CN"

    assert from_fhir(wire).questionnaire == form(temperature())
