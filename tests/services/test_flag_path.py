"""From a flag to its signed end: who may do what, in which order, and what a signature covers."""

from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import (
    InvalidInput,
    NotDelegated,
    NotFound,
    ReasonRequired,
    SignatureNotProven,
)
from epro.errors_of_flags import (
    ContactMissing,
    DispositionMissing,
    FlagClosed,
    FlagNotAcknowledged,
    SendingMissing,
    SignatureHolds,
    SignatureMissing,
)
from epro.models import (
    ContactOutcome,
    Delegation,
    FlagAssessment,
    FlagNote,
    FlagState,
    JournalEntry,
    SafetyFlag,
    SignatureMeaning,
    User,
)
from epro.services import assessing, closing, delegation, escalation, flags, signing
from epro.services.assessing import NewAssessment
from epro.services.closing import Act
from notifications.messages import MessageState
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from questionnaires.tiers import Tier
from tests.factories import add_site, proof_of, shipped_package, user_actor
from tests.services.following import (
    EVENING,
    KEYRING,
    MILD,
    NO_EVENT,
    SERIOUS,
    Ward,
    begin_ward,
    user_named,
)
from tests.services.line import flags_of, messages_of


@pytest.fixture
def ward(session: Session) -> Ward:
    return begin_ward(session)


@pytest.mark.req("A-08", "T-08")
def test_a_red_flag_goes_from_hand_to_hand_to_a_signed_end(session: Session, ward: Ward) -> None:
    states = [ward.flag.state]
    ward.take(session)
    states.append(ward.flag.state)
    ward.call(session)
    ward.assess(session)
    states.append(ward.flag.state)
    ward.close(session)
    states.append(ward.flag.state)

    assert states == list(FlagState)
    (signature,) = closing.signatures_of(session, flags.case_of(session, ward.flag))
    assert (signature.signer, signature.meaning, signature.is_broken) == (
        "Zhang Jing", "closed", False,
    )  # fmt: skip
    assert _verbs(session, "flag") == [
        "flag.raised", "flag.told", "flag.acknowledged", "flag.assessed", "flag.closed",
    ]  # fmt: skip


@pytest.mark.req("A-08")
def test_nothing_is_assessed_before_somebody_has_taken_the_flag(
    session: Session, ward: Ward
) -> None:
    with pytest.raises(FlagNotAcknowledged):
        ward.assess(session)


@pytest.mark.req("A-08", "P-06")
def test_a_coordinator_neither_assesses_nor_closes(session: Session, ward: Ward) -> None:
    ward.take(session)

    with pytest.raises(NotFound):
        ward.assess(session, by=ward.coordinator)
    with pytest.raises(NotDelegated):
        ward.close(session, by=ward.coordinator)
    assert ward.why_not(session, ward.coordinator, Act.ASSESS) == "not_permitted"
    assert ward.why_not(session, ward.coordinator, Act.CLOSE) == "not_delegated"


