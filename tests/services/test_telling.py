"""What follows when a message leaves, or does not: for her a call, for staff another way."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from epro.db import Database
from epro.models import (
    Assessment,
    Consent,
    IncidentKind,
    JournalEntry,
    OptOut,
    OptOutSource,
    ParticipantIdentity,
    Reminder,
    SafetyFlag,
    WorkKind,
)
from notifications import receipts
from notifications.channels import Refused, Unclear
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.refusals import Refusal
from questionnaires.definition import ConsentKind
from questionnaires.tiers import Channel
from tests.clock import FrozenClock
from tests.line import HER_CODE, NUMBER, STAFF_NUMBER, Line

PERMANENT = Refused("21211")


@pytest.fixture
def line(fresh_database: Database, clock: FrozenClock) -> Line:
    return Line(fresh_database, clock, FrozenClock())


# --- reminders ------------------------------------------------------------------------------------


@pytest.mark.req("N-03")
@pytest.mark.parametrize(
    "facts",
    [{"completed_at": 1}, {"cancelled_at": 1}, {"closes_at": 1, "late_until": 1}, {"opens_at": 60}],
    ids=["answered", "cancelled", "over", "moved to later"],
)
def test_a_reminder_of_what_can_no_longer_be_answered_does_not_leave(
    line: Line, facts: dict[str, int]
) -> None:
    diary = line.add_diary()
    reminder = line.remind_of(diary)
    with line.database.transaction() as session:
        row = session.get_one(Assessment, diary.id)
        for name, minutes in facts.items():
            setattr(row, name, line.clock() + timedelta(minutes=minutes))
    line.wait(minutes=2)

    line.dispatcher.run()

    assert line.sms.taken == []
    assert line.state_of(reminder) is MessageState.CANCELLED
    assert line.verbs == ["message.cancelled"]


@pytest.mark.req("N-03")
def test_a_reminder_leaves_while_one_of_its_forms_is_still_due(line: Line) -> None:
    done = line.add_diary(family="morning_check", completed_at=line.clock())
    line.remind_of(done, line.add_diary())

    line.dispatcher.run()

    assert len(line.sms.taken) == 1
    assert line.verbs == ["message.sent"]


@pytest.mark.req("N-05")
@pytest.mark.parametrize("code", ["30003", "21610", "21211"])
def test_a_reminder_that_is_refused_or_lost_is_a_call_to_make_the_same_day(
    line: Line, code: str
) -> None:
    reminder = line.remind_of(line.add_diary())
    line.dispatcher.run()
    with line.database.transaction() as session:
        receipts.note(
            session, reminder, provider_id="SM1", status="undelivered", error_code=code,
            now=line.clock(), hooks=line.hooks,
        )  # fmt: skip

    (item,) = line.work
    assert (item.kind, item.participant_id) == (WorkKind.NOT_REACHED, line.participant_id)
    assert item.created_at == line.clock()
    assert line.verbs == ["message.sent", "message.undelivered", "work_item.added"]


@pytest.mark.req("N-05")
def test_several_failures_of_one_day_are_one_call(line: Line) -> None:
    end = line.clock() + timedelta(days=3)
    diary = line.add_diary(closes_at=end, late_until=end)
    for _ in range(2):
        line.sms.next_outcomes.append(PERMANENT)
        line.remind_of(diary)
        line.dispatcher.run()
    same_day = len(line.work)
    line.wait(days=1)
    line.sms.next_outcomes.append(PERMANENT)
    line.remind_of(diary)
    line.dispatcher.run()

    assert (same_day, len(line.work)) == (1, 2)


@pytest.mark.req("N-05")
def test_one_who_may_not_be_written_to_is_on_the_list_once_and_for_good(line: Line) -> None:
    line.her_number = None
    end = line.clock() + timedelta(days=3)
    diary = line.add_diary(closes_at=end, late_until=end)
    for _ in range(3):
        line.remind_of(diary)
        line.dispatcher.run()
        line.wait(days=1)

    assert [item.kind for item in line.work] == [WorkKind.NOT_REACHED]


@pytest.mark.req("N-05")
def test_nobody_has_to_call_one_who_has_answered(line: Line) -> None:
    diary = line.add_diary()
    reminder = line.remind_of(diary)
    line.dispatcher.run()
    with line.database.transaction() as session:
        session.get_one(Assessment, diary.id).completed_at = line.clock()
        receipts.note(
            session, reminder, provider_id="SM1", status="failed", error_code="30003",
            now=line.clock(), hooks=line.hooks,
        )  # fmt: skip

    assert line.work == []


@pytest.mark.req("N-03")
def test_a_reminder_that_nobody_can_confirm_is_on_the_list_and_not_sent_again(line: Line) -> None:
    end = line.clock() + timedelta(days=3)
    reminder = line.remind_of(line.add_diary(closes_at=end, late_until=end))
    line.sms.next_outcomes.append(Unclear("http_500"))
    line.sms.answers.extend([Unclear("http_500")] * 20)
    for _ in range(20):
        line.dispatcher.run()
        line.wait(minutes=20)

    assert line.state_of(reminder) is MessageState.NOT_CONFIRMED
    assert len(line.sms.taken) == 1
    assert [item.kind for item in line.work] == [WorkKind.NOT_CONFIRMED]


# --- safety ---------------------------------------------------------------------------------------


@pytest.mark.req("A-06", "A-14")
@pytest.mark.parametrize(
    ("failing", "other"),
    [(ChannelName.EMAIL, ChannelName.SMS), (ChannelName.SMS, ChannelName.EMAIL)],
)
def test_an_alert_that_is_refused_is_told_to_the_same_person_the_other_way(
    line: Line, failing: ChannelName, other: ChannelName
) -> None:
    broken, sound = (
        (line.email, line.sms) if failing is ChannelName.EMAIL else (line.sms, line.email)
    )
    broken.next_outcomes.append(Refused("smtp_550", meaning=Refusal.PERMANENT))
    line.alert(failing)

    line.dispatcher.run()

    ((_, told, _),) = sound.taken
    addresses = {ChannelName.SMS: STAFF_NUMBER, ChannelName.EMAIL: "li.na@example.org"}
    assert told.address == addresses[other]
    assert told.template == f"incident_undelivered_{other}"
    assert "没能送达" in told.body
    assert HER_CODE in told.body
    (incident,) = line.incidents
    assert (incident.kind, incident.site_id) == (IncidentKind.UNDELIVERED, line.site_id)
    assert incident.told_at == line.clock()
    assert line.work == []


@pytest.mark.req("A-14")
def test_an_incident_is_told_once_however_often_its_message_fails(line: Line) -> None:
    _flag, (alert,) = line.alert(ChannelName.SMS)
    line.dispatcher.run()
    with line.database.transaction() as session:
        for status in ("undelivered", "failed", "undelivered"):
            receipts.note(
                session, alert, provider_id="SM1", status=status, error_code="30003",
                now=line.clock(), hooks=line.hooks,
            )  # fmt: skip
    line.dispatcher.run()

    assert len(line.email.taken) == 1
    assert len(line.incidents) == 1


@pytest.mark.req("A-14")
def test_what_tells_of_an_incident_and_fails_too_goes_to_the_work_list_and_no_further(
    line: Line,
) -> None:
    line.sms.next_outcomes.append(PERMANENT)
    line.email.next_outcomes.append(Refused("smtp_550", meaning=Refusal.PERMANENT))
    line.alert(ChannelName.SMS)

    line.dispatcher.run()

    assert (line.sms.taken, line.email.taken) == ([], [])
    assert len(line.incidents) == 1
    assert [item.kind for item in line.work] == [WorkKind.NOT_REACHED]


# --- record ---------------------------------------------------------------------------------------


@pytest.mark.req("A-06", "T-01")
def test_the_record_names_the_way_and_the_person_and_neither_address_nor_words(line: Line) -> None:
    line.alert(ChannelName.SMS, ChannelName.EMAIL)
    line.remind_of(line.add_diary())

    line.dispatcher.run()

    entries = [json.loads(entry.body) for entry in line.journal]
    assert {(one["after"]["channel"], one["after"]["to"]) for one in entries} == {
        ("sms", "li.na"), ("email", "li.na"), ("sms", HER_CODE),
    }  # fmt: skip
    assert all((one["participant"], one["site"]) == (HER_CODE, "SZ01") for one in entries)
    text = json.dumps(entries, ensure_ascii=False)
    for secret in (NUMBER, STAFF_NUMBER, "@example.org", "请", "console"):
        assert secret not in text


@pytest.mark.req("A-06")
def test_what_leaves_holds_code_tier_rule_time_and_link_and_nothing_else(line: Line) -> None:
    flag_id, _ = line.alert(ChannelName.SMS, ChannelName.EMAIL)

    line.dispatcher.run()

    (sms,), (mail,) = line.sms.taken, line.email.taken
    assert sms[1].body == f"{HER_CODE} RED_A 19:04 请登录确认。"
    assert mail[1].subject == f"{HER_CODE} RED_A R09"
    assert mail[1].params.keys() == {"code", "tier", "rule", "time", "link"}
    assert f"/console/flags/{flag_id}" in mail[1].body
    assert "link" not in sms[1].params


def test_a_message_about_nothing_that_exists_is_on_record_all_the_same(line: Line) -> None:
    _flag, (alert,) = line.alert(ChannelName.SMS)
    with line.database.transaction() as session:
        session.get_one(OutboxMessage, alert).about = None

    line.dispatcher.run()

    assert line.verbs == ["message.sent"]
    assert len(line.rows(SafetyFlag)) == 1


# --- the next way --------------------------------------------------------------------------------


def give_mailbox(line: Line, *kinds: ConsentKind) -> None:
    """Publish nothing new: only let the site know her mailbox, and her agree to these kinds."""
    with line.database.transaction() as session:
        row = session.get_one(ParticipantIdentity, line.participant_id)
        row.email_sealed = line.keyring.seal("she@example.org")
        session.add_all(
            Consent(
                participant_id=line.participant_id, kind=kind, document_version="1",
                given_at=line.clock(), explained_by="Dr Li", paper_location="folder 1",
            )
            for kind in kinds
        )  # fmt: skip


def reminder_of(line: Line) -> Reminder:
    found: list[Reminder] = line.rows(Reminder)
    return found[0]


def lose(line: Line, message_id: UUID, code: str) -> None:
    with line.database.transaction() as session:
        receipts.note(
            session, message_id, provider_id="SM1", status="undelivered", error_code=code,
            now=line.clock(), hooks=line.hooks,
        )  # fmt: skip


@pytest.mark.req("N-05")
def test_what_was_not_delivered_goes_the_next_way_and_on_the_list_the_same_day(line: Line) -> None:
    give_mailbox(line, ConsentKind.SMS_PROCESSOR, ConsentKind.EMAIL_PROCESSOR)
    first = line.remind_of(line.add_diary())
    line.dispatcher.run()

    lose(line, first, "30003")
    line.dispatcher.run()

    assert [outgoing.subject for _id, outgoing, _at in line.email.taken] == ["您的日记"]
    assert [item.kind for item in line.work] == [WorkKind.NOT_REACHED]
    row = reminder_of(line)
    assert (row.channel, row.not_sent_reason) == (Channel.EMAIL, None)
    assert row.message_id != first
    verbs = [one.verb for one in line.rows(JournalEntry) if one.entity_type == "reminder"]
    assert verbs == ["reminder.sent", "reminder.not_sent", "reminder.rerouted", "reminder.sent"]


@pytest.mark.req("N-05")
def test_the_next_way_is_not_tried_for_what_was_answered_meanwhile(line: Line) -> None:
    give_mailbox(line, ConsentKind.SMS_PROCESSOR, ConsentKind.EMAIL_PROCESSOR)
    diary = line.add_diary()
    first = line.remind_of(diary)
    line.dispatcher.run()
    with line.database.transaction() as session:
        session.get_one(Assessment, diary.id).completed_at = line.clock()

    lose(line, first, "30003")
    line.dispatcher.run()

    assert line.email.taken == []
    assert line.work == []


@pytest.mark.req("N-05", "X-01")
def test_without_her_consent_there_is_no_next_way(line: Line) -> None:
    give_mailbox(line, ConsentKind.SMS_PROCESSOR)
    first = line.remind_of(line.add_diary())
    line.dispatcher.run()

    lose(line, first, "30003")
    line.dispatcher.run()

    assert line.email.taken == []
    assert reminder_of(line).not_sent_reason == "30003"


@pytest.mark.req("N-05")
def test_the_last_way_that_fails_too_ends_in_the_call(line: Line) -> None:
    give_mailbox(line, ConsentKind.SMS_PROCESSOR, ConsentKind.EMAIL_PROCESSOR)
    line.sms.next_outcomes.append(PERMANENT)
    line.email.next_outcomes.append(Refused("smtp_550", meaning=Refusal.PERMANENT))
    line.remind_of(line.add_diary())

    line.dispatcher.run()
    line.dispatcher.run()

    row = reminder_of(line)
    assert (row.channel, row.sent_at, row.not_sent_reason) == (Channel.EMAIL, None, "smtp_550")
    assert len(line.work) == 1


@pytest.mark.req("N-05", "N-01")
@pytest.mark.parametrize(("code", "is_out"), [("21610", True), ("30003", False), ("30004", False)])
def test_the_providers_word_that_she_wants_none_counts_as_hers(
    line: Line, code: str, is_out: bool
) -> None:
    line.sms.next_outcomes.append(Refused(code))
    line.remind_of(line.add_diary())

    line.dispatcher.run()

    assert [one.source for one in line.rows(OptOut)] == ([OptOutSource.PROVIDER] if is_out else [])


@pytest.mark.req("N-05")
def test_an_unknown_code_is_held_and_shown(line: Line) -> None:
    line.sms.next_outcomes.append(Refused("99999"))
    message_id = line.remind_of(line.add_diary())

    line.dispatcher.run()
    line.wait(hours=1)
    line.dispatcher.run()

    assert line.state_of(message_id) is MessageState.FAILED
    assert line.sms.taken == []
    assert [item.kind for item in line.work] == [WorkKind.NOT_REACHED]
    assert reminder_of(line).not_sent_reason == "99999"
