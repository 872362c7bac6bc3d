"""Who is told of a flag, and who next: at Friday night, over a weekend, at midnight, in DST."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.escalating import (
    Recipient,
    Rung,
    acknowledge_by,
    calling,
    due_rungs,
    ladder,
    next_call_at,
    next_rung_at,
)
from questionnaires.tiers import Channel, Tier
from tests.questionnaires.forms import shipped
from tests.questionnaires.trial_schedule import ZONES

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MON, FRI, SAT, SUN, NEXT_MON, NEXT_TUE = (date(2026, 3, day) for day in (2, 6, 7, 8, 9, 10))
POLICY = shipped().escalation
MINUTE = timedelta(minutes=1)


def at(on: date, clock: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone).astimezone(UTC)


def rungs(
    tier: Tier,
    since: datetime,
    *,
    tonight: bool = False,
    zone: ZoneInfo = SHANGHAI,
    holidays: frozenset[date] = frozenset(),
) -> tuple[Rung, ...]:
    return ladder(POLICY, tier, tonight=tonight, urgent_since=since, zone=zone, holidays=holidays)


def times(made: tuple[Rung, ...], zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [rung.at.astimezone(zone).strftime("%a %H:%M") for rung in made]


def deadline(
    tier: Tier, since: datetime, *, tonight: bool = False, holidays: frozenset[date] = frozenset()
) -> str:
    by = acknowledge_by(
        POLICY, tier, tonight=tonight, urgent_since=since, zone=SHANGHAI, holidays=holidays
    )
    return by.astimezone(SHANGHAI).strftime("%a %H:%M")


# --- RED


@pytest.mark.req("A-07")
@pytest.mark.parametrize("tier", [Tier.RED_A, Tier.RED_B])
@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (at(MON, "10:00"), ["Mon 10:00", "Mon 10:30", "Mon 11:00", "Mon 12:00"]),
        (at(FRI, "21:30"), ["Fri 21:30", "Fri 22:00", "Fri 22:30", "Fri 23:30"]),
        (at(SAT, "23:45"), ["Sat 23:45", "Sun 00:15", "Sun 00:45", "Sun 01:45"]),
    ],
)
def test_red_climbs_by_the_minute_at_every_hour(
    tier: Tier, since: datetime, expected: list[str]
) -> None:
    assert times(rungs(tier, since)) == expected


@pytest.mark.req("A-07")
def test_red_tells_the_site_at_once_and_the_sponsor_last() -> None:
    made = rungs(Tier.RED_A, at(FRI, "21:30"))

    assert [rung.recipients for rung in made] == [
        (Recipient.COORDINATOR, Recipient.ON_CALL),
        (Recipient.BACKUP, Recipient.PRINCIPAL_INVESTIGATOR),
        (Recipient.PRINCIPAL_INVESTIGATOR,),
        (Recipient.SPONSOR_CONTACT,),
    ]
    assert [rung.phone_task for rung in made] == [False, False, True, False]
    assert [rung.number for rung in made] == [0, 1, 2, 3]
    assert {rung.tier for rung in made} == {Tier.RED_A}


@pytest.mark.req("A-06")
def test_every_rung_of_red_goes_by_two_channels_with_a_text_for_each() -> None:
    for tier in (Tier.RED_A, Tier.RED_B):
        for rung in rungs(tier, at(MON, "10:00")):
            assert set(rung.channels) == {Channel.SMS, Channel.EMAIL}
            for channel in rung.channels:
                text = shipped().text(rung.text_key(channel))
                assert text is not None
                assert text.channel is channel


@pytest.mark.req("A-06")
def test_the_sponsor_is_told_nothing_but_the_site() -> None:
    (rung,) = [one for one in rungs(Tier.RED_B, at(MON, "10:00")) if one.template == "sponsor"]

    for channel in rung.channels:
        text = shipped().text(rung.text_key(channel))
        assert text is not None
        for words in (text.body.zh, text.body.en):
            assert words.count("{") == words.count("{site}") == 1


@pytest.mark.req("A-07")
def test_minutes_are_elapsed_minutes_where_clocks_go_back() -> None:
    since = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45 in summer; 02:00 comes again

    made = rungs(Tier.RED_B, since, zone=BERLIN)

    assert [rung.at - since for rung in made] == [MINUTE * n for n in (0, 30, 60, 120)]


# --- ORANGE


@pytest.mark.req("A-07")
def test_orange_in_office_hours_has_four_hours() -> None:
    since = at(MON, "10:00")

    assert times(rungs(Tier.ORANGE, since)) == ["Mon 10:00", "Mon 14:00"]
    assert deadline(Tier.ORANGE, since) == "Mon 14:00"


@pytest.mark.req("A-07")
@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (at(MON, "17:29"), ["Mon 17:29", "Mon 21:29"]),
        (at(MON, "17:30"), ["Mon 17:30", "Tue 08:30", "Tue 12:30"]),
        (at(MON, "08:29"), ["Mon 08:29", "Mon 08:30", "Mon 12:30"]),
        (at(MON, "08:30"), ["Mon 08:30", "Mon 12:30"]),
        (at(MON, "00:00"), ["Mon 00:00", "Mon 08:30", "Mon 12:30"]),
        (at(FRI, "21:30"), ["Fri 21:30", "Mon 08:30", "Mon 12:30"]),
        (at(SUN, "12:00"), ["Sun 12:00", "Mon 08:30", "Mon 12:30"]),
    ],
)
def test_other_orange_is_told_at_once_and_waits_for_the_site_to_open(
    since: datetime, expected: list[str]
) -> None:
    assert times(rungs(Tier.ORANGE, since)) == expected


@pytest.mark.req("A-07")
def test_a_holiday_is_no_working_day() -> None:
    holidays = frozenset({NEXT_MON})

    made = rungs(Tier.ORANGE, at(FRI, "21:30"), holidays=holidays)

    assert times(made) == ["Fri 21:30", "Tue 08:30", "Tue 12:30"]
    assert deadline(Tier.ORANGE, at(NEXT_MON, "10:00"), holidays=holidays) == "Tue 08:30"
    assert deadline(Tier.YELLOW, at(FRI, "20:00"), holidays=holidays) == "Tue 12:00"


# --- ORANGE, tonight


@pytest.mark.req("A-07")
@pytest.mark.parametrize(
    ("since", "expected", "by"),
    [
        (
            at(FRI, "21:30"),
            ["Fri 21:30", "Fri 22:30", "Fri 23:00", "Fri 23:30", "Sat 00:00", "Sat 01:00"],
            "Fri 22:30",
        ),
        (
            at(SUN, "10:00"),
            ["Sun 10:00", "Sun 11:00", "Sun 14:00", "Sun 23:00", "Sun 23:30", "Mon 00:00",
             "Mon 01:00"],
            "Sun 11:00",
        ),
        (
            at(FRI, "22:45"),
            ["Fri 22:45", "Fri 23:00", "Fri 23:30", "Sat 00:00", "Sat 01:00"],
            "Fri 23:30",
        ),
        (at(FRI, "23:00"), ["Fri 23:00", "Fri 23:30", "Sat 00:00", "Sat 01:00"], "Fri 23:30"),
        (at(SAT, "00:00"), ["Sat 00:00", "Sat 00:30", "Sat 01:00", "Sat 02:00"], "Sat 00:30"),
        (at(SAT, "05:59"), ["Sat 05:59", "Sat 06:29", "Sat 06:59", "Sat 07:59"], "Sat 06:29"),
    ],
)  # fmt: skip
def test_orange_of_tonight_has_an_hour_and_is_red_from_23_00(
    since: datetime, expected: list[str], by: str
) -> None:
    assert times(rungs(Tier.ORANGE, since, tonight=True)) == expected
    assert deadline(Tier.ORANGE, since, tonight=True) == by


@pytest.mark.req("A-07")
def test_from_23_00_on_it_is_climbed_and_called_as_red() -> None:
    made = rungs(Tier.ORANGE, at(FRI, "21:30"), tonight=True)

    assert [rung.tier for rung in made] == [Tier.ORANGE] * 2 + [Tier.RED_B] * 4
    assert made[-1].recipients == (Recipient.SPONSOR_CONTACT,)


@pytest.mark.req("A-07")
def test_the_night_begins_at_23_00_also_where_clocks_change() -> None:
    since = at(date(2026, 3, 28), "22:30", BERLIN)  # 02:00 to 03:00 is left out that night

    made = rungs(Tier.ORANGE, since, tonight=True, zone=BERLIN)

    assert times(made, BERLIN) == ["Sat 22:30", "Sat 23:00", "Sat 23:30", "Sun 00:00", "Sun 01:00"]


@pytest.mark.req("A-07")
def test_red_stays_red_whether_of_tonight_or_not() -> None:
    since = at(FRI, "21:30")

    assert rungs(Tier.RED_A, since, tonight=True) == rungs(Tier.RED_A, since)


# --- Calls


@pytest.mark.req("A-06", "A-07")
def test_phones_ring_at_once_and_every_five_minutes_from_then() -> None:
    since = at(FRI, "21:30")
    made = rungs(Tier.RED_A, since)

    ring_at, ringing = since, []
    for _ in range(4):
        following = next_call_at(made, climbed=1, now=ring_at)
        assert following
        ring_at = following
        ringing.append(ring_at)

    assert ringing == [since + MINUTE * minutes for minutes in (5, 10, 15, 20)]
    # After an outage the next round keeps the beat, and none is made up for.
    assert next_call_at(made, climbed=2, now=since + MINUTE * 61) == since + MINUTE * 65


@pytest.mark.req("A-06", "A-07")
def test_those_are_called_whose_step_has_come_and_never_the_sponsor() -> None:
    made = rungs(Tier.RED_A, at(FRI, "21:30"))

    called = [calling(made, climbed=climbed) for climbed in range(len(made) + 1)]

    assert [len(one) for one in called] == [0, 1, 2, 3, 3]
    assert Recipient.SPONSOR_CONTACT in made[-1].recipients
    assert called[2][1].recipients == (Recipient.BACKUP, Recipient.PRINCIPAL_INVESTIGATOR)


@pytest.mark.req("A-07")
def test_orange_calls_nobody_until_it_is_climbed_as_red_at_night() -> None:
    since = at(FRI, "21:30")

    made = rungs(Tier.ORANGE, since, tonight=True)

    by_day = [number for number, rung in enumerate(made, start=1) if rung.calls is None]
    assert next_call_at(made, climbed=max(by_day), now=since) is None
    assert next_call_at(made, climbed=max(by_day) + 1, now=at(FRI, "23:00")) == at(FRI, "23:05")
    assert next_call_at(rungs(Tier.YELLOW, since), climbed=1, now=since) is None


# --- YELLOW


@pytest.mark.req("A-07")
@pytest.mark.parametrize(
    ("since", "expected", "by"),
    [
        (at(MON, "12:00"), ["Wed 12:00"], "Tue 12:00"),
        (at(FRI, "21:30"), ["Tue 12:00"], "Mon 12:00"),
        (at(SUN, "12:00"), ["Tue 12:00"], "Mon 12:00"),
    ],
)
def test_yellow_is_for_the_next_working_day(since: datetime, expected: list[str], by: str) -> None:
    made = rungs(Tier.YELLOW, since)

    assert times(made) == expected
    assert [rung.recipients for rung in made] == [(Recipient.INVESTIGATOR,)]
    assert POLICY.is_in_digest(Tier.YELLOW)
    assert deadline(Tier.YELLOW, since) == by


@pytest.mark.req("A-07")
def test_a_local_time_stays_the_same_over_a_clock_change() -> None:
    since = at(date(2026, 3, 27), "21:30", BERLIN)  # clocks go forward on Sunday

    assert times(rungs(Tier.YELLOW, since, zone=BERLIN), BERLIN) == ["Tue 12:00"]


# --- Climbing


@pytest.mark.req("A-07")
def test_the_clock_alone_climbs_the_ladder() -> None:
    since = at(FRI, "21:30")
    made = rungs(Tier.RED_B, since)

    assert due_rungs(made, climbed=0, now=since - MINUTE) == ()
    assert due_rungs(made, climbed=0, now=since) == made[:1]
    assert next_rung_at(made, climbed=1) == since + 30 * MINUTE
    assert due_rungs(made, climbed=1, now=since + 29 * MINUTE) == ()
    assert due_rungs(made, climbed=1, now=since + 30 * MINUTE) == made[1:2]
    assert next_rung_at(made, climbed=4) is None


@pytest.mark.req("A-07")
def test_after_an_outage_all_the_rungs_that_were_missed_are_told() -> None:
    made = rungs(Tier.RED_B, at(FRI, "21:30"))

    assert due_rungs(made, climbed=1, now=at(SUN, "12:00")) == made[1:]


@pytest.mark.req("A-07")
@given(
    st.sampled_from(Tier),
    st.booleans(),
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001  UTC is put on below
    ZONES,
)
def test_every_flag_has_a_ladder_in_order_that_ends_with_another_person(
    tier: Tier, tonight: bool, since: datetime, zone: ZoneInfo
) -> None:
    urgent_since = since.replace(tzinfo=UTC)

    made = rungs(tier, urgent_since, tonight=tonight, zone=zone)

    assert [rung.number for rung in made] == list(range(len(made)))
    assert [rung.at for rung in made] == sorted(rung.at for rung in made)
    assert tier is Tier.YELLOW or made[0].at == urgent_since
    assert len(made) >= (1 if POLICY.is_in_digest(tier) else 2)
    physicians = set(Recipient) - {Recipient.COORDINATOR, Recipient.SPONSOR_CONTACT}
    assert any(physicians & set(rung.recipients) for rung in made)
    by = acknowledge_by(POLICY, tier, tonight=tonight, urgent_since=urgent_since, zone=zone)
    assert by <= made[-1].at
    assert made[0].at <= by or POLICY.is_in_digest(tier)


@pytest.mark.req("A-07")
def test_a_flag_without_a_ladder_is_an_error() -> None:
    none = replace(POLICY, ladders=())

    with pytest.raises(LookupError, match="RED_A"):
        ladder(none, Tier.RED_A, tonight=False, urgent_since=at(MON, "10:00"), zone=SHANGHAI)
