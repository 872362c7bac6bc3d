"""Number and time of reminders follow from anchors and policy alone, whoever the participant is."""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.models import Assessment, Participant, Reminder
from epro.services import anchors, reminders, studies
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.factories import SYSTEM, add_participant, add_site, shipped_package
from tests.services.given import Given, begin

DAYS = timedelta(days=4)


def somebody_else(session: Session, given: Given, chance: Random) -> Participant:
    """Enrol somebody at another site who differs in all that is known of a person."""
    site = add_site(session, "GZ09")
    studies.activate(session, SYSTEM, site, given.version, from_on=date(2026, 1, 1), now=START)
    return add_participant(
        session, site, f"GZ09-{chance.randrange(1000):03d}",
        language=Language.EN, zone=given.participant.zone,
        thermometer_route=ThermometerRoute.EAR,
        enrolled_at=START - timedelta(days=chance.randrange(12, 30)),
        activated_at=START - timedelta(days=chance.randrange(1, 10)),
    )  # fmt: skip


def tick_until(session: Session, given: Given, instant: datetime) -> None:
    """Run the tick whenever something falls due, as the worker does within seconds."""
    while True:
        session.expire_all()
        at = session.scalar(select(func.min(Assessment.next_reminder_at)))
        if at is None or at >= instant:
            return
        reminders.remind(session, catalogue=given.catalogue, now=at)


def reminders_of(session: Session, her: Participant) -> list[tuple[object, ...]]:
    rows = session.execute(
        select(
            Assessment.block, Assessment.planned_on, Reminder.step, Reminder.due_at,
            Reminder.decided_at, Reminder.template, Reminder.template_version, Reminder.channel,
            Reminder.skipped_reason,
        )
        .join(Assessment, Assessment.id == Reminder.assessment_id)
        .where(Assessment.participant_id == her.id)
        .order_by(Reminder.due_at, Assessment.block, Reminder.step)
    )  # fmt: skip
    return [tuple(row) for row in rows]


@pytest.mark.req("B-02", "N-06")
@pytest.mark.parametrize("seed", range(2))
def test_equal_anchors_bring_equal_reminders(session: Session, seed: int) -> None:
    chance = Random(seed)
    given = begin(session, package=shipped_package())
    infused_at = START + timedelta(minutes=chance.randrange(24 * 60))
    again_at = infused_at + timedelta(days=chance.randrange(26, 36))
    both = (given.participant, somebody_else(session, given, chance))
    for event, at in ((AnchorEvent.INF1, infused_at), (AnchorEvent.INF2, again_at)):
        for her in both:
            anchors.record(
                session, SYSTEM, her, event, occurred_at=at, reason=None,
                catalogue=given.catalogue, now=at,
            )  # fmt: skip
        tick_until(session, given, at + DAYS)

    hers, the_others = (reminders_of(session, her) for her in both)

    assert len(hers) > 15
    assert hers == the_others
