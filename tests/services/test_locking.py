"""A record is signed off, locked, and then changes only after it was unlocked for a reason."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from epro.access import Actor, Role, system_actor
from epro.clock import wall_clock_now
from epro.errors import NotFound, ReasonRequired, SignatureNotProven
from epro.errors_of_record import NotSignedOff, RecordLocked, RecordNotReady
from epro.models import (
    AnchorQuery,
    Disposition,
    JournalEntry,
    LifeCycle,
    Quarantine,
    QuestionnaireResponse,
    RecordLock,
    SafetyFlag,
)
from epro.services import adverse_events, anchor_queries, anchors, corrections, life_cycle, locking
from epro.services.staff import NewUser
from epro.services.submission import Sending
from questionnaires.schedule import AnchorEvent
from tests.factories import add_user, event_facts, make_keyring, proof_of, user_actor
from tests.services.corrected import Answered
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import local
from tests.services.line import flags_of

KEYRING = make_keyring()
LATER = local(day(28), 20)
pytestmark = pytest.mark.req("T-08")


class Locking:
    """A participant with one quiet diary, who signs and who locks at her site."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.eventful: Eventful = begin_eventful(session)
        self.line = self.eventful.line
        self.new: NewUser = add_user(session, "sun.li", roles=[Role.INVESTIGATOR], keyring=KEYRING)
        self.signer: Actor = user_actor(self.new.user)
        chief = add_user(session, "chen.pi", roles=[Role.PRINCIPAL_INVESTIGATOR]).user
        self.chief: Actor = user_actor(chief)
        manager = add_user(session, "zhou.dm", roles=[Role.DATA_MANAGER]).user
        self.manager: Actor = user_actor(manager)
        self.code = self.line.given.participant.code
        self.eventful.answer(3)

    def sign_off(self, by: Actor | None = None, *, now: datetime = LATER, **wrong: str) -> None:
        # Each signature takes a one-time code of its own.
        wall = wall_clock_now() + timedelta(seconds=30 * len(self.signatures()))
        locking.sign_off(
            self.session, by or self.signer, self.code, proof_of(self.new, wall, **wrong),
            catalogue=self.line.given.catalogue, keyring=KEYRING, now=now,
        )  # fmt: skip

    def lock(self, by: Actor | None = None, *, now: datetime = LATER) -> None:
        locking.lock(self.session, by or self.chief, self.code, now=now)

    def unlock(self, reason: str = "漏了一条不良事件") -> None:
        locking.unlock(self.session, self.chief, self.code, reason=reason, now=LATER)

    def state(self, by: Actor | None = None) -> locking.RecordState:
        self.session.expire_all()
        return locking.state_of(
            self.session, by or self.signer, self.line.given.participant,
            catalogue=self.line.given.catalogue, now=LATER,
        )  # fmt: skip

    def signatures(self) -> list[bool]:
        """Return for each signature, the oldest first, whether it is broken."""
        return [one.is_broken for one in self.state().signatures]

    def verbs(self) -> list[str]:
        return list(self.session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))


@pytest.fixture
def record(session: Session) -> Locking:
    return Locking(session)


@pytest.fixture
def locked(record: Locking) -> Locking:
    record.sign_off()
    record.lock()
    return record


def test_sign_off_lock_and_unlock_are_on_record(session: Session, locked: Locking) -> None:
    locked.unlock()

    state = locked.state()
    (shown,) = state.signatures
    (lock,) = state.locks
    assert (shown.signer, shown.meaning.value, shown.zone) == (
        locked.new.user.full_name, "signed_off", "Asia/Shanghai",
    )  # fmt: skip
    assert shown.signed_at_local.endswith("+08:00")
    assert (state.is_locked, state.is_signed_off) == (False, True)
    assert (lock.lock.unlock_reason, lock.unlocked_by) == ("漏了一条不良事件", lock.locked_by)
    assert locked.verbs()[-3:] == ["record.signed", "record.locked", "record.unlocked"]
    unlocked = session.scalars(
        select(JournalEntry).where(JournalEntry.verb == "record.unlocked")
    ).one()
    assert "漏了一条不良事件" in unlocked.body


