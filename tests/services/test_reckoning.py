"""What is kept of candidates for lists is what follows from the record, or it is passed over."""

import logging
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from epro.models import (
    CandidateReckoning,
    CandidateState,
    Disposition,
    EventSource,
    Participant,
    ResponseStatus,
    StandingCandidate,
)
from epro.services import adverse_events, candidates, event_reading, reckoning, waiting_list
from epro.services.reckoning import Conditions
from epro.services.waiting_list import PLACES, Waiting, WaitingColumn, Wanted
from questionnaires.adverse_events import EpisodePolicy
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.reading import from_canonical_json
from questionnaires.schedule import AnchorEvent
from tests.services.corrected import Answered
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import local
from tests.services.line import INFUSED_ON

pytestmark = pytest.mark.req("E-04", "C-01")


@pytest.fixture
def eventful(session: Session) -> Eventful:
    return begin_eventful(session)


def hers(eventful: Eventful) -> Conditions:
    return [Participant.id == eventful.line.given.participant.id]


def come_round(eventful: Eventful, *, on: int = 28) -> int:
    """Have the worker look; return of how many what was kept had passed."""
    return reckoning.reckon(
        eventful.session, catalogue=eventful.line.given.catalogue, now=local(day(on), 20)
    )


def holds(eventful: Eventful) -> bool:
    row = eventful.session.get_one(
        CandidateReckoning, eventful.line.given.participant.id, populate_existing=True
    )
    return row.reckoned_version == row.facts_version


def waiting_of(eventful: Eventful, *, on: int = 28, **asked: Any) -> Sequence[Waiting]:
    code = eventful.line.given.participant.code
    return waiting_list.list_page(
        eventful.session, eventful.physician, Wanted(code=code, **asked),
        catalogue=eventful.line.given.catalogue, now=local(day(on), 20),
    ).lines  # fmt: skip


def compare(eventful: Eventful, *, on: int = 28) -> None:
    """Lists say what follows from the record, whether or not the worker came round."""
    found, whose = eventful.found(on=on), hers(eventful)
    session, known, now = eventful.session, eventful.line.given.catalogue, local(day(on), 20)

    waiting = waiting_of(eventful, on=on)
    asked: dict[str, Any] = {"catalogue": known, "now": now}
    in_window = reckoning.count_waiting(session, whose, only_in_window=True, **asked)
    belonging = reckoning.belonging_to(
        session, [eventful.line.given.participant.id], catalogue=known, now=now
    )

    open_ones = [one for one in found if one.state is not CandidateState.DECIDED]
    assert {(one.id, one.began_on, one.study_day, one.is_in_window) for one in waiting} == {
        (one.id, one.began_on, one.study_day, one.is_in_window) for one in open_ones
    }
    assert in_window == sum(one.is_in_window for one in open_ones)
    assert reckoning.count_waiting(session, whose, **asked) == len(open_ones)
    for only_undecided, expected in ((True, open_ones), (False, found)):
        whole = waiting_list.list_whole(
            session, eventful.physician, only_undecided=only_undecided, **asked
        )
        assert whole == sorted(expected, key=lambda one: (one.began_on, one.source, one.key))
    events = event_reading.list_events(session, eventful.physician)
    assert event_reading.listed(session, events, **asked) == event_reading.shown_each(
        session, events, **asked
    )
    assert {(one.event_id, one.decision, one.is_as_decided) for one in belonging} == {
        (one.decision.event_id, one.decision.number, one.state is CandidateState.DECIDED)
        for one in found
        if one.decision and one.decision.event_id
    }


# --- all that may happen to her record ------------------------------------------------------------


def a_diary(eventful: Eventful, dice: Random) -> None:
    free = [number for number in range(2, 28) if number not in eventful.diaries]
    eventful.answer(dice.choice(free), pain=dice.choice((1, 7)), temp=dice.choice((36.6, 39.2)))


def a_report(eventful: Eventful, dice: Random) -> None:
    status = dice.choice((ResponseStatus.COMPLETED, ResponseStatus.IN_PROGRESS))
    eventful.report(local(day(28), dice.choice((9, 19))), what="pain", status=status)


def a_correction(eventful: Eventful, dice: Random) -> None:
    number = dice.choice(sorted(eventful.diaries))
    diary = Answered(eventful.line, eventful.diaries[number])
    if diary.response(eventful.session).revision == 1:
        diary.correct(eventful.session, now=local(day(number), 22), pain=dice.choice((0, 8)))


