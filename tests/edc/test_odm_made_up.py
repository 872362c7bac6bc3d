"""ODM of studies that nobody planned: valid by the official schema, sound by our own checker."""

import pytest
from lxml import etree

from tests.edc.made_up_study import MadeUpStudy
from tests.edc.odm import PREFIXES, history_of, our_faults, schema_faults, snapshot_of

SEEDS = range(6)


@pytest.mark.req("E-01", "E-03")
@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(n, marks=pytest.mark.long)
                                            for n in range(len(SEEDS), 150))])  # fmt: skip
def test_a_random_study_is_valid_and_sound(seed: int) -> None:
    made_up = MadeUpStudy(seed)

    for text in (snapshot_of(made_up), history_of(made_up)):
        assert schema_faults(text) == []
        assert [str(fault) for fault in our_faults(text)] == []


@pytest.mark.req("E-02")
def test_a_history_holds_every_change_once_with_who_when_and_why() -> None:
    made_up = MadeUpStudy(3)

    root = etree.fromstring(history_of(made_up))

    audits = root.xpath("//o:FormData/o:AuditRecord", namespaces=PREFIXES)
    told = {
        audit.findtext("o:SourceID", namespaces=PREFIXES): (
            audit.findtext("o:DateTimeStamp", namespaces=PREFIXES),
            audit.findtext("o:ReasonForChange", namespaces=PREFIXES),
        )
        for audit in audits
    }
    assert len(audits) == len(made_up.changes)
    assert told == {one.change_id: (one.recorded_at, one.reason) for one in made_up.changes}


@pytest.mark.req("E-03")
def test_a_snapshot_holds_the_newest_state_of_what_still_stands() -> None:
    made_up = MadeUpStudy(4)
    newest = {change.entity_id: change for change in made_up.changes}

    root = etree.fromstring(snapshot_of(made_up))

    forms = root.xpath("//o:FormData", namespaces=PREFIXES)
    told = {
        (form.get("FormRepeatKey"), form.findtext("o:AuditRecord/o:SourceID", namespaces=PREFIXES))
        for form in forms
    }
    assert len(forms) == len(told)
    assert told == {
        (change.entity_id, change.change_id) for change in newest.values() if not change.is_void
    }


@pytest.mark.req("Q-06", "E-03")
def test_every_answer_comes_back_as_it_was_given_and_every_gap_says_why() -> None:
    made_up = MadeUpStudy(5)
    root = etree.fromstring(history_of(made_up))
    forms = {
        form.findtext("o:AuditRecord/o:SourceID", namespaces=PREFIXES): form
        for form in root.xpath("//o:FormData", namespaces=PREFIXES)
    }
    reasons = set()

    for change in made_up.changes:
        if change.type != "response":
            continue
        questionnaire = made_up.study.questionnaire(change)
        answers = {answer["link_id"]: answer for answer in change.data["answers"]}
        values = {
            data.get("ItemOID"): data
            for data in forms[change.change_id].iter(f"{{{PREFIXES['o']}}}ItemData")
        }
        for item in questionnaire.items:
            of_item = {
                oid: data for oid, data in values.items()
                if oid.startswith(f"I.{questionnaire.code}.{item.link_id}")
                and oid[len(f"I.{questionnaire.code}.{item.link_id}"):][:1] in {"", "."}
            }  # fmt: skip
            value = answers.get(item.link_id, {}).get("value")
            if value is None:
                assert all(data.get("IsNull") == "Yes" for data in of_item.values())
                reasons |= {data.findtext(".//o:FlagValue", namespaces=PREFIXES)
                            for data in of_item.values()}  # fmt: skip
            elif isinstance(value, list):
                ticked = {oid.rsplit(".", 1)[1] for oid, data in of_item.items()
                          if data.get("Value") == "1"}  # fmt: skip
                assert ticked == set(value)
            else:
                [data] = of_item.values()
                plain = str(value).lower() if isinstance(value, bool) else value
                assert type(plain)(data.get("Value")) == plain

    assert reasons == {"DECLINED", "HIDDEN", "NOT_REACHED", "BLANK"}


@pytest.mark.req("T-08", "E-03")
def test_a_signature_stands_on_the_version_that_was_signed_and_on_no_other() -> None:
    made_up = MadeUpStudy(6)
    events = [one for one in made_up.changes if one.type == "adverse_event" and not one.is_void]

    told = signatures_on_events(made_up)
    made_up.changes = [one for one in made_up.changes if one not in events or one.version == 1]
    without_revisions = signatures_on_events(made_up)

    assert told == ["SIG.assessed"] * 3
    assert without_revisions == []


def signatures_on_events(made_up: MadeUpStudy) -> list[str]:
    root = etree.fromstring(snapshot_of(made_up))
    path = "//o:FormData[@FormOID='F.adverse_event']/o:Signature/o:SignatureRef/@SignatureOID"
    return list(map(str, root.xpath(path, namespaces=PREFIXES)))