def test_a_sign_off_is_refused_while_a_flag_or_a_candidate_is_open(
    session: Session, record: Locking
) -> None:
    record.eventful.answer(4, temp=39.2)

    with pytest.raises(RecordNotReady) as refused:
        record.sign_off()

    (flag,) = flags_of(session)
    named = refused.value.details
    assert named["flags"] == [str(flag.id)]
    assert set(named["candidates"]) == {str(one.id) for one in record.eventful.found()}
    assert named["candidates"]
    assert record.signatures() == []


def test_once_all_is_decided_and_closed_it_can_be_signed_off(
    session: Session, record: Locking
) -> None:
    record.eventful.answer(4, temp=39.2)
    for candidate in record.eventful.found():
        record.eventful.decide(candidate, Disposition.DECLINED)
    session.execute(update(SafetyFlag).values(closed_at=LATER, close_reason="退烧"))

    record.sign_off()

    assert record.signatures() == [False]


def test_a_correction_that_waits_for_her_stands_in_the_way(
    session: Session, record: Locking
) -> None:
    asked = Answered(record.line, record.eventful.diaries[3]).put_down(
        session, record.line.coordinator, now=LATER, pain=5
    )

    with pytest.raises(RecordNotReady) as refused:
        record.sign_off()

    assert refused.value.details["corrections"] == [str(asked.id)]


def test_nothing_is_signed_off_without_both_components(record: Locking) -> None:
    with pytest.raises(SignatureNotProven):
        record.sign_off(totp="000000")

    assert record.signatures() == []


def test_only_what_is_signed_off_is_locked(record: Locking) -> None:
    with pytest.raises(NotSignedOff):
        record.lock()

    record.sign_off()
    record.eventful.answer(4)
    with pytest.raises(NotSignedOff):
        record.lock()

    assert not record.state().is_locked


@pytest.mark.req("T-06")
def test_the_site_signs_and_locks_and_the_data_manager_has_no_say(record: Locking) -> None:
    with pytest.raises(NotFound):
        record.sign_off(record.manager)
    record.sign_off()
    for other in (record.signer, record.manager):
        with pytest.raises(NotFound):
            record.lock(other)

    assert not record.state().is_locked


def test_locking_again_changes_nothing(session: Session, locked: Locking) -> None:
    locked.lock()

    assert len(session.scalars(select(RecordLock)).all()) == 1
    assert locked.verbs().count("record.locked") == 1


def test_a_locked_record_refuses_what_would_change_it(session: Session, locked: Locking) -> None:
    given, facts = locked.line.given, event_facts(day(3))
    her = Answered(locked.line, locked.eventful.diaries[3])

    for act in (
        lambda: locked.eventful.enter(facts),
        lambda: given.record(session, AnchorEvent.END, local(day(20), 9), now=LATER),
        lambda: anchors.withdraw(
            session, locked.line.coordinator, given.participant, AnchorEvent.INF1,
            reason="x", catalogue=given.catalogue, now=LATER,
        ),
        lambda: her.put_down(session, locked.line.coordinator, now=LATER, pain=5),
        locked.sign_off,
    ):  # fmt: skip
        with pytest.raises(RecordLocked) as refused:
            act()
        assert (refused.value.code, refused.value.status) == ("record_locked", 409)

    assert locked.signatures() == [False]


def test_an_event_of_a_locked_record_is_neither_revised_nor_voided(
    session: Session, record: Locking
) -> None:
    event = record.eventful.enter(event_facts(day(3)))
    record.sign_off()
    record.lock()

    with pytest.raises(RecordLocked):
        adverse_events.revise(
            session, record.eventful.physician, event.id, event_facts(day(4)),
            version=1, reason="x", **record.eventful.seen(),
        )  # fmt: skip
    with pytest.raises(RecordLocked):
        adverse_events.void(
            session, record.eventful.physician, event.id,
            duplicate_of_number=None, reason="x", **record.eventful.seen(),
        )  # fmt: skip

    record.unlock()
    adverse_events.void(
        session, record.eventful.physician, event.id,
        duplicate_of_number=None, reason="x", **record.eventful.seen(),
    )  # fmt: skip
    assert record.signatures() == [True]


