"""Consents after the enrolment: each kind given and withdrawn by itself (P-07, X-01)."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import AlreadyExists, ConsentIsNeeded, InvalidInput
from epro.models import Assessment, Consent, JournalEntry, LifeCycle, Participant, WorkKind
from epro.services import addresses, consents
from epro.services.consents import WithdrawnConsent
from epro.services.enrolment_form import GivenConsent
from notifications.messages import ChannelName, MessageState
from questionnaires.definition import ConsentKind
from tests.clock import START, FrozenClock
from tests.factories import SYSTEM
from tests.line import Line as LineToPhones
from tests.services.given import Given, local
from tests.services.line import INFUSED_AT, INFUSED_ON, begin_line

NOW = local(INFUSED_ON + timedelta(days=4), 18)
LONG_AGO = INFUSED_AT - timedelta(days=3)


def signed(kind: ConsentKind, given_at: datetime = LONG_AGO) -> GivenConsent:
    return GivenConsent(
        kind=kind, document_version="2.0", given_at=given_at, explained_by="李敏",
        paper_location="binder 1",
    )  # fmt: skip


@pytest.fixture
def given(session: Session) -> Given:
    """A participant in the middle of her diary, who signed everything but the contact person."""
    given = begin_line(session).given
    for kind in ConsentKind:
        if kind is not ConsentKind.CONTACT_PERSON:
            consents.store(session, SYSTEM, given.participant, signed(kind), now=LONG_AGO)
    return given


def withdraw(session: Session, given: Given, kind: ConsentKind, **said: Any) -> Consent:
    return consents.withdraw(
        session, given.coordinator, given.participant,
        WithdrawnConsent(kind=kind, **({"withdrawn_at": NOW} | said)),
        catalogue=given.catalogue, now=NOW,
    )  # fmt: skip


def standing(session: Session, given: Given) -> set[ConsentKind]:
    rows = consents.of_participant(session, given.participant)
    return {one.kind for one in rows if one.withdrawn_at is None}


OPTIONAL = (ConsentKind.SMS_PROCESSOR, ConsentKind.CROSS_BORDER, ConsentKind.EMAIL_PROCESSOR)
NEEDED = (ConsentKind.TRIAL, ConsentKind.SENSITIVE_DATA, ConsentKind.PARTIAL_ANSWERS)


@pytest.mark.req("P-07", "X-01")
@pytest.mark.parametrize("kind", OPTIONAL)
def test_one_kind_is_withdrawn_without_a_reason_and_her_diary_goes_on(
    session: Session, given: Given, kind: ConsentKind
) -> None:
    before = standing(session, given)

    withdraw(session, given, kind)

    assert standing(session, given) == before - {kind}
    assert given.participant.keeps_diary
    assert given.diary_on(session, INFUSED_ON + timedelta(days=5)).cancelled_at is None


@pytest.mark.req("P-07", "X-01")
@pytest.mark.parametrize("kind", NEEDED)
def test_a_kind_that_the_study_needs_ends_her_diary_and_leaves_her_the_reports(
    session: Session, given: Given, kind: ConsentKind
) -> None:
    with pytest.raises(ConsentIsNeeded):
        withdraw(session, given, kind)
    assert kind in standing(session, given)

    withdraw(session, given, kind, leaves_as=LifeCycle.WITHDRAWN_FROM_DIARY)

    assert kind not in standing(session, given)
    assert given.participant.life_cycle is LifeCycle.WITHDRAWN_FROM_DIARY
    assert given.participant.may_report
    session.expire_all()
    waits = select(Assessment).where(
        Assessment.participant_id == given.participant.id,
        Assessment.cancelled_at.is_(None), Assessment.late_until > NOW,
    )  # fmt: skip
    assert session.scalars(waits).all() == []


@pytest.mark.req("P-07")
def test_a_needed_kind_is_not_withdrawn_by_a_way_on_that_keeps_the_diary(
    session: Session, given: Given
) -> None:
    with pytest.raises(ConsentIsNeeded):
        withdraw(session, given, ConsentKind.TRIAL, leaves_as=LifeCycle.WITHDRAWN_FROM_INFUSION)


@pytest.mark.req("P-07", "X-01")
def test_what_was_withdrawn_can_be_given_again_and_both_stay_on_record(
    session: Session, given: Given
) -> None:
    withdraw(session, given, ConsentKind.SMS_PROCESSOR)

    consents.give(
        session, given.coordinator, given.participant, signed(ConsentKind.SMS_PROCESSOR, NOW),
        now=NOW,
    )  # fmt: skip

    rows = [
        one.withdrawn_at
        for one in consents.of_participant(session, given.participant)
        if one.kind is ConsentKind.SMS_PROCESSOR
    ]
    assert rows == [NOW, None]


@pytest.mark.req("P-07")
def test_a_kind_that_stands_is_not_given_twice_nor_one_that_does_not_withdrawn(
    session: Session, given: Given
) -> None:
    with pytest.raises(AlreadyExists):
        consents.give(
            session, given.coordinator, given.participant, signed(ConsentKind.TRIAL), now=NOW
        )
    with pytest.raises(InvalidInput):
        withdraw(session, given, ConsentKind.CONTACT_PERSON)


@pytest.mark.req("P-07")
@pytest.mark.parametrize("at", [NOW + timedelta(hours=1), LONG_AGO - timedelta(seconds=1)])
def test_neither_a_time_to_come_nor_one_before_she_agreed_is_taken(
    session: Session, given: Given, at: datetime
) -> None:
    with pytest.raises(InvalidInput):
        withdraw(session, given, ConsentKind.SMS_PROCESSOR, withdrawn_at=at)


@pytest.mark.req("T-01", "E-02")
def test_both_states_of_a_consent_are_on_record_by_version(session: Session, given: Given) -> None:
    consent = withdraw(session, given, ConsentKind.SMS_PROCESSOR, reason="太多了")

    entries = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.entity_id == str(consent.id))
        .order_by(JournalEntry.id)
    ).all()
    bodies = [json.loads(one.body) for one in entries]
    assert [one.verb for one in entries] == ["consent.given", "consent.withdrawn"]
    assert [one["version"] for one in bodies] == [1, 2]
    assert bodies[1]["reason"] == "太多了"
    assert bodies[1]["after"]["withdrawn_at"] == NOW.isoformat()


class Addressed(LineToPhones):
    """The line to phones, with addresses looked up as in operation."""

    def _address_of(self, recipient_ref: str, channel: ChannelName) -> str | None:
        with self.database.reading() as session:
            return addresses.address_of(
                session, recipient_ref, channel, catalogue=self.catalogue, keyring=self.keyring,
                now=self.clock(),
            )  # fmt: skip


@pytest.mark.req("P-07", "X-01", "N-05")
def test_a_text_that_waits_when_she_withdraws_does_not_leave_and_she_is_called(
    fresh_database: Database, clock: FrozenClock
) -> None:
    line = Addressed(fresh_database, clock, FrozenClock())
    with line.database.transaction() as session:
        her = session.get_one(Participant, line.participant_id)
        kind = ConsentKind.SMS_PROCESSOR
        consents.store(session, SYSTEM, her, signed(kind, START), now=START)
    diary = line.add_diary()
    waiting = line.remind_of(diary)

    with line.database.transaction() as session:
        her = session.get_one(Participant, line.participant_id)
        said = WithdrawnConsent(kind=kind, withdrawn_at=clock())
        consents.withdraw(session, SYSTEM, her, said, catalogue=line.catalogue, now=clock())
    line.dispatcher.run()

    assert line.sms.taken == []
    assert line.state_of(waiting) is MessageState.FAILED
    assert [item.kind for item in line.work] == [WorkKind.NOT_REACHED]
    with line.database.reading() as session:
        assert session.get_one(Assessment, diary.id).cancelled_at is None
