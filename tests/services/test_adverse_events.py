"""An adverse event is a physician's word: versioned, signed, and never made by the machine."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.clock import wall_clock_now
from epro.errors import InvalidInput, NotDelegated, SignatureNotProven
from epro.errors_of_record import EventChanged
from epro.models import (
    AdverseEvent,
    AdverseEventVersion,
    Disposition,
    EventSource,
    JournalEntry,
    Task,
)
from epro.services import adverse_events, event_reading
from epro.services.event_facts import GradeFrom
from epro.services.event_reading import ShownEvent
from epro.services.staff import NewUser
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from questionnaires.schedule import AnchorEvent
from tests.factories import (
    add_delegation,
    add_user,
    event_facts,
    make_keyring,
    proof_of,
    user_actor,
)
from tests.services.corrected import Answered
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import local

KEYRING = make_keyring()
pytestmark = pytest.mark.req("A-08")


@pytest.fixture
def eventful(session: Session) -> Eventful:
    return begin_eventful(session)


def revise(eventful: Eventful, event: AdverseEvent, **facts: Any) -> AdverseEvent:
    version, reason = facts.pop("version", event.version), facts.pop("reason", "更多资料")
    return adverse_events.revise(
        eventful.session, eventful.physician, event.id, event_facts(event.onset_on, **facts),
        version=version, reason=reason, **eventful.seen(),
    )  # fmt: skip


def shown(eventful: Eventful, event: AdverseEvent) -> ShownEvent:
    eventful.session.expire_all()
    return event_reading.shown(eventful.session, event, **eventful.seen())


def verbs(session: Session) -> list[str]:
    return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))


def test_an_event_with_its_hour_is_revised_after_she_moved_to_another_zone(
    session: Session, eventful: Eventful
) -> None:
    at_night = local(day(3), 2)
    event = eventful.enter(event_facts(day(3), onset_at=at_night), on=5)
    eventful.line.given.participant.zone = "Europe/Berlin"
    session.flush()

    revised = revise(eventful, event, onset_at=at_night, term="严重头痛")

    assert (revised.version, revised.onset_at) == (2, at_night)
    with pytest.raises(InvalidInput):
        revise(eventful, event, onset_at=at_night + timedelta(hours=1))


def test_an_event_is_numbered_and_counted_from_each_infusion(
    session: Session, eventful: Eventful
) -> None:
    eventful.line.given.record(
        session, AnchorEvent.INF2, local(day(29), 10), now=local(day(29), 11)
    )

    first, second = (eventful.enter(event_facts(day(number)), on=31) for number in (3, 30))

    entries = session.scalars(
        select(JournalEntry.body).where(JournalEntry.verb == "adverse_event.recorded")
    ).all()
    assert (first.number, second.number) == (1, 2)
    assert '"study_day":3,"study_day_second":-26' in entries[0]
    assert '"study_day":30,"study_day_second":2' in entries[1]
    assert [shown(eventful, one).study_day for one in (first, second)] == ["D3", "D30"]
    assert shown(eventful, second).is_treatment_emergent


@pytest.mark.parametrize(
    ("number", "hour", "is_counted"),
    [(1, 9, False), (1, 10, True), (1, None, True), (0, None, False), (28, 23, True),
     (29, None, False)],
)  # fmt: skip
def test_under_treatment_is_from_the_infusion_to_the_end_of_day_28(
    eventful: Eventful, number: int, hour: int | None, *, is_counted: bool
) -> None:
    at = None if hour is None else local(day(number), hour)

    event = eventful.enter(event_facts(day(number), onset_at=at), on=31)

    assert shown(eventful, event).is_treatment_emergent is is_counted


@pytest.mark.req("S-02")
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_journey_moves_no_event_out_of_the_days_under_treatment_or_into_them(
    session: Session, eventful: Eventful, zone: str
) -> None:
    eventful.line.given.participant.zone = zone
    session.flush()
    events = [eventful.enter(event_facts(day(number)), on=31) for number in (0, 1, 28, 29)]

    seen = [shown(eventful, one) for one in events]

    assert [one.study_day for one in seen] == ["D-1", "D1", "D28", "D29"]
    assert [one.is_treatment_emergent for one in seen] == [False, True, True, False]
    kept = session.scalars(
        select(JournalEntry.body).where(JournalEntry.verb == "adverse_event.recorded")
    ).all()
    assert ['"study_day":28,' in one for one in kept] == [False, False, True, False]


def test_its_grades_are_a_history(session: Session, eventful: Eventful) -> None:
    event = eventful.enter(event_facts(day(3)))

    revised = revise(
        eventful, event, grades=(GradeFrom(1, day(3)), GradeFrom(3, day(5)), GradeFrom(2, day(8)))
    )

    versions = [one.content["grades"] for one, _user in event_reading.versions_of(session, event)]
    assert revised.worst_grade == 3
    assert [len(one) for one in versions] == [1, 3]
    assert versions[1][1] == {"grade": 3, "from_on": day(5).isoformat()}
    assert verbs(session)[-2:] == ["adverse_event.recorded", "adverse_event.revised"]


def test_the_same_facts_again_make_no_version(session: Session, eventful: Eventful) -> None:
    event = eventful.enter(event_facts(day(3)))

    revise(eventful, event, version=77)

    assert event.version == 1
    assert len(session.scalars(select(AdverseEventVersion)).all()) == 1


def test_whoever_looked_at_another_version_is_told(eventful: Eventful) -> None:
    event = eventful.enter(event_facts(day(3)))
    revise(eventful, event, term="migraine")

    with pytest.raises(EventChanged):
        revise(eventful, event, term="cluster headache", version=1)


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"relationship": "certainly-the-drug"}, "relationship"),
        ({"ended_on": day(2)}, "ended_on"),
        ({"ended_on": day(30)}, "ended_on"),
        ({"outcome": Outcome.RECOVERED}, "outcome"),
        ({"ended_on": day(5)}, "outcome"),
        ({"outcome": Outcome.FATAL, "ended_on": day(4)}, "grades"),
        (
            {"outcome": Outcome.FATAL, "ended_on": day(4), "grades": (GradeFrom(5, day(3)),)},
            "seriousness",
        ),
        ({"grades": (GradeFrom(1, day(4)),)}, "grades"),
        ({"grades": (GradeFrom(1, day(3)), GradeFrom(2, day(3)))}, "grades"),
        ({"grades": (GradeFrom(6, day(3)),)}, "grades"),
        ({"grades": ()}, "grades"),
        ({"onset_at": local(day(4), 9)}, "onset_at"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    eventful: Eventful, facts: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        eventful.enter(event_facts(day(3), **facts))

    assert place in {one["place"] for one in refused.value.details["problems"]}


def test_a_fatal_event_goes_with_its_grade_and_criterion(eventful: Eventful) -> None:
    event = eventful.enter(
        event_facts(
            day(3), outcome=Outcome.FATAL, ended_on=day(4), action_taken=ActionTaken.STOPPED,
            grades=(GradeFrom(4, day(3)), GradeFrom(5, day(4))), seriousness=(Seriousness.DEATH,),
        )
    )  # fmt: skip

    assert (event.worst_grade, event.seriousness, event.is_open) == (5, ["death"], False)


@pytest.mark.req("P-06")
@pytest.mark.parametrize("task", [Task.CLOSE_FLAG, Task.DECIDE_EPISODE])
def test_another_task_is_no_delegation_to_assess(
    session: Session, eventful: Eventful, task: Task
) -> None:
    doctor = add_user(session, "zhao.wei", roles=[Role.INVESTIGATOR]).user
    add_delegation(session, eventful.line.given.site, doctor, task)

    with pytest.raises(NotDelegated):
        eventful.enter(event_facts(day(3)), actor=user_actor(doctor))


@pytest.mark.req("P-06")
def test_a_delegation_that_ended_yesterday_is_none(session: Session, eventful: Eventful) -> None:
    doctor = add_user(session, "zhao.wei", roles=[Role.INVESTIGATOR]).user
    add_delegation(session, eventful.line.given.site, doctor, to_on=day(27))

    eventful.enter(event_facts(day(3)), actor=user_actor(doctor), on=27)
    with pytest.raises(NotDelegated):
        eventful.enter(event_facts(day(3)), actor=user_actor(doctor), on=28)


def test_nothing_a_participant_says_makes_an_event_or_a_cause(
    session: Session, eventful: Eventful
) -> None:
    eventful.report(
        local(day(5), 20), what="fever", worst="danger", done=("hospital",),
        hospital_planned="unplanned", outcome="lasting", help_now=True,
    )  # fmt: skip
    eventful.answer(5, temp=40.1, urgent=("breathing",), breathing=("at-rest",))

    assert session.scalars(select(AdverseEvent)).all() == []
    for candidate in eventful.found():
        said = str(dict(candidate.about)) + str(dict(candidate.seen))
        assert "relationship" not in said
        assert "serious" not in said


def test_medicines_and_care_are_linked_and_other_forms_are_not(eventful: Eventful) -> None:
    event = eventful.enter(event_facts(day(3)))
    diary = eventful.answer(3)

    with pytest.raises(InvalidInput):
        adverse_events.link(
            eventful.session, eventful.physician, event.id, [diary], reason="x", **eventful.seen()
        )
    assert event.linked_responses == []


# --- signatures -----------------------------------------------------------------------------------


def signer(session: Session, eventful: Eventful) -> tuple[NewUser, Actor]:
    new = add_user(session, "sun.li", roles=[Role.INVESTIGATOR], keyring=KEYRING)
    add_delegation(session, eventful.line.given.site, new.user)
    return new, user_actor(new.user)


def sign(eventful: Eventful, event: AdverseEvent, who: tuple[NewUser, Actor], **wrong: str) -> None:
    new, actor = who
    adverse_events.sign(
        eventful.session, actor, event.id, proof_of(new, wall_clock_now(), **wrong),
        version=event.version, keyring=KEYRING, **eventful.seen(),
    )  # fmt: skip


@pytest.mark.req("T-08")
def test_a_later_change_of_an_event_shows_its_signature_broken(
    session: Session, eventful: Eventful
) -> None:
    event = eventful.enter(event_facts(day(3)))
    sign(eventful, event, signer(session, eventful))
    before = [one.is_broken for one in shown(eventful, event).signatures]

    revise(eventful, event, grades=(GradeFrom(2, day(3)),))

    assert (before, [one.is_broken for one in shown(eventful, event).signatures]) == (
        [False], [True],
    )  # fmt: skip


@pytest.mark.req("T-07", "T-08")
def test_a_corrected_diary_breaks_the_signature_of_the_event_it_is_part_of(
    session: Session, eventful: Eventful
) -> None:
    for number, pain in ((3, 6), (4, 7)):
        eventful.answer(number, pain=pain)
    eventful.decide(eventful.found(EventSource.EPISODE)[0])
    event = session.scalars(select(AdverseEvent)).one()
    sign(eventful, event, signer(session, eventful))
    assert not shown(eventful, event).signatures[0].is_broken

    Answered(eventful.line, eventful.diaries[4]).correct(session, now=local(day(4), 22), pain=5)
    broken = shown(eventful, event).signatures[0].is_broken
    eventful.decide(eventful.found()[0], Disposition.MERGED, event_number=1)

    assert broken
    assert shown(eventful, event).signatures[0].is_broken, "deciding anew does not mend it"


@pytest.mark.req("T-08")
def test_without_both_components_nothing_is_signed(session: Session, eventful: Eventful) -> None:
    event = eventful.enter(event_facts(day(3)))

    with pytest.raises(SignatureNotProven):
        sign(eventful, event, signer(session, eventful), totp="000000")

    assert shown(eventful, event).signatures == []


# --- one correction, all that follows -------------------------------------------------------------


@pytest.mark.req("T-07", "A-10", "A-04")
def test_one_correction_and_everything_that_follows_from_it(
    session: Session, eventful: Eventful
) -> None:
    """Screened again, flag kept and noted, episode and event asked again, signature broken, fed."""
    eventful.answer(4, temp=39.2)
    fever, flag = (eventful.found(source)[0] for source in (EventSource.EPISODE, EventSource.FLAG))
    eventful.decide(fever, term="fever")
    eventful.decide(flag, Disposition.MERGED, event_number=1)
    event = session.scalars(select(AdverseEvent)).one()
    sign(eventful, event, signer(session, eventful))
    earlier = len(verbs(session))

    correction = Answered(eventful.line, eventful.diaries[4]).correct(
        session, now=local(day(4), 22), temp=37.2
    )

    response = Answered(eventful.line, eventful.diaries[4]).response(session)
    states = {one.source: one.state.value for one in eventful.found()}
    assert response.revision == correction.applied_revision == 2
    assert states == {EventSource.EPISODE: "changed", EventSource.FLAG: "changed"}
    assert shown(eventful, event).signatures[0].is_broken
    assert event.voided_at is None
    assert verbs(session)[earlier:][:3] == ["correction.made", "response.corrected", "flag.noted"]
    assert local(day(4), 22) - timedelta(hours=4) == response.answered_at
