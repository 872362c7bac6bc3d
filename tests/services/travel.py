"""A journey through time zones on the real services: what fell due, what left, at which minute.

python -m tests.services.travel        writes travel.txt anew; read what changed
"""

import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.db import Database
from epro.migrate import upgrade
from epro.models import Assessment, Participant, Reminder
from epro.services import personal_times, reminders
from epro.services.studies import Studies
from epro.services.telling import Telling
from notifications.dispatch import Dispatcher
from notifications.means import Means
from notifications.messages import ChannelName
from notifications.texts import Text
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent
from tests.clock import FrozenClock
from tests.factories import SYSTEM, add_user, make_keyring, shipped_package, user_actor
from tests.notifications.post import Provider
from tests.services.given import begin, local
from tests.services.line import Line

GOLDEN = Path(__file__).with_name("travel.txt")
INFUSED_ON = date(2026, 3, 1)
INFUSED_AT = local(INFUSED_ON, 10)
SHENZHEN, URUMQI, LONDON = "Asia/Shanghai", "Asia/Urumqi", "Europe/London"
HEAD = """\
Infused in Shenzhen on 2026-03-01 10:00. Lands in Urumqi on 03-05 15:00 (two hours behind), in
London on 03-26 16:00 (eight hours behind; there clocks go forward in the night to 03-29, her D29),
in Shenzhen on 04-01 12:00. Answers the diary of 03-06 at 18:30 and that of 03-28 before it is
reminded of, and nothing else. On the left UTC, then her own clock; a step is named by its block and
the day that it belongs to. Steps of one minute share one message.

"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of reminding, or one thing that she did."""

    at: datetime
    zone: str
    step: str
    outcome: str

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.zone))

    def __str__(self) -> str:
        return (
            f"{self.at.astimezone(UTC):%m-%d %H:%M}Z  {self.local:%m-%d %H:%M} {self.zone:<14} "
            f"{self.step:<22} {self.outcome}"
        ).rstrip()


class Journey:
    """One participant, the clock, and everything that her reminders go through."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock, self.wall = database, clock, FrozenClock()
        self.sms = Provider(self.wall, "SM")
        self.lines: list[Entry] = []
        self._studies, keyring = Studies(), make_keyring()
        with database.transaction() as session:
            given = begin(session, package=shipped_package())
            people = [
                add_user(session, name, roles=[role]).user
                for name, role in (("li.min", Role.COORDINATOR), ("wang", Role.INVESTIGATOR))
            ]
            given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
        coordinator, investigator = map(user_actor, people)
        self.line = Line(given=given, coordinator=coordinator, investigator=investigator)
        means = Means(
            channels={ChannelName.SMS: self.sms, ChannelName.EMAIL: Provider(self.wall, "EM")},
            directory=lambda _recipient, _channel: "+8613800138014",
            texts=lambda template, _edition, _language: Text(template),
        )
        self._dispatcher = Dispatcher(
            database, means, now=clock, wall_now=self.wall,
            hooks=Telling(self._studies, keyring), chance=lambda: 0.0,
        )  # fmt: skip

    def until(self, instant: datetime) -> None:
        """Let everything happen that falls due before an instant, each at its own minute."""
        while (at := self._next_at()) is not None and at < instant:
            self.clock.set(max(at, self.clock()))
            with self.database.transaction() as session:
                reminders.remind(session, catalogue=self._catalogue(session), now=self.clock())
            self._dispatcher.run()
            self._note()
        self.clock.set(instant)

    def land_in(self, zone: str, at: datetime) -> None:
        """Arrive: her phone says so, and what has not opened follows her."""
        self.until(at)
        with self.database.transaction() as session:
            participant = session.get_one(Participant, self.line.given.participant.id)
            personal_times.move_to_zone(
                session, SYSTEM, participant, zone,
                reason=None, catalogue=self._catalogue(session), now=at,
            )  # fmt: skip
        self.lines.append(Entry(at, zone, "-- lands --", ""))

    def answer(self, on: date, at: datetime) -> None:
        """Fill in the diary of a day."""
        self.until(at)
        with self.database.transaction() as session:
            self.line.answer(session, self.line.diary_on(session, on), now=at)
        self.lines.append(Entry(at, self._zone, f"-- diary {on:%m-%d} --", "answered"))

    def listing(self) -> str:
        return HEAD + "\n".join(map(str, self.lines)) + "\n"

    @property
    def _zone(self) -> str:
        with self.database.reading() as session:
            return session.get_one(Participant, self.line.given.participant.id).zone

    def _next_at(self) -> datetime | None:
        with self.database.reading() as session:
            return session.scalar(select(func.min(Assessment.next_reminder_at)))

    def _catalogue(self, session: Session) -> Catalogue:
        return self._studies.catalogue(session)

    def _note(self) -> None:
        with self.database.reading() as session:
            rows = session.execute(
                select(Reminder, Assessment)
                .join(Assessment, Assessment.id == Reminder.assessment_id)
                .where(Reminder.decided_at == self.clock())
                .order_by(Reminder.due_at, Assessment.block, Reminder.step)
            ).all()
        for reminder, assessment in rows:
            step = f"{assessment.block}.{reminder.step} {assessment.planned_on:%m-%d}"
            said = reminder.skipped_reason or reminder.not_sent_reason
            outcome = f"skipped: {said}" if said else f"sent {reminder.template}"
            self.lines.append(Entry(self.clock(), self._zone, step, outcome))


def fly(journey: Journey) -> None:
    """Shenzhen, Urumqi, London over the night of the clock change, and back."""
    urumqi, london = ZoneInfo(URUMQI), ZoneInfo(LONDON)
    journey.land_in(URUMQI, datetime(2026, 3, 5, 15, tzinfo=urumqi))
    journey.answer(date(2026, 3, 6), datetime(2026, 3, 6, 18, 30, tzinfo=urumqi))
    journey.land_in(LONDON, datetime(2026, 3, 26, 16, tzinfo=london))
    journey.answer(date(2026, 3, 28), datetime(2026, 3, 28, 17, 40, tzinfo=london))
    journey.land_in(SHENZHEN, local(date(2026, 4, 1), 12))
    journey.until(local(date(2026, 4, 4), 12))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/journey.sqlite"
        upgrade(url)
        journey = Journey(Database(url), FrozenClock())
        fly(journey)
        GOLDEN.write_text(journey.listing(), encoding="utf-8")
    sys.stderr.write(f"Written: {GOLDEN}. Read what changed.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
