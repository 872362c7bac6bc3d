"""Every answer is looked at, and what is found becomes a flag that somebody has to take."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import AlreadyAcknowledged, InvalidAnswers, NotFound, RevisionConflict
from epro.models import FlagTrigger, ResponseStatus, Screening
from epro.services import flags, screening
from questionnaires.tiers import Tier
from tests.factories import add_site, add_user, user_actor
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of, messages_of

EVENING = local(INFUSED_ON + timedelta(days=5), 18)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def rules_of(session: Session) -> list[str]:
    return sorted(set(session.scalars(select(FlagTrigger.rule))))


@pytest.mark.req("A-03", "A-04")
def test_a_calm_diary_is_screened_and_flags_nothing(session: Session, line: Line) -> None:
    line.answer(session, line.diary_on(session, EVENING.date()), now=EVENING)

    assert session.scalars(select(Screening)).one().rules_met == []
    assert flags_of(session) == []


@pytest.mark.req("A-03", "A-06", "A-07")
def test_breathlessness_at_rest_is_red_and_told_at_once_by_two_channels(
    session: Session, line: Line
) -> None:
    line.answer(
        session, line.diary_on(session, EVENING.date()), now=EVENING,
        urgent=("breathing",), breathing=("at-rest",),
    )  # fmt: skip

    (flag,) = flags_of(session)
    assert (flag.tier, flag.possible_serious) == (Tier.RED_A, True)
    assert "R09" in rules_of(session)
    told = messages_of(session, "safety")
    assert {message.channel for message in told} == {"sms", "email"}
    assert {message.recipient_ref for message in told} == {
        f"user:{line.coordinator.id}",
        f"user:{line.investigator.id}",
    }
    assert all(message.is_vital for message in told)


@pytest.mark.req("A-06", "X-07")
def test_a_message_says_code_tier_rule_and_time_and_nothing_else(
    session: Session, line: Line
) -> None:
    line.answer(session, line.diary_on(session, EVENING.date()), now=EVENING, help_now=True)

    (message, *_) = messages_of(session, "safety")
    assert dict(message.params) == {
        "code": "SZ01-014", "tier": "RED_B", "rule": "R35", "time": "18:00",
        "link": f"/console/flags/{flags_of(session)[0].id}",
    }  # fmt: skip


@pytest.mark.req("A-03")
@pytest.mark.parametrize(("minutes", "rules"), [(0, {"R04"}), (1, {"R05"})])
def test_a_fever_counts_from_the_infusion_to_the_minute(
    session: Session, line: Line, minutes: int, rules: set[str]
) -> None:
    at = local(INFUSED_ON + timedelta(days=2), 10) + timedelta(minutes=minutes)

    line.answer(
        session, line.given.assessments(session, family="morning_check")[1], now=at,
        temp=38.2, temp_route="oral",
    )  # fmt: skip

    assert rules_of(session) == sorted(rules)


@pytest.mark.req("A-04", "Q-10")
def test_an_emergency_in_a_form_put_away_flags_after_ten_minutes(
    session: Session, line: Line
) -> None:
    line.answer(
        session, line.diary_on(session, EVENING.date()), now=EVENING, temp=39.2, temp_route="oral",
        status=ResponseStatus.IN_PROGRESS,
    )  # fmt: skip
    catalogue = line.given.catalogue

    nearly = EVENING + timedelta(minutes=10, microseconds=-1)
    assert screening.flag_idle_drafts(session, catalogue=catalogue, now=nearly) == 0
    assert screening.flag_idle_drafts(
        session, catalogue=catalogue, now=EVENING + timedelta(minutes=10)
    )

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]


@pytest.mark.req("A-04")
def test_a_form_that_goes_on_replaces_what_waited_to_flag(session: Session, line: Line) -> None:
    response_id = uuid4()
    diary = line.diary_on(session, EVENING.date())
    line.answer(
        session, diary, now=EVENING, response_id=response_id, temp=39.2, temp_route="oral",
        status=ResponseStatus.IN_PROGRESS,
    )  # fmt: skip

    line.answer(session, diary, now=EVENING + timedelta(minutes=3), response_id=response_id,
                revision=2)  # fmt: skip

    later = EVENING + timedelta(minutes=20)
    assert screening.flag_idle_drafts(session, catalogue=line.given.catalogue, now=later) == 0
    assert flags_of(session) == []


@pytest.mark.req("A-04", "S-02")
@pytest.mark.parametrize("days_late", [0, 2])
def test_late_and_doubled_answers_are_screened_like_any(
    session: Session, line: Line, days_late: int
) -> None:
    diary = line.diary_on(session, EVENING.date())
    line.answer(session, diary, now=EVENING)

    line.answer(
        session, line.diary_on(session, EVENING.date()),
        now=EVENING + timedelta(days=days_late, minutes=5), help_now=True,
    )  # fmt: skip

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]


@pytest.mark.req("A-04")
def test_an_emergency_in_a_refused_body_is_flagged_all_the_same(
    session: Session, line: Line
) -> None:
    diary = line.diary_on(session, EVENING.date())

    with pytest.raises(InvalidAnswers):
        line.answer(session, diary, now=EVENING, temp=45.0, help_now=True)

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]


@pytest.mark.req("A-04")
def test_an_emergency_in_a_conflicting_body_is_flagged_all_the_same(
    session: Session, line: Line
) -> None:
    response_id = uuid4()
    diary = line.diary_on(session, EVENING.date())
    line.answer(session, diary, now=EVENING, response_id=response_id)

    with pytest.raises(RevisionConflict):
        line.answer(session, diary, now=EVENING, response_id=response_id, help_now=True)

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]


# --- one flag, several triggers -------------------------------------------------------------------


@pytest.mark.req("A-10")
def test_the_same_again_joins_the_open_flag_and_tells_nobody_twice(
    session: Session, line: Line
) -> None:
    line.answer(session, None, now=EVENING, help_now=True)
    told = len(messages_of(session, "safety"))

    line.answer(session, None, now=EVENING + timedelta(minutes=5), help_now=True)

    (flag,) = flags_of(session)
    assert len(flags.triggers_of(session, flag)) > 1
    assert len(messages_of(session, "safety")) == told


@pytest.mark.req("A-07", "A-10")
def test_a_red_trigger_on_an_acknowledged_flag_makes_it_urgent_again(
    session: Session, line: Line
) -> None:
    line.answer(session, None, now=EVENING, help_now=True)
    flags.acknowledge(session, line.coordinator, flags_of(session)[0].id, now=EVENING)
    told = len(messages_of(session, "safety"))

    again = EVENING + timedelta(hours=3)
    line.answer(session, None, now=again, help_now=True)

    (flag,) = flags_of(session)
    assert (flag.acknowledged_at, flag.urgent_since) == (None, again)
    assert len(messages_of(session, "safety")) > told


@pytest.mark.req("A-07")
def test_the_first_to_acknowledge_wins_and_the_second_is_told_who(
    session: Session, line: Line
) -> None:
    line.answer(session, None, now=EVENING, help_now=True)
    flag_id = flags_of(session)[0].id

    flags.acknowledge(session, line.investigator, flag_id, now=EVENING)
    with pytest.raises(AlreadyAcknowledged) as second:
        flags.acknowledge(session, line.coordinator, flag_id, now=EVENING + timedelta(minutes=1))

    assert second.value.details == {"by": "Zhang Jing", "at": EVENING.isoformat()}
    assert flags_of(session)[0].acknowledged_by_id == line.investigator.id


@pytest.mark.req("C-01", "P-06")
def test_a_flag_of_another_site_looks_like_none(session: Session, line: Line) -> None:
    line.answer(session, None, now=EVENING, help_now=True)
    add_site(session, "SZ02")
    stranger = user_actor(add_user(session, "zhou.na", site="SZ02").user)

    with pytest.raises(NotFound):
        flags.acknowledge(session, stranger, flags_of(session)[0].id, now=EVENING)

    assert flags.list_flags(session, stranger, only_unacknowledged=False, limit=10) == []


@pytest.mark.req("A-07", "A-10")
@pytest.mark.parametrize("is_taken", [False, True])
def test_a_rule_of_tonight_on_a_flag_that_could_wait_makes_it_one_of_tonight(
    session: Session, line: Line, is_taken: bool
) -> None:
    line.answer(session, line.diary_on(session, EVENING.date()), now=EVENING, other=("lupus",))
    (flag,) = flags_of(session)
    assert (flag.tier, flag.tonight) == (Tier.ORANGE, False)
    if is_taken:
        flags.acknowledge(session, line.coordinator, flag.id, now=EVENING)
    told = len(messages_of(session, "safety"))

    again = EVENING + timedelta(days=1)
    line.answer(
        session, line.diary_on(session, again.date()), now=again,
        other=("lupus",), temp=38.2, temp_route="oral",
    )  # fmt: skip

    (flag,) = flags_of(session)
    assert (flag.tier, flag.tonight) == (Tier.ORANGE, True)
    assert (flag.acknowledged_at, flag.urgent_since) == (None, again)
    assert len(messages_of(session, "safety")) > told