@pytest.mark.req("A-08", "P-06")
def test_the_day_after_the_delegation_ended_the_same_physician_is_refused(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    for line in session.scalars(select(Delegation)).all():
        line.ended_on, line.end_reason = EVENING.date(), "moves"
        site, person = ward.line.given.site, session.get_one(User, line.user_id)
        record = delegation.record_of(line, site, person)
        meaning = SignatureMeaning.DELEGATION_ENDED
        signing.attach(session, ward.principal, record, meaning=meaning, now=EVENING)

    ward.assess(session)
    with pytest.raises(NotDelegated) as refused:
        ward.assess(
            session, replace(NO_EVENT, reason="seen again"), now=EVENING + timedelta(hours=24)
        )
    assert refused.value.details["why"] == "over"


@pytest.mark.req("A-08")
def test_without_a_disposition_nothing_closes(session: Session, ward: Ward) -> None:
    ward.take(session)

    with pytest.raises(DispositionMissing):
        ward.close(session)


@pytest.mark.req("A-08", "T-08")
def test_red_closes_with_a_proven_signature_only(session: Session, ward: Ward) -> None:
    ward.take(session)
    ward.assess(session, NO_EVENT)

    with pytest.raises(SignatureMissing):
        ward.close(session, is_signed=False)
    with pytest.raises(SignatureNotProven):
        closing.close(
            session, ward.physician, ward.flag.id, reason="settled",
            proof=proof_of(ward.doctor, EVENING, totp="123456"), keyring=KEYRING, now=EVENING,
        )  # fmt: skip
    assert ward.flag.state is FlagState.ASSESSED


@pytest.mark.req("A-09")
def test_a_serious_event_closes_only_with_the_proof_of_its_sending(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    ward.assess(session, SERIOUS)
    with pytest.raises(SendingMissing):
        ward.close(session)

    ward.send(session)

    assert ward.close(session).state is FlagState.CLOSED


@pytest.mark.req("A-10", "T-08")
def test_a_signed_assessment_that_is_changed_shows_the_signature_broken_until_signed_again(
    session: Session, ward: Ward
) -> None:
    _closed(session, ward)
    later = EVENING + timedelta(hours=4)
    with pytest.raises(SignatureHolds):
        sign_again(session, ward, later)

    ward.assess(session, replace(MILD, grade=2, reason="records came"), now=later)

    assert ward.is_broken(session) == [True]
    assert ward.flag.state is FlagState.CLOSED
    sign_again(session, ward, later + timedelta(minutes=1))
    assert ward.is_broken(session) == [True, False]


@pytest.mark.req("A-10", "T-07")
def test_a_note_that_comes_later_breaks_the_signature_and_leaves_the_flag_closed(
    session: Session, ward: Ward
) -> None:
    _closed(session, ward)

    session.add(FlagNote(flag_id=ward.flag.id, kind="corrected", about="x", noted_at=EVENING))
    session.flush()

    assert ward.is_broken(session) == [True]
    assert ward.flag.state is FlagState.CLOSED


@pytest.mark.req("A-10")
def test_every_version_of_an_assessment_stays_and_none_can_be_rewritten(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    ward.assess(session, NO_EVENT)
    with pytest.raises(ReasonRequired):
        ward.assess(session, MILD)

    ward.assess(session, replace(MILD, reason="the X-ray is back"))

    versions = assessing.versions_of(session, ward.flag.id)
    assert [(one.version, one.is_adverse_event, one.reason) for one in versions] == [
        (1, False, None), (2, True, "the X-ray is back"),
    ]  # fmt: skip
    versions[0].narrative = "as if it had always been so"
    with pytest.raises(DBAPIError, match="never changed or removed"):
        session.flush()


@pytest.mark.req("A-08")
def test_a_second_emergency_on_an_acknowledged_flag_starts_everything_anew(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    ward.assess(session)
    again = EVENING + timedelta(hours=1)

    ward.line.answer(session, None, now=again, help_now=True)

    assert [flag.id for flag in flags_of(session)] == [ward.flag.id]
    assert (ward.flag.state, ward.flag.urgent_since) == (FlagState.RAISED, again)
    flags.acknowledge(session, ward.physician, ward.flag.id, now=again + timedelta(minutes=2))
    with pytest.raises(DispositionMissing):
        ward.close(session)
    ward.assess(session, replace(MILD, reason="worse again"), now=again + timedelta(minutes=9))
    assert ward.close(session).state is FlagState.CLOSED


@pytest.mark.req("A-08")
def test_a_closed_flag_is_neither_taken_nor_closed_again_and_a_new_sign_raises_another(
    session: Session, ward: Ward
) -> None:
    _closed(session, ward)
    with pytest.raises(FlagClosed):
        ward.close(session)
    with pytest.raises(FlagClosed):
        ward.take(session)

    ward.line.answer(session, None, now=EVENING + timedelta(days=1), help_now=True)

    assert len(flags_of(session)) == 2


@pytest.mark.req("A-08")
def test_yellow_closes_with_the_coordinator_s_note_of_facts_and_contact(session: Session) -> None:
    ward = begin_ward(session)
    ward.flag.tier = Tier.YELLOW
    ward.flag.possible_serious = False
    session.flush()
    ward.take(session)
    with pytest.raises(ContactMissing):
        ward.close(session, by=ward.coordinator, is_signed=False)

    ward.call(session, outcome=ContactOutcome.NOT_REACHED)

    assert ward.close(session, by=ward.coordinator, is_signed=False).state is FlagState.CLOSED


@pytest.mark.req("A-08")
def test_a_flag_is_handed_to_somebody_who_is_told_and_could_have_taken_it(
    session: Session, ward: Ward
) -> None:
    monitor = user_named(session, "sun.li", Role.MONITOR)
    ward.take(session)
    sent = len(messages_of(session, "safety"))

    flags.reassign(
        session, ward.coordinator, ward.flag.id, to="zhao.ming", reason="night shift",
        package=shipped_package(), now=EVENING,
    )  # fmt: skip

    assert ward.flag.owner_id == ward.doctor.user.id
    told = messages_of(session, "safety")[sent:]
    waiting = [one for one in messages_of(session, "safety") if one.state is MessageState.QUEUED]
    assert {one.template for one in waiting} == {"handed_sms", "handed_email"}
    assert len(told) == 2
    with pytest.raises(InvalidInput):
        flags.reassign(
            session, ward.coordinator, ward.flag.id, to=monitor.username, reason="x",
            package=shipped_package(), now=EVENING,
        )  # fmt: skip


@pytest.mark.req("A-08")
@pytest.mark.parametrize(
    ("but", "place"),
    [
        ({"grade": None}, "grade"), ({"grade": 6}, "grade"), ({"relationship": "surely"},
        "relationship"), ({"outcome": None}, "outcome"), ({"action_taken": None}, "action_taken"),
        ({"narrative": " "}, "narrative"), ({"seriousness": (Seriousness.DEATH,)}, "seriousness"),
        ({"grade": 5}, "seriousness"), ({"outcome": Outcome.FATAL}, "seriousness"),
        ({"is_adverse_event": False}, "grade"),
    ],
)  # fmt: skip
def test_an_assessment_that_cannot_be_names_the_place(
    session: Session, ward: Ward, but: dict[str, object], place: str
) -> None:
    ward.take(session)

    with pytest.raises(InvalidInput) as refused:
        ward.assess(session, replace(MILD, **but))  # type: ignore[arg-type]

    assert place in {problem["place"] for problem in refused.value.details["problems"]}


@pytest.mark.req("A-08")
@pytest.mark.parametrize("criterion", Seriousness)
def test_every_criterion_of_seriousness_can_be_entered(
    session: Session, ward: Ward, criterion: Seriousness
) -> None:
    ward.take(session)
    is_death = criterion is Seriousness.DEATH
    grade, outcome = (5, Outcome.FATAL) if is_death else (4, Outcome.RECOVERING)

    made = ward.assess(
        session, replace(MILD, seriousness=(criterion,), grade=grade, outcome=outcome)
    )

    assert made.seriousness == [criterion]


@pytest.mark.req("A-08")
def test_expectedness_is_asked_and_kept_nowhere() -> None:
    names = {field.name for field in fields(NewAssessment)} | set(
        inspect(FlagAssessment).columns.keys()
    )

    assert not [name for name in names if "expect" in name]
    assert {one.value for one in ActionTaken} == {
        "none", "interrupted", "postponed", "stopped", "not_applicable",
    }  # fmt: skip


@pytest.mark.req("C-03")
def test_a_contact_is_on_record_for_flag_and_participant(session: Session, ward: Ward) -> None:
    contact = ward.call(session)

    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.entity_id == str(contact.id))
    ).one()
    assert entry.verb == "contact.logged"
    assert str(ward.flag.id) in entry.body
    assert ward.line.given.participant.code in entry.body


@pytest.mark.req("C-01")
def test_nobody_of_another_site_can_do_anything_about_it(session: Session, ward: Ward) -> None:
    there = add_site(session, "GZ02")
    stranger = user_named(session, "wu.lan", Role.PRINCIPAL_INVESTIGATOR)
    stranger.memberships[0].site_id = there.id
    session.flush()
    actor = user_actor(stranger)

    refused = [ward.why_not(session, actor, act) for act in Act]
    with pytest.raises(NotFound):
        flags.get_flag(session, actor, ward.flag.id)

    assert set(refused) == {"not_permitted"}


@pytest.mark.req("A-10")
def test_no_job_ever_closes_a_flag(session: Session, ward: Ward) -> None:
    ward.take(session)

    escalation.climb(
        session, catalogue=ward.line.given.catalogue, now=EVENING + timedelta(days=400)
    )

    session.expire_all()
    assert session.scalars(select(SafetyFlag.closed_at)).all() == [None]


def sign_again(session: Session, ward: Ward, now: datetime) -> None:
    closing.sign_again(
        session, ward.physician, ward.flag.id, proof=proof_of(ward.doctor, now),
        keyring=KEYRING, now=now,
    )  # fmt: skip


def _closed(session: Session, ward: Ward) -> None:
    ward.take(session)
    ward.assess(session)
    ward.close(session)


def _verbs(session: Session, entity_type: str) -> list[str]:
    query = select(JournalEntry.verb).where(JournalEntry.entity_type == entity_type)
    return list(session.scalars(query.order_by(JournalEntry.id)))