def a_decision(eventful: Eventful, dice: Random) -> None:
    found = eventful.found()
    if found:
        choice = dice.choice((Disposition.ACCEPTED, Disposition.DECLINED))
        eventful.decide(dice.choice(found), choice)


def a_voiding(eventful: Eventful, dice: Random) -> None:
    events = event_reading.list_events(eventful.session, eventful.physician)
    if standing := [one for one in events if one.voided_at is None]:
        adverse_events.void(
            eventful.session, eventful.physician, dice.choice(standing).id,
            duplicate_of_number=None, reason="重复", **eventful.seen(),
        )  # fmt: skip


def another_infusion_day(eventful: Eventful, dice: Random) -> None:
    eventful.line.given.record(
        eventful.session, AnchorEvent.INF1, local(INFUSED_ON, dice.randrange(8, 16)),
        now=local(day(28), 20), reason="看了病历",
    )  # fmt: skip


ACTS: tuple[Callable[[Eventful, Random], None], ...] = (
    a_diary, a_diary, a_diary, a_report, a_correction, a_decision, a_decision, a_voiding,
    another_infusion_day,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_over_a_random_history_lists_say_at_each_moment_what_follows(
    eventful: Eventful, seed: int
) -> None:
    dice = Random(seed)
    eventful.answer(4, pain=7)
    for _ in range(14):
        dice.choice(ACTS)(eventful, dice)
        compare(eventful)
        if dice.random() < 0.7:
            come_round(eventful)
            assert holds(eventful)
            compare(eventful)


def test_nobody_is_reckoned_for_a_list_who_is_kept_as_having_nothing_that_waits(
    eventful: Eventful, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventful.answer(4, pain=7)
    eventful.decide(eventful.found()[0], Disposition.DECLINED)
    come_round(eventful)
    asked: dict[str, Any] = {
        "catalogue": eventful.line.given.catalogue, "now": local(day(28), 20),
    }  # fmt: skip

    (decided,) = waiting_list.list_whole(
        eventful.session, eventful.physician, only_undecided=False, **asked
    )
    monkeypatch.setattr(candidates, "follow_from", None)
    waiting = waiting_list.list_whole(
        eventful.session, eventful.physician, only_undecided=True, **asked
    )

    assert decided.about["symptom"]
    assert waiting == []
    assert reckoning.count_waiting(eventful.session, **asked) == 0
    assert event_reading.listed(eventful.session, [], **asked) == []


# --- each on its own ------------------------------------------------------------------------------


def test_what_holds_is_read_and_not_reckoned_again(eventful: Eventful) -> None:
    eventful.answer(4, pain=7)
    come_round(eventful)

    eventful.session.execute(update(StandingCandidate).values(study_day="D99"))

    (one,) = waiting_of(eventful)
    assert one.study_day == "D99"
    assert come_round(eventful) == 0


def test_after_a_day_it_is_reckoned_anew_and_what_was_wrong_is_told(
    eventful: Eventful, caplog: pytest.LogCaptureFixture
) -> None:
    eventful.answer(4, pain=7)
    come_round(eventful, on=28)
    eventful.session.execute(update(StandingCandidate).values(study_day="D99"))

    with caplog.at_level(logging.ERROR):
        come_round(eventful, on=29)

    assert "were not those that follow" in caplog.text
    compare(eventful, on=29)


def test_what_is_stored_while_the_worker_looks_is_no_fault_of_what_was_kept(
    eventful: Eventful, caplog: pytest.LogCaptureFixture
) -> None:
    class Meanwhile(Catalogue):
        """Has a diary stored after the worker has read which records to look at."""

        @property
        def packages(self) -> tuple[StudyPackage, ...]:
            if 15 not in eventful.diaries:
                eventful.answer(15, pain=7)
            return super().packages

    eventful.answer(3, pain=7)
    come_round(eventful)
    known = eventful.line.given.catalogue
    meanwhile = Meanwhile({eventful.line.given.version.id: known.packages[0]})

    with caplog.at_level(logging.ERROR):
        reckoning.reckon(eventful.session, catalogue=meanwhile, now=local(day(29), 20))

    assert 15 in eventful.diaries
    assert "were not those that follow" not in caplog.text
    assert not holds(eventful)
    compare(eventful, on=29)


def test_rules_are_also_what_reads_a_published_study() -> None:
    named = {module.__name__ for module in reckoning.RULES}

    assert {one.__module__ for one in (EpisodePolicy, StudyPackage, from_canonical_json)} <= named


def test_what_other_rules_have_kept_is_passed_over(eventful: Eventful) -> None:
    eventful.answer(4, pain=7)
    come_round(eventful)
    eventful.session.execute(update(CandidateReckoning).values(reckoned_with="earlier"))
    eventful.session.execute(update(StandingCandidate).values(study_day="D99"))

    compare(eventful)

    assert come_round(eventful) == 1


def test_a_report_left_alone_waits_from_that_hour_on_though_nothing_was_written(
    eventful: Eventful,
) -> None:
    eventful.report(local(day(5), 21), what="pain", status=ResponseStatus.IN_PROGRESS)
    come_round(eventful, on=6)
    compare(eventful, on=6)

    compare(eventful, on=7)

    assert eventful.found(EventSource.SELF_REPORT, on=7)
    assert not eventful.found(EventSource.SELF_REPORT, on=6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE site SET zone = 'Europe/Berlin'",
        "UPDATE participant SET zone = 'Europe/Berlin'",
        "UPDATE assessment SET planned_on = '2026-03-30' WHERE completed_at IS NOT NULL",
        "UPDATE questionnaire_response SET answers = '[]'",
        "UPDATE screening SET inputs = '{}'",
        "UPDATE anchor SET superseded_at = recorded_at",
        "UPDATE flag_trigger SET rule = 'R02'",
        "UPDATE safety_flag SET tier = 'ORANGE'",
    ],
)
def test_whoever_changes_a_row_beside_the_system_is_noticed_too(
    eventful: Eventful, statement: str
) -> None:
    eventful.answer(5, temp=39.2, pain=7)
    come_round(eventful)
    assert holds(eventful)

    eventful.session.execute(text(statement))

    assert not holds(eventful)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE safety_flag SET acknowledged_at = raised_at, next_rung_at = NULL",
        "UPDATE questionnaire_response SET source_check = 'equal'",
        "UPDATE screening SET flags_at = NULL",
        "INSERT INTO flag_note (flag_id, kind, about, noted_at)"
        " SELECT id, 'mistaken', 'x', raised_at FROM safety_flag",
    ],
)
def test_what_is_only_done_about_an_answer_or_a_flag_leaves_it_standing(
    eventful: Eventful, statement: str
) -> None:
    eventful.answer(5, temp=39.2, pain=7)
    come_round(eventful)

    eventful.session.execute(text(statement))

    assert holds(eventful)


