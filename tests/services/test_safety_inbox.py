"""The inbox puts first what is longest overdue, and shows nobody what is not theirs."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.models import FlagTrigger, SafetyFlag, Screening, ScreeningSource, StudyVersion
from epro.services import flags, safety_inbox
from epro.services.safety_inbox import Inbox, InboxColumn, Standing, Wanted
from questionnaires.catalogue import Catalogue
from questionnaires.tiers import Tier
from tests.clock import START, FrozenClock
from tests.factories import (
    add_participant,
    add_site,
    add_study_version,
    add_user,
    shipped_package,
    user_actor,
)

pytestmark = pytest.mark.req("C-01")


class Board:
    """A site with one participant, and flags put on its board by hand."""

    def __init__(self, session: Session, clock: FrozenClock, code: str = "SZ01") -> None:
        self.session, self.clock = session, clock
        self.site = add_site(session, code)
        self.version: StudyVersion = add_study_version(session, self.site)
        self.participant = add_participant(session, self.site, f"{code}-014")
        self.coordinator: Actor = user_actor(
            add_user(session, f"coordinator.{code}", roles=[Role.COORDINATOR], site=code).user
        )
        self.catalogue = Catalogue({self.version.id: shipped_package()})

    def flag(
        self, tier: Tier, *, minutes_ago: int, rule: str = "R09", times: int = 1
    ) -> SafetyFlag:
        at = self.clock() - timedelta(minutes=minutes_ago)
        flag = SafetyFlag(
            participant_id=self.participant.id, site_id=self.site.id,
            study_version_id=self.version.id, tier=tier, tonight=False, possible_serious=True,
            raised_at=at, urgent_since=at,
        )  # fmt: skip
        self.session.add(flag)
        self.session.flush()
        for number in range(times):
            met_at = at + timedelta(minutes=number)
            screening = Screening(
                participant_id=self.participant.id, study_version_id=self.version.id,
                source=ScreeningSource.RESPONSE, source_id=str(uuid4()), revision=1,
                body_sha256="", inputs={}, rules_met=[rule], answered_at=met_at,
                screened_at=met_at,
            )  # fmt: skip
            self.session.add(screening)
            self.session.flush()
            self.session.add(
                FlagTrigger(
                    flag_id=flag.id, screening_id=screening.id, rule=rule, tier=tier, met_at=met_at
                )
            )
        self.session.flush()
        return flag

    def inbox(self, wanted: Wanted | None = None, *, actor: Actor | None = None) -> Inbox:
        return safety_inbox.inbox(
            self.session, actor or self.coordinator, wanted or Wanted(),
            catalogue=self.catalogue, now=self.clock(),
        )  # fmt: skip


@pytest.fixture
def board(session: Session, clock: FrozenClock) -> Board:
    return Board(session, clock)


def ids(inbox: Inbox) -> Sequence[object]:
    return [line.flag.id for line in inbox.found.lines]


def test_first_what_is_overdue_then_what_has_least_time_left_then_running_clocks_then_the_rest(
    board: Board,
) -> None:
    taken = board.flag(Tier.ORANGE, minutes_ago=300)
    taken.possible_serious = False
    running = board.flag(Tier.RED_A, minutes_ago=200)
    fresh_red = board.flag(Tier.RED_B, minutes_ago=5)
    orange = board.flag(Tier.ORANGE, minutes_ago=60)
    long_overdue = board.flag(Tier.RED_B, minutes_ago=90)
    overdue = board.flag(Tier.RED_A, minutes_ago=40)
    for flag in (taken, running):
        flags.acknowledge(board.session, board.coordinator, flag.id, now=board.clock())

    inbox = board.inbox()

    order = [long_overdue, overdue, fresh_red, orange, running, taken]
    assert ids(inbox) == [flag.id for flag in order]
    assert [inbox.counts[one] for one in Standing] == [2, 2, 1, 1]


def test_a_clock_is_overdue_at_the_very_instant_it_names(board: Board) -> None:
    board.flag(Tier.RED_A, minutes_ago=30)
    (at_the_instant,) = board.inbox().found.lines
    board.clock.advance(microseconds=-1)
    (just_before,) = board.inbox().found.lines

    assert at_the_instant.acknowledge_by == START
    assert (just_before.standing, at_the_instant.standing) == (Standing.WAITING, Standing.OVERDUE)


def test_a_line_counts_how_often_it_was_met_and_keeps_the_oldest_clock(board: Board) -> None:
    flag = board.flag(Tier.RED_A, minutes_ago=20, times=3)

    (line,) = board.inbox().found.lines

    assert (line.times, line.last_met_at) == (3, flag.raised_at + timedelta(minutes=2))
    assert line.acknowledge_by == flag.raised_at + timedelta(minutes=30)


def test_each_filter_leaves_what_it_names(board: Board) -> None:
    red, orange = (board.flag(tier, minutes_ago=5) for tier in (Tier.RED_A, Tier.ORANGE))
    flags.acknowledge(board.session, board.coordinator, orange.id, now=board.clock())

    assert ids(board.inbox(Wanted(tiers=frozenset({Tier.RED_A})))) == [red.id]
    assert ids(board.inbox(Wanted(standing=Standing.RUNNING))) == [orange.id]
    assert ids(board.inbox(Wanted(mine=True))) == [orange.id]
    assert ids(board.inbox(Wanted(site="XX99"))) == []
    assert len(ids(board.inbox(Wanted(participant="014")))) == 2


def test_a_serious_clock_runs_from_awareness_until_it_is_reported(board: Board) -> None:
    flag = board.flag(Tier.RED_A, minutes_ago=20)
    flags.acknowledge(board.session, board.coordinator, flag.id, now=board.clock())
    (running,) = board.inbox().found.lines

    flag.sent_at = board.clock()
    board.session.flush()
    (reported,) = board.inbox().found.lines

    assert running.report_by == board.clock() + timedelta(hours=24)
    assert (running.standing, reported.standing) == (Standing.RUNNING, Standing.TAKEN)


def test_a_closed_flag_is_gone_but_the_last_signal_is_remembered(board: Board) -> None:
    flag = board.flag(Tier.ORANGE, minutes_ago=60)
    flag.closed_at = board.clock()
    board.session.flush()

    inbox = board.inbox()

    assert (inbox.found.lines, inbox.last_raised_at) == ([], flag.raised_at)


def test_another_site_sees_nothing_of_it(board: Board) -> None:
    board.flag(Tier.RED_A, minutes_ago=5)
    there = Board(board.session, board.clock, "GZ01")

    inbox = board.inbox(actor=there.coordinator)

    assert (inbox.found.lines, inbox.last_raised_at) == ([], None)
    assert [site.code for site in inbox.sites] == ["GZ01"]


def test_more_than_a_page_stands_on_further_pages(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_inbox, "PAGE", 2)
    flagged = [board.flag(Tier.RED_B, minutes_ago=number, times=2) for number in (9, 7, 5)]

    first, second, beyond = (board.inbox(Wanted(page=number)) for number in (1, 2, 3))

    assert [ids(first), ids(second)] == [[flagged[0].id, flagged[1].id], [flagged[2].id]]
    assert ids(beyond) == ids(second), "what was taken meanwhile leaves no empty page"
    assert (first.found.total, first.found.pages, first.counts[Standing.WAITING]) == (3, 2, 3)
    assert [line.times for line in (*first.found.lines, *second.found.lines)] == [2, 2, 2]


def test_the_inbox_can_be_sorted_and_what_is_alike_stands_by_urgency(board: Board) -> None:
    orange = board.flag(Tier.ORANGE, minutes_ago=60)
    red_late = board.flag(Tier.RED_A, minutes_ago=90)
    red_fresh = board.flag(Tier.RED_A, minutes_ago=5)
    flags.acknowledge(board.session, board.coordinator, orange.id, now=board.clock())

    def sorted_by(column: InboxColumn, *, is_descending: bool = False) -> Sequence[object]:
        return ids(board.inbox(Wanted(column=column, is_descending=is_descending)))

    assert sorted_by(InboxColumn.RAISED) == [red_late.id, orange.id, red_fresh.id]
    assert sorted_by(InboxColumn.RAISED, is_descending=True) == [
        red_fresh.id, orange.id, red_late.id,
    ]  # fmt: skip
    assert sorted_by(InboxColumn.TIER) == [orange.id, red_late.id, red_fresh.id]
    assert sorted_by(InboxColumn.TIER, is_descending=True) == [
        red_late.id, red_fresh.id, orange.id,
    ]  # fmt: skip
    assert sorted_by(InboxColumn.PARTICIPANT) == [red_late.id, red_fresh.id, orange.id]
    for is_descending in (False, True):
        assert sorted_by(InboxColumn.HOLDER, is_descending=is_descending)[0] == orange.id
