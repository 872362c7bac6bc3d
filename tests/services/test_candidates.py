"""What might be an adverse event follows from what is on record, and is asked until decided."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import NotDelegated, NotFound, ReasonRequired
from epro.models import (
    AdverseEvent,
    Assessment,
    CandidateState,
    Disposition,
    EventSource,
    ResponseStatus,
)
from epro.services import adverse_events, event_reading
from epro.services.event_reading import ShownEvent
from tests.factories import add_user, user_actor
from tests.services.corrected import Answered
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import SHANGHAI, local

pytestmark = pytest.mark.req("E-04", "A-08")
EPISODE, FLAG, REPORT = EventSource.EPISODE, EventSource.FLAG, EventSource.SELF_REPORT


@pytest.fixture
def eventful(session: Session) -> Eventful:
    return begin_eventful(session)


def adverse_events_of(eventful: Eventful) -> list[AdverseEvent]:
    return list(event_reading.list_events(eventful.session, eventful.physician))


def event_reading_of(eventful: Eventful, event: AdverseEvent) -> ShownEvent:
    return event_reading.shown(eventful.session, event, **eventful.seen())


def test_a_calm_diary_gives_nothing_to_decide(eventful: Eventful) -> None:
    for number in range(2, 6):
        eventful.answer(number)

    assert eventful.found() == []


def test_a_report_of_a_problem_is_a_candidate_of_the_day_it_began(eventful: Eventful) -> None:
    began_at = local(day(3), 9).isoformat()
    report_id = eventful.report(local(day(5), 20), what="pain", began_at=began_at)

    (candidate,) = eventful.found()

    assert (candidate.source, candidate.key) == (REPORT, str(report_id))
    assert (candidate.began_on, candidate.study_day) == (day(3), "D3")
    assert (candidate.state, candidate.is_in_window) == (CandidateState.UNDECIDED, True)


def test_a_report_left_unfinished_reaches_the_physician_after_a_day(eventful: Eventful) -> None:
    eventful.report(local(day(5), 21), what="pain", status=ResponseStatus.IN_PROGRESS)

    assert eventful.found(REPORT, on=6) == []
    assert len(eventful.found(REPORT, on=7)) == 1


def test_a_flag_is_a_candidate_unless_it_is_yellow_or_a_silence(eventful: Eventful) -> None:
    eventful.answer(5, temp=39.2)
    eventful.answer(9, other=("site",), site=("sore",))

    (flag,) = eventful.found(FLAG)

    assert flag.about["rules"] == ["R01"]


def test_a_symptom_of_the_diary_is_one_candidate_from_day_to_day(eventful: Eventful) -> None:
    for number, pain in ((2, 1), (3, 6), (4, 7), (5, 6), (6, 2)):
        eventful.answer(number, pain=pain)

    (episode,) = eventful.found()

    assert episode.key == f"pain:{day(3).isoformat()}"
    assert episode.about["last_on"] == day(5).isoformat()
    assert episode.about["is_over"]
    assert episode.about["peak"] == 7.0


def test_a_fever_under_the_arm_is_above_by_its_value_as_if_by_mouth(eventful: Eventful) -> None:
    eventful.answer(5, temp=37.7)
    eventful.answer(7, temp=37.6)

    assert [one.began_on for one in eventful.found(EPISODE)] == [day(5)]


def test_a_form_answered_before_its_own_day_is_about_the_day_on_which_it_was_answered(
    session: Session, eventful: Eventful
) -> None:
    four_weekly = session.scalars(
        select(Assessment)
        .where(
            Assessment.participant_id == eventful.line.given.participant.id,
            Assessment.questionnaire_code == "four_weekly",
        )
        .order_by(Assessment.opens_at)
    ).first()
    assert four_weekly is not None
    opens_on = four_weekly.opens_at.astimezone(SHANGHAI).date()
    assert opens_on < four_weekly.planned_on
    number = (opens_on - day(1)).days + 1
    eventful.line.answer(session, four_weekly, now=local(opens_on, 12), pain=8)

    (episode,) = eventful.found(EPISODE, on=number)

    assert episode.began_on == opens_on
    eventful.decide(episode, on=number)


def test_an_episode_outside_of_the_28_days_says_so(eventful: Eventful) -> None:
    eventful.answer(28, pain=8)
    eventful.answer(29, pain=1)
    eventful.answer(30, pain=8)

    assert [(one.study_day, one.is_in_window) for one in eventful.found(on=31)] == [
        ("D28", True), ("D30", False),
    ]  # fmt: skip


def test_only_a_physician_delegated_on_that_day_decides(
    session: Session, eventful: Eventful
) -> None:
    eventful.answer(3, pain=8)
    (candidate,) = eventful.found()
    undelegated = user_actor(add_user(session, "new.doctor", roles=[Role.INVESTIGATOR]).user)

    for actor in (eventful.line.coordinator, undelegated):
        with pytest.raises(NotDelegated):
            eventful.decide(candidate, actor=actor)

    assert eventful.found()[0].state is CandidateState.UNDECIDED


def test_every_decision_needs_a_reason(eventful: Eventful) -> None:
    eventful.answer(3, pain=8)
    (candidate,) = eventful.found()

    with pytest.raises(ReasonRequired):
        eventful.decide(candidate, Disposition.DECLINED, reason="  ")


def test_a_candidate_of_somebody_else_does_not_exist(eventful: Eventful) -> None:
    eventful.answer(3, pain=8)
    (candidate,) = eventful.found()

    with pytest.raises(NotFound):
        adverse_events.decide(
            eventful.session, eventful.physician, eventful.line.given.participant,
            eventful.line.given.site.id,
            adverse_events.Choice(disposition=Disposition.DECLINED, reason="x"),
            **eventful.seen(),
        )  # fmt: skip
    assert candidate.id != eventful.line.given.site.id


@pytest.mark.parametrize("disposition", [Disposition.PRE_EXISTING, Disposition.DECLINED])
def test_what_is_no_event_is_decided_and_asked_no_more(
    eventful: Eventful, disposition: Disposition
) -> None:
    eventful.answer(3, pain=8)
    (candidate,) = eventful.found()

    decided = eventful.decide(candidate, disposition)

    assert decided.state is CandidateState.DECIDED
    assert adverse_events_of(eventful) == []


def test_a_report_a_flag_and_an_episode_can_be_one_event(eventful: Eventful) -> None:
    eventful.answer(5, temp=39.2)
    eventful.report(local(day(5), 20), what="fever", began_at=local(day(5), 9).isoformat())
    flag, report, episode = (eventful.found(one)[0] for one in (FLAG, REPORT, EPISODE))

    eventful.decide(report, term="fever")
    eventful.decide(episode, Disposition.MERGED, event_number=1)
    eventful.decide(flag, Disposition.LINKED, event_number=1)

    (event,) = adverse_events_of(eventful)
    shown = event_reading_of(eventful, event)
    assert {one["source"] for one in shown.basis} == {"self_report", "episode", "flag"}
    assert {one.state for one in eventful.found()} == {CandidateState.DECIDED}


# --- what changes is asked again ------------------------------------------------------------------


def decided_pain(eventful: Eventful) -> None:
    for number, pain in ((3, 6), (4, 7)):
        eventful.answer(number, pain=pain)
    eventful.decide(eventful.found()[0])


def test_that_it_goes_on_no_worse_asks_nothing(eventful: Eventful) -> None:
    decided_pain(eventful)

    eventful.answer(5, pain=7)

    assert [one.state for one in eventful.found()] == [CandidateState.DECIDED]


def test_that_it_gets_worse_asks_again(eventful: Eventful) -> None:
    decided_pain(eventful)

    eventful.answer(5, pain=9)

    assert [one.state for one in eventful.found()] == [CandidateState.CHANGED]


@pytest.mark.req("T-07")
def test_a_corrected_day_asks_again_until_it_is_decided_anew(
    session: Session, eventful: Eventful
) -> None:
    decided_pain(eventful)
    diary = Answered(eventful.line, eventful.diaries[4])

    diary.correct(session, now=local(day(4), 22), pain=5)

    (changed,) = eventful.found()
    assert changed.state is CandidateState.CHANGED
    assert eventful.decide(changed, Disposition.MERGED, event_number=1).state is (
        CandidateState.DECIDED
    )


@pytest.mark.req("T-07")
def test_an_episode_that_was_corrected_away_is_told_to_the_physician(
    session: Session, eventful: Eventful
) -> None:
    eventful.answer(4, pain=7)
    eventful.decide(eventful.found()[0])

    Answered(eventful.line, eventful.diaries[4]).correct(session, now=local(day(4), 22), pain=0)

    (gone,) = eventful.found()
    assert (gone.state, dict(gone.about)) == (CandidateState.CHANGED, {"gone": True})
    assert gone.began_on == day(4)
    assert eventful.decide(gone, Disposition.DECLINED).state is CandidateState.DECIDED


def test_a_late_answer_that_moves_the_beginning_asks_again(eventful: Eventful) -> None:
    for number in (3, 5):
        eventful.answer(number, pain=7)
    eventful.decide(eventful.found()[0])

    eventful.answer(2, pain=7)

    found = {one.state for one in eventful.found()}
    assert found == {CandidateState.UNDECIDED, CandidateState.CHANGED}


def test_a_flag_that_more_joins_asks_again(eventful: Eventful) -> None:
    eventful.answer(5, temp=39.2)
    eventful.decide(eventful.found(FLAG)[0], Disposition.DECLINED)

    eventful.answer(6, temp=39.4, help_now=True)

    assert [one.state for one in eventful.found(FLAG)] == [CandidateState.CHANGED]


def test_what_belonged_to_a_voided_event_asks_again(eventful: Eventful) -> None:
    decided_pain(eventful)
    (event,) = adverse_events_of(eventful)

    adverse_events.void(
        eventful.session, eventful.physician, event.id, duplicate_of_number=None, reason="重复",
        **eventful.seen(),
    )  # fmt: skip

    assert [one.state for one in eventful.found()] == [CandidateState.CHANGED]
