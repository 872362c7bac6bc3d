"""The register of breaches, as a tabletop is played: docs/data-protection.md has the script."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.errors import InvalidInput, NotFound
from epro.errors_of_protection import IncidentClosed, IncidentStillOpen
from epro.errors_of_record import AlreadyDecided
from epro.models import (
    DataIncident,
    DataIncidentKind,
    IncidentSeverity,
    JournalEntry,
    Site,
)
from epro.services import data_incidents, site_today, sites
from epro.services.data_incidents import NewIncident, Step, Word
from questionnaires.catalogue import Catalogue
from questionnaires.data_protection import Recipient, Urgency
from tests.factories import SYSTEM, add_site, add_user, shipped_package, user_actor
from tests.services.given import local

pytestmark = pytest.mark.req("X-06")

CATALOGUE = Catalogue({1: shipped_package()})
FOUND_AT = local(date(2026, 3, 2), 9)
LOST = NewIncident(
    kind=DataIncidentKind.LOST_DEVICE, severity=IncidentSeverity.SERIOUS, found_at=FOUND_AT,
    found_by="研究护士", happened="中心的平板昨晚留在病房，今早不见了",
    data_concerned="三位参与者的未提交日记", is_exercise=True,
)  # fmt: skip


@pytest.fixture
def site(session: Session) -> Site:
    return add_site(session)


@pytest.fixture
def nurse(session: Session, site: Site) -> Actor:
    return user_actor(add_user(session, "li.min").user)


def at(hours: float) -> datetime:
    return FOUND_AT + timedelta(hours=hours)


def entered(session: Session, actor: Actor, hours: float = 0.5, **but: Any) -> DataIncident:
    return data_incidents.record(
        session, actor, "SZ01", replace(LOST, **but), catalogue=CATALOGUE, now=at(hours)
    )


def step(session: Session, actor: Actor, row: DataIncident, hours: float, **said: Any) -> None:
    usual: dict[str, Any] = {"words": "处置", "taken_at": at(hours), "taken_by": "研究护士"}
    taken = Step(**(usual | said))
    data_incidents.take_step(session, actor, row.id, taken, catalogue=CATALOGUE, now=at(hours))


def settle(
    session: Session, actor: Actor, row: DataIncident, to: Recipient, hours: float, **word: Any
) -> None:
    said = Word(**word) if word else Word(told_at=at(hours), proof="电话及邮件")
    data_incidents.settle_notice(
        session, actor, row.id, to, said, catalogue=CATALOGUE, now=at(hours)
    )


def close(session: Session, actor: Actor, row: DataIncident, hours: float = 40) -> DataIncident:
    return data_incidents.close(
        session, actor, row.id, cause="没有登记归还", prevention="每晚清点并锁柜",
        catalogue=CATALOGUE, now=at(hours),
    )  # fmt: skip


def still_open(session: Session, actor: Actor, row: DataIncident) -> list[str]:
    with pytest.raises(IncidentStillOpen) as refused:
        close(session, actor, row)
    return list(refused.value.details["open"])


def test_a_tabletop_is_played_from_the_find_to_the_end(
    session: Session, site: Site, nurse: Actor
) -> None:
    """Each act is a line of the script."""
    row = entered(session, nurse)
    due = {one.recipient: one.due_at for one in data_incidents.notices_of(session, row)}
    assert due == {
        Recipient.DATA_PROTECTION_OFFICER: at(4), Recipient.SPONSOR: at(24),
        Recipient.ETHICS_COMMITTEE: at(24), Recipient.REGULATOR: at(24),
        Recipient.PERSONS: at(24),
    }  # fmt: skip
    step(session, nurse, row, 1, words="吊销了平板的登录")
    settle(session, nurse, row, Recipient.DATA_PROTECTION_OFFICER, 1.5)
    assert still_open(session, nurse, row) == [
        "containment", "persons_counted", "sponsor", "ethics_committee", "regulator", "persons",
    ]  # fmt: skip

    step(
        session, nurse, row, 3, words="远程擦除，平板已加密", is_contained=True, person_count=3,
        severity=IncidentSeverity.MINOR,
    )  # fmt: skip
    for recipient in (Recipient.SPONSOR, Recipient.ETHICS_COMMITTEE, Recipient.REGULATOR):
        settle(session, nurse, row, recipient, 5)
    assert still_open(session, nurse, row) == ["persons"]
    settle(session, nurse, row, Recipient.PERSONS, 6, not_needed_because="已加密并擦除，无危害")
    closed = close(session, nurse, row)

    assert (closed.contained_at, closed.person_count) == (at(3), 3)
    assert closed.severity is IncidentSeverity.MINOR
    assert [one.words for one in data_incidents.steps_of(session, row)] == [
        "吊销了平板的登录", "远程擦除，平板已加密",
    ]  # fmt: skip
    verbs = list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))
    of_it = [one for one in verbs if one.startswith("data_incident.")]
    assert of_it[0] == "data_incident.recorded"
    assert of_it[-1] == "data_incident.closed"
    assert of_it.count("data_incident.step_taken") == 2
    assert of_it.count("data_incident.notice_settled") == 5
    with pytest.raises(IncidentClosed):
        step(session, nurse, row, 41)


def test_exercises_are_listed_apart(session: Session, site: Site, nurse: Actor) -> None:
    exercise, real = entered(session, nurse), entered(session, nurse, is_exercise=False)

    def listed(*, is_exercise: bool) -> list[Any]:
        found = data_incidents.list_of(session, nurse, is_exercise=is_exercise)
        return [one.incident.id for one in found]

    assert listed(is_exercise=True) == [exercise.id]
    assert listed(is_exercise=False) == [real.id]


def test_today_warns_before_an_hour_and_after_it(
    session: Session, site: Site, nurse: Actor
) -> None:
    sites.set_data_protection(session, SYSTEM, site, breach_hours=72, now=FOUND_AT)
    row = entered(session, nurse, is_exercise=False)
    settle(session, nurse, row, Recipient.DATA_PROTECTION_OFFICER, 1)

    def today(hours: float) -> list[Urgency]:
        found = site_today.of_site(session, nurse, catalogue=CATALOGUE, now=at(hours))
        return [one.urgency(at(hours)) for one in found.incidents]

    assert [today(hours) for hours in (17, 18, 24)] == [[], [Urgency.SOON], [Urgency.OVERDUE]]
    for recipient in (Recipient.SPONSOR, Recipient.ETHICS_COMMITTEE):
        settle(session, nurse, row, recipient, 25)
    assert [today(hours) for hours in (65, 66, 72)] == [[], [Urgency.SOON], [Urgency.OVERDUE]]


@pytest.mark.req("B-03", "B-05")
@pytest.mark.parametrize("words", ["她在高剂量组", "got placebo", "他说输的是盐水"])
def test_that_a_blind_was_broken_is_entered_and_what_became_known_is_refused(
    session: Session, site: Site, nurse: Actor, words: str
) -> None:
    broken: dict[str, Any] = {"kind": DataIncidentKind.BLIND_BROKEN, "person_count": 1}
    with pytest.raises(InvalidInput) as refused:
        entered(session, nurse, happened=words, **broken)
    row = entered(session, nurse, happened="药师在电话里说漏了", **broken)
    with pytest.raises(InvalidInput):
        step(session, nurse, row, 1, words=words)
    for word in ({"not_needed_because": words}, {"told_at": at(1), "proof": words},
                 {"not_needed_because": "已控制", "proof": words}):  # fmt: skip
        with pytest.raises(InvalidInput):
            settle(session, nurse, row, Recipient.SPONSOR, 1, **word)

    assert [one["place"] for one in refused.value.details["problems"]] == ["happened"]
    assert words not in " ".join(session.scalars(select(JournalEntry.body)))


@pytest.mark.parametrize(
    ("but", "place"),
    [
        ({"found_at": at(1)}, "found_at"),
        ({"happened": ""}, "happened"),
        ({"data_concerned": "号码 13800138000"}, "data_concerned"),
        ({"person_count": -1}, "person_count"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(
    session: Session, site: Site, nurse: Actor, but: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        entered(session, nurse, **but)

    assert [one["place"] for one in refused.value.details["problems"]] == [place]


def test_what_was_told_stays_and_who_was_not_needed_can_be_told_after_all(
    session: Session, site: Site, nurse: Actor
) -> None:
    row = entered(session, nurse)
    for wrong in ({"told_at": at(1), "proof": ""}, {"proof": "x"}, {"told_at": at(9), "proof": "x"},
                  {"told_at": at(1), "proof": "x", "not_needed_because": "y"},
                  {"not_needed_because": "y", "proof": "13800138000"}):  # fmt: skip
        with pytest.raises(InvalidInput):
            settle(session, nurse, row, Recipient.REGULATOR, 2, **wrong)
    settle(session, nurse, row, Recipient.REGULATOR, 2, not_needed_because="已加密")
    settle(session, nurse, row, Recipient.REGULATOR, 3, not_needed_because="已加密")
    settle(session, nurse, row, Recipient.REGULATOR, 4, told_at=at(4), proof="回执")

    with pytest.raises(AlreadyDecided):
        settle(session, nurse, row, Recipient.REGULATOR, 5, told_at=at(5), proof="回执")
    with pytest.raises(AlreadyDecided):
        settle(session, nurse, row, Recipient.REGULATOR, 5, not_needed_because="其实不用")


def test_a_step_is_never_changed(session: Session, site: Site, nurse: Actor) -> None:
    row = entered(session, nurse)
    step(session, nurse, row, 1)

    with pytest.raises(DBAPIError, match="never changed or removed"), session.begin_nested():
        session.execute(text("DELETE FROM data_incident_step"))
    with pytest.raises(InvalidInput):
        data_incidents.take_step(
            session, nurse, row.id, Step(words="x", taken_at=at(-1), taken_by="x"),
            catalogue=CATALOGUE, now=at(1),
        )  # fmt: skip


def test_another_site_sees_nothing_of_it_and_a_monitor_enters_nothing(
    session: Session, site: Site, nurse: Actor
) -> None:
    row = entered(session, nurse)
    add_site(session, "GZ01")
    stranger = user_actor(add_user(session, "from.gz", site="GZ01").user)
    monitor = user_actor(add_user(session, "mo.nitor", roles=[Role.MONITOR]).user)

    assert data_incidents.list_of(session, stranger) == []
    with pytest.raises(NotFound):
        data_incidents.get(session, stranger, row.id)
    assert data_incidents.get(session, monitor, row.id).incident.id == row.id
    for actor in (stranger, monitor):
        with pytest.raises(NotFound):
            entered(session, actor)
        with pytest.raises(NotFound):
            step(session, actor, row, 1)


@pytest.mark.parametrize("wrong", [{"request_days": 31}, {"request_days": 0}, {"breach_hours": 73}])
def test_a_site_cannot_give_itself_more_than_the_law_does(
    session: Session, site: Site, wrong: dict[str, int]
) -> None:
    with pytest.raises(InvalidInput):
        sites.set_data_protection(session, SYSTEM, site, **wrong, now=FOUND_AT)