@pytest.mark.req("A-04", "X-05")
def test_what_she_reports_is_taken_screened_and_breaks_the_signature(
    session: Session, locked: Locking
) -> None:
    locked.eventful.report(LATER, urgent=("limb",))
    locked.eventful.answer(4)

    state = locked.state()
    assert len(session.scalars(select(QuestionnaireResponse)).all()) == 3
    assert len(flags_of(session)) == 1
    assert (state.is_locked, state.is_signed_off) == (True, False)
    assert locked.signatures() == [True]


@pytest.mark.req("A-04", "X-05")
def test_a_correction_that_she_sends_is_refused_kept_and_looked_over(
    session: Session, locked: Locking
) -> None:
    proposal = Answered(locked.line, locked.eventful.diaries[3]).proposal(temp=39.9)
    body = {"questionnaire": {"code": "daily", "version": "1.0.0"}, "answers": proposal.answers}

    with pytest.raises(RecordLocked):
        corrections.ask(
            session, locked.line.given.actor, locked.eventful.diaries[3], uuid4(), proposal,
            Sending(answer_age_s=0.0, app_version="test", body=json.dumps(body).encode()),
            catalogue=locked.line.given.catalogue, now=LATER,
        )  # fmt: skip

    assert len(session.scalars(select(Quarantine)).all()) == 1
    assert len(flags_of(session)) == 1
    stored = session.get_one(QuestionnaireResponse, locked.eventful.diaries[3])
    assert stored.revision == 1


@pytest.mark.req("P-09")
def test_leaving_is_never_refused(session: Session, locked: Locking) -> None:
    given = locked.line.given

    life_cycle.change(
        session, locked.line.coordinator, given.participant, LifeCycle.WITHDRAWN_FROM_ALL,
        occurred_at=LATER, reason="她想退出", catalogue=given.catalogue, now=LATER,
    )  # fmt: skip

    assert given.participant.life_cycle is LifeCycle.WITHDRAWN_FROM_ALL
    assert locked.signatures() == [True]
    with pytest.raises(RecordLocked):
        life_cycle.change(
            session, locked.line.coordinator, given.participant, LifeCycle.ACTIVE,
            occurred_at=LATER, reason="弄错了", catalogue=given.catalogue, now=LATER,
        )  # fmt: skip
    assert given.participant.life_cycle is LifeCycle.WITHDRAWN_FROM_ALL


def test_the_clinical_database_changes_no_locked_anchor_and_asks_nobody(
    session: Session, locked: Locking
) -> None:
    given = locked.line.given

    with pytest.raises(RecordLocked):
        anchor_queries.propose(
            session, system_actor("edc"), given.participant, AnchorEvent.INF1,
            occurred_at=local(day(2), 9), reason="EDC", catalogue=given.catalogue, now=LATER,
        )  # fmt: skip

    assert session.scalars(select(AnchorQuery)).all() == []
    assert locked.signatures() == [False]


def test_unlocking_needs_a_reason(locked: Locking) -> None:
    with pytest.raises(ReasonRequired):
        locked.unlock("  ")

    assert locked.state().is_locked


def test_a_row_altered_in_the_database_shows_the_signature_broken(
    session: Session, record: Locking
) -> None:
    record.sign_off()
    stored = session.get_one(QuestionnaireResponse, record.eventful.diaries[3])
    altered = [{**one, "value": 9} if one["link_id"] == "pain" else one for one in stored.answers]

    session.execute(update(QuestionnaireResponse).values(answers=altered))

    assert record.signatures() == [True]


def test_after_unlocking_it_is_signed_off_anew(record: Locking) -> None:
    record.sign_off()
    record.lock()
    record.unlock()
    record.eventful.answer(4)

    record.sign_off(now=LATER + timedelta(hours=1))
    record.lock(now=LATER + timedelta(hours=1))

    assert record.signatures() == [True, False]
    assert [one.lock.unlocked_at is None for one in record.state().locks] == [True, False]


@pytest.mark.req("B-04")
def test_whoever_may_not_read_flags_is_not_told_what_is_open(record: Locking) -> None:
    record.eventful.answer(4, temp=39.2)

    assert record.state(record.manager).still_open is None
    still_open = record.state().still_open
    assert still_open
    assert not still_open.is_empty
