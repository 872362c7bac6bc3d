"""The daily mail to a site: how many wait, once a day, at its own hour, never on a free day."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.db import Database
from epro.errors import InvalidInput
from epro.models import Digest, Incident, IncidentKind, JournalEntry, SafetyFlag, Site
from epro.services import digests, sites
from notifications.messages import ChannelName, OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.tiers import Tier
from tests.factories import (
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    shipped_package,
)
from tests.services.given import local
from tests.services.together import at_once

FRIDAY, SATURDAY, MONDAY = (date(2026, 3, day) for day in (6, 7, 9))
WORKED_SATURDAY, FREE_MONDAY = date(2026, 5, 9), date(2026, 5, 4)


class Office:
    """A site with a coordinator, and the flags that wait in its inbox."""

    def __init__(self, session: Session, *, has_coordinator: bool = True) -> None:
        self.site = add_site(session)
        self.version = add_study_version(session, self.site)
        self.participant = add_participant(session, self.site, "SZ01-014")
        self.catalogue = Catalogue({self.version.id: shipped_package()})
        add_user(session, "wang.fang", roles=[Role.INVESTIGATOR])
        if has_coordinator:
            add_user(session, "li.na")

    def flag(self, session: Session, tier: Tier = Tier.YELLOW, **facts: Any) -> SafetyFlag:
        raised = local(FRIDAY, 7)
        flag = SafetyFlag(
            id=uuid4(), participant_id=self.participant.id, site_id=self.site.id,
            study_version_id=self.version.id, tier=tier, tonight=False, possible_serious=False,
            raised_at=raised, urgent_since=raised, **facts,
        )  # fmt: skip
        session.add(flag)
        session.flush()
        return flag

    def send(self, session: Session, now: datetime) -> int:
        return digests.send(session, catalogue=self.catalogue, now=now)


def mails(session: Session) -> list[OutboxMessage]:
    query = select(OutboxMessage).where(OutboxMessage.purpose == digests.PURPOSE)
    return list(session.scalars(query.order_by(OutboxMessage.created_at)))


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


@pytest.mark.req("A-07", "C-01")
def test_at_the_sites_hour_one_mail_says_how_many_wait_and_nothing_else(
    session: Session, office: Office
) -> None:
    for _ in range(3):
        office.flag(session)

    office.send(session, local(FRIDAY, 8, 29))
    before = len(mails(session))
    for minute in range(30, 60):
        office.send(session, local(FRIDAY, 8, minute))
    office.send(session, local(FRIDAY, 23, 59))

    (mail,) = mails(session)
    assert before == 0
    assert (mail.channel, mail.created_at) == (ChannelName.EMAIL, local(FRIDAY, 8, 30))
    assert mail.params == {"site": "SZ01", "count": "3", "link": "/console/flags"}
    text = shipped_package().text(mail.template)
    assert text
    assert "SZ01-014" not in f"{text.body} {mail.params}"
    assert session.scalars(
        select(JournalEntry.verb).where(JournalEntry.entity_type == "digest")
    ).all() == ["digest.sent"]


@pytest.mark.req("A-07")
def test_what_is_red_orange_taken_or_closed_is_not_counted(
    session: Session, office: Office
) -> None:
    for tier in (Tier.RED_A, Tier.RED_B, Tier.ORANGE):
        office.flag(session, tier)
    office.flag(session, acknowledged_at=local(FRIDAY, 8))
    office.flag(session, closed_at=local(FRIDAY, 8))

    office.send(session, local(FRIDAY, 9))

    assert mails(session) == []
    assert session.scalars(select(Digest.flag_count)).all() == [0]


@pytest.mark.req("A-07")
def test_what_still_waits_is_told_again_on_the_next_working_day(
    session: Session, office: Office
) -> None:
    office.flag(session)
    for on in (FRIDAY, SATURDAY, SATURDAY + timedelta(days=1), MONDAY):
        office.send(session, local(on, 12))

    assert [one.created_at for one in mails(session)] == [local(FRIDAY, 12), local(MONDAY, 12)]


@pytest.mark.req("A-07", "C-05")
@pytest.mark.parametrize(("on", "count"), [(FREE_MONDAY, 0), (WORKED_SATURDAY, 1)])
def test_holidays_and_worked_weekends_are_kept(
    session: Session, office: Office, on: date, count: int
) -> None:
    office.flag(session)

    office.send(session, local(on, 12))

    assert len(mails(session)) == count


@pytest.mark.req("A-07")
def test_the_hour_is_the_sites_own(session: Session, office: Office) -> None:
    office.flag(session)
    sites.set_alerting(session, SYSTEM, office.site, digest_at="10:15", now=local(FRIDAY, 8))

    office.send(session, local(FRIDAY, 10, 14))
    assert mails(session) == []
    office.send(session, local(FRIDAY, 10, 15))
    assert len(mails(session)) == 1


@pytest.mark.parametrize("clock", ["8:15", "25:00", "10:15:00", "morning", ""])
def test_an_hour_that_is_none_is_refused(session: Session, office: Office, clock: str) -> None:
    with pytest.raises(InvalidInput):
        sites.set_alerting(session, SYSTEM, office.site, digest_at=clock, now=local(FRIDAY, 8))


@pytest.mark.req("A-07", "A-14")
def test_without_a_coordinator_the_physicians_are_told_and_it_is_an_incident(
    session: Session,
) -> None:
    office = Office(session, has_coordinator=False)
    office.flag(session)

    office.send(session, local(FRIDAY, 9))

    assert len(mails(session)) == 1
    assert session.scalars(select(Incident.kind)).all() == [IncidentKind.NOBODY_TO_TELL]


@pytest.mark.req("A-07", "A-14")
def test_that_a_site_has_nobody_to_write_to_is_one_incident_until_it_has(session: Session) -> None:
    office = Office(session, has_coordinator=False)
    office.flag(session)
    for on in (FRIDAY, MONDAY):
        office.send(session, local(on, 9))
    before = session.scalars(select(Incident.resolved_at)).all()
    add_user(session, "li.na")
    tuesday = MONDAY + timedelta(days=1)

    office.send(session, local(tuesday, 9))

    assert before == [None]
    assert session.scalars(select(Incident.resolved_at)).all() == [local(tuesday, 9)]


@pytest.mark.req("A-07")
def test_of_several_workers_in_the_same_instant_one_writes(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        office = Office(session)
        office.flag(session)

    def work() -> int:
        with fresh_database.transaction() as session:
            return office.send(session, local(FRIDAY, 9))

    assert sorted(at_once(work, work, work)) == [0, 0, 1]
    with fresh_database.reading() as session:
        assert len(mails(session)) == 1
        assert session.scalars(select(Site.code)).all() == ["SZ01"]
