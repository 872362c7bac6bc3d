"""Consents after the enrolment: each kind given and withdrawn by itself (P-07, X-01)."""

import json
from dataclasses import replace
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
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ConsentKind
from tests.clock import START, FrozenClock
from tests.factories import SYSTEM
from tests.line import Line as LineToPhones
from tests.services.given import Given, local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, begin_line, flags_of

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
    return {one.kind for one in rows if one.stands}


def of_kind(session: Session, given: Given, kind: ConsentKind) -> list[Consent]:
    return [one for one in consents.of_participant(session, given.participant) if one.kind is kind]


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


@pytest.mark.req("P-07", "T-01")
def test_another_edition_that_she_signs_takes_the_place_of_the_one_before_which_stays(
    session: Session, given: Given
) -> None:
    again = replace(signed(ConsentKind.SMS_PROCESSOR, NOW), document_version="3.0")

    consents.give(session, given.coordinator, given.participant, again, now=NOW)

    first, second = of_kind(session, given, ConsentKind.SMS_PROCESSOR)
    assert (first.document_version, first.superseded_at, first.withdrawn_at) == ("2.0", NOW, None)
    assert (second.document_version, second.stands) == ("3.0", True)
    assert ConsentKind.SMS_PROCESSOR in standing(session, given)
    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.verb == "consent.superseded")
    ).one()
    assert (entry.entity_id, json.loads(entry.body)["version"]) == (str(first.id), 2)


@pytest.mark.req("P-07", "X-01")
def test_whoever_withdraws_what_she_signed_anew_has_withdrawn_it_altogether(
    session: Session, given: Given
) -> None:
    again = replace(signed(ConsentKind.SMS_PROCESSOR, NOW), document_version="3.0")
    consents.give(session, given.coordinator, given.participant, again, now=NOW)

    withdraw(session, given, ConsentKind.SMS_PROCESSOR)

    assert not [one for one in of_kind(session, given, ConsentKind.SMS_PROCESSOR) if one.stands]
    reasons = addresses.reasons_against(
        session, [given.participant], catalogue=given.catalogue, now=NOW
    )
    assert reasons[given.participant.id, ChannelName.SMS] is not None


@pytest.mark.req("P-07")
def test_an_edition_is_not_signed_before_the_one_that_it_takes_the_place_of(
    session: Session, given: Given
) -> None:
    again = replace(
        signed(ConsentKind.TRIAL, LONG_AGO - timedelta(minutes=1)), document_version="3.0"
    )
    with pytest.raises(InvalidInput):
        consents.give(session, given.coordinator, given.participant, again, now=NOW)


def amended(given: Given, edition: str) -> Catalogue:
    """Return the study with an edition of the document that is signed to take part in it."""
    package = given.catalogue.package(given.version.id)
    named = tuple(
        replace(one, document_version=edition) if one.kind is ConsentKind.TRIAL else one
        for one in package.consents
    )
    return Catalogue({given.version.id: replace(package, consents=named)})


def waiting(session: Session, given: Given, catalogue: Catalogue) -> list[tuple[str, ConsentKind]]:
    found = consents.to_sign_anew_at(session, [given.site], 1, catalogue=catalogue, now=NOW)
    return [(participant.code, consent.kind) for participant, consent in found.lines]


@pytest.mark.req("P-07")
def test_a_document_that_is_to_be_signed_anew_is_told_until_it_is_and_holds_nothing_up(
    session: Session, given: Given
) -> None:
    catalogue = amended(given, "3.0")
    her, code = given.participant, given.participant.code
    assert waiting(session, given, amended(given, "2.0")) == []
    assert waiting(session, given, given.catalogue) == []
    assert consents.to_sign_anew(session, her, catalogue=catalogue, now=NOW) == {
        ConsentKind.TRIAL: "3.0"
    }
    assert waiting(session, given, catalogue) == [(code, ConsentKind.TRIAL)]
    staff = given.coordinator
    line = Line(given=replace(given, catalogue=catalogue), coordinator=staff, investigator=staff)
    line.answer(session, None, now=NOW, help_now=True)
    assert len(flags_of(session)) == 1

    again = replace(signed(ConsentKind.TRIAL, NOW), document_version="3.0")
    consents.give(session, given.coordinator, her, again, now=NOW)

    assert consents.to_sign_anew(session, her, catalogue=catalogue, now=NOW) == {}
    assert waiting(session, given, catalogue) == []


@pytest.mark.req("P-07")
def test_nobody_is_asked_to_sign_once_she_has_left_the_trial(
    session: Session, given: Given
) -> None:
    withdraw(session, given, ConsentKind.SMS_PROCESSOR, leaves_as=LifeCycle.WITHDRAWN_FROM_ALL)

    assert waiting(session, given, amended(given, "3.0")) == []


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