def test_somebody_new_is_looked_at(eventful: Eventful) -> None:
    assert not holds(eventful)
    assert come_round(eventful) >= 1
    assert holds(eventful)


@pytest.mark.parametrize("column", WaitingColumn)
@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("is_kept", [False, True])
def test_what_is_kept_and_what_is_reckoned_stand_in_one_order_page_by_page(
    eventful: Eventful, monkeypatch: pytest.MonkeyPatch, column: WaitingColumn,
    is_descending: bool, is_kept: bool,
) -> None:  # fmt: skip
    for number, pain in ((3, 7), (4, 1), (5, 7), (6, 1)):
        eventful.answer(number, pain=pain)
    eventful.answer(7, pain=7, temp=39.2)
    eventful.report(local(day(5), 20), what="pain")
    if is_kept:
        come_round(eventful)
    asked: dict[str, Any] = {"column": column, "is_descending": is_descending}
    whole = waiting_of(eventful, **asked)

    monkeypatch.setattr(waiting_list, "PAGE", 2)
    pages = [waiting_of(eventful, page=page, **asked) for page in range(1, 5)]

    assert len(whole) >= 5
    assert [one for page in pages for one in page] == whole
    places = [PLACES[column](one) for one in whole]
    assert places == sorted(places, reverse=is_descending)
    assert waiting_of(eventful, around=whole[3].id, **asked) == pages[1]
    only = waiting_of(eventful, source=EventSource.FLAG)
    assert [one.source for one in only] == [EventSource.FLAG]
    assert waiting_of(eventful, only_in_window=True, page=1)
