"""The roster entered on a page: gaps are named, free days marked, deputies laid over."""

from zoneinfo import ZoneInfo

import pytest
from lxml import html
from sqlalchemy import func, select

from epro.access import Role
from epro.models import Duty, Roster, RosterShift
from tests.api.world import HERE, THERE, World
from tests.web.cases_day import a_roster
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("C-05")
DAYS = "site=SZ01&from_on=2026-07-03&to_on=2026-07-04"


def count(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count(Roster.id))) or 0


def test_a_roster_with_gaps_is_refused_and_each_gap_is_named(world: World) -> None:
    browser, before = world.sign_in_to_console(Role.COORDINATOR), count(world)
    left_out = {"backup-2026-07-03": "", "on_call-2026-07-04": ""}

    answer = send(browser, "/rosters", **a_roster(**left_out))

    text = text_of(answer)
    assert answer.status_code == 422
    assert "一线: 2026-07-04 00:00 – 2026-07-05 00:00" in text
    assert "二线: 2026-07-03 00:00 – 2026-07-04 00:00" in text
    fields = html.fromstring(answer.text).forms[-1].fields
    assert fields["on_call-2026-07-03"] == Role.INVESTIGATOR
    assert fields["on_call-2026-07-04"] == ""
    assert count(world) == before


def test_a_deputy_lies_over_the_hours_of_somebody_away_and_the_form_shows_it_is_kept(
    world: World,
) -> None:
    browser, before = world.sign_in_to_console(Role.COORDINATOR), count(world)
    deputy = {
        "deputy-2-person": str(Role.INVESTIGATOR), "deputy-2-duty": "backup",
        "deputy-2-begins_at": "2026-07-04T09:00", "deputy-2-ends_at": "2026-07-04T12:00",
    }  # fmt: skip

    twice = send(browser, "/rosters", **a_roster(**deputy))
    swapped = {
        "on_call-2026-07-04": str(Role.PRINCIPAL_INVESTIGATOR),
        "backup-2026-07-04": str(Role.INVESTIGATOR),
    }
    taken = send(browser, "/rosters", **a_roster(**swapped, **deputy))

    assert twice.status_code == 422  # nobody is one's own backup
    (field,) = html.fromstring(twice.text).xpath("//*[@name='on_call-2026-07-04']")
    assert field.get("aria-invalid") == "true"
    assert "同一人" in text_of(twice)
    assert html.fromstring(twice.text).forms[-1].fields["deputy-2-begins_at"] == "2026-07-04T09:00"
    assert taken.status_code == 303, text_of(taken)
    assert count(world) == before + 1
    with world.database.reading() as session:
        newest = session.scalars(select(Roster).order_by(Roster.number.desc())).all()[0]
        kept = session.scalars(
            select(RosterShift).where(RosterShift.roster_id == newest.id, RosterShift.is_deputy)
        ).one()
    assert kept.duty is Duty.BACKUP
    assert f"{kept.begins_at:%H:%M} {kept.ends_at:%H:%M}" == "01:00 04:00"
    shown = html.fromstring(browser.get(f"{CONSOLE}/rosters/new?{DAYS}").text)
    assert shown.forms[-1].fields["backup-2026-07-04"] == Role.INVESTIGATOR
    assert "休息日" not in shown.xpath("string(//legend[contains(., '2026-07-03')])")
    assert "休息日" in shown.xpath("string(//legend[contains(., '2026-07-04')])")


@pytest.mark.parametrize(
    ("but", "status"),
    [
        ({"site": THERE}, 404),
        ({"site": "XX99"}, 404),
        ({"from_on": "9999-12-31", "to_on": "9999-12-31"}, 422),
        ({"from_on": ""}, 422),
        ({"from_on": "2026-07-05"}, 422),
        ({"on_call-2026-07-03": "monitor"}, 422),
        ({"deputy-0-person": "investigator", "deputy-0-duty": "backup"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    world: World, but: dict[str, str], status: int
) -> None:
    browser, before = world.sign_in_to_console(Role.COORDINATOR), count(world)

    answer = send(browser, "/rosters", **a_roster(**but))

    assert answer.status_code == status, text_of(answer)
    assert count(world) == before


def test_a_night_is_one_shift_and_goes_on_in_the_roster_that_follows(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    lines = {"on_call-before": str(Role.PRINCIPAL_INVESTIGATOR),
             "backup-before": str(Role.INVESTIGATOR)}  # fmt: skip

    without = send(browser, "/rosters", **a_roster(turns_at="08:00"))
    taken = send(browser, "/rosters", **a_roster(turns_at="08:00", **lines))

    assert "一线: 2026-07-03 00:00 – 2026-07-03 08:00" in text_of(without)
    assert taken.status_code == 303, text_of(taken)
    with world.database.reading() as session:
        newest = session.scalars(select(Roster).order_by(Roster.number.desc())).all()[0]
        kept = session.scalars(
            select(RosterShift)
            .where(RosterShift.roster_id == newest.id, RosterShift.duty == Duty.ON_CALL)
            .order_by(RosterShift.begins_at)
        ).all()
    zone = ZoneInfo("Asia/Shanghai")
    assert [
        tuple(f"{at.astimezone(zone):%d %H:%M}" for at in (one.begins_at, one.ends_at))
        for one in kept
    ] == [("03 00:00", "03 08:00"), ("03 08:00", "04 08:00"), ("04 08:00", "05 00:00")]
    again = html.fromstring(browser.get(f"{CONSOLE}/rosters/new?{DAYS}").text).forms[-1].fields
    assert again["turns_at"] == "08:00"
    assert again["on_call-2026-07-04"] == Role.INVESTIGATOR
    later = "site=SZ01&from_on=2026-07-05&to_on=2026-07-06&turns_at=08:00"
    after = html.fromstring(browser.get(f"{CONSOLE}/rosters/new?{later}").text).forms[-1].fields
    assert after["on_call-before"] == Role.INVESTIGATOR
    assert after["backup-before"] == Role.PRINCIPAL_INVESTIGATOR


@pytest.mark.parametrize("turn", ["", "25:00", "x", "08:00:59.5", "08:00+08:00"])
def test_an_odd_hour_to_hand_over_at_breaks_nothing(world: World, turn: str) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answers = [
        browser.get(f"{CONSOLE}/rosters/new", query_string={"turns_at": turn}),
        send(browser, "/rosters", **a_roster(turns_at=turn)),
    ]

    assert [one.status_code < 500 for one in answers] == [True, True]


@pytest.mark.req("P-06")
def test_only_who_keeps_the_roster_is_led_to_the_form(world: World) -> None:
    hers, not_hers = (
        world.sign_in_to_console(role) for role in (Role.COORDINATOR, Role.INVESTIGATOR)
    )

    pages = [browser.get(f"{CONSOLE}/drills").text for browser in (hers, not_hers)]

    assert [f"/rosters/new?site={HERE}" in page for page in pages] == [True, False]
    assert send(not_hers, "/rosters", **a_roster()).status_code == 403
