"""One participant's way through the trial, played against a running system day by day."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from tests.blackbox.people import (
    ZONE,
    Phone,
    assessments_of,
    enrolled_phone,
    record_anchor,
    responses_of,
)
from tests.blackbox.system import System

EVENING = time(19, 2)
MORNING = time(10, 0)
FIVE_DAYS = ("D1", "D2", "D3", "D4", "D5")
TOO_EARLY = "the ward's list showed the planned day"
TOO_LATE = "the infusion protocol shows an earlier day"


@dataclass(frozen=True, slots=True)
class Chapter:
    """How things stood at one moment: the day of the infusion, what was due, what was answered."""

    name: str
    now: datetime
    infused_on: str
    last_day_on: str
    assessments: list[dict[str, Any]]
    responses: list[dict[str, Any]]


@dataclass(slots=True)
class Story:
    """Enrolled, infused on the fourth day after, five diaries answered, the anchor corrected twice:
    to two days later, and then to two days before what was recorded first.
    """

    phone: Phone
    chapters: list[Chapter] = field(default_factory=list)

    @classmethod
    def play(cls, system: System) -> "Story":
        story = cls(enrolled_phone(system))
        first_on = system.now().astimezone(ZONE).date()

        def at(days: int, clock: time) -> datetime:
            return datetime.combine(first_on + timedelta(days=days), clock, tzinfo=ZONE)

        record_anchor(story.phone, "INF1_PLANNED", at(4, MORNING))
        for days in range(1, 4):
            system.move_to(at(days, EVENING))
        system.move_to(at(4, MORNING) + timedelta(minutes=5))
        record_anchor(story.phone, "INF1", at(4, MORNING))
        for days in range(4, 9):
            story._answer_on(at(days, EVENING))
        story._remember("answered", at(4, MORNING))

        system.move_to(at(9, MORNING))
        record_anchor(story.phone, "INF1", at(6, MORNING), TOO_EARLY)
        story._remember("corrected by +2 days", at(6, MORNING))

        story._answer_on(at(9, EVENING))
        system.move_to(at(10, MORNING))
        record_anchor(story.phone, "INF1", at(2, MORNING), TOO_LATE)
        story._remember("corrected by -2 days", at(2, MORNING))
        return story

    def _answer_on(self, evening: datetime) -> None:
        """Answer the diary of the day, four seconds before it is sent."""
        system = self.phone.system
        system.move_to(evening)
        [due] = [one for one in self._own_diary() if one["state"] == "open"]
        sheet = self.phone.fill_in(due, answered_at=evening - timedelta(seconds=4))
        stored = self.phone.put(sheet.response_id, sheet.body, age_s=4)
        assert stored.status_code == 201, stored.text

    def _own_diary(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.phone.request("GET", "/me/assessments").json()["items"]
        return items

    def _remember(self, name: str, infused_at: datetime) -> None:
        # The infusion day is D1, and everybody's diary goes on to D56.
        last_day_on = infused_at.date() + timedelta(days=55)
        self.chapters.append(
            Chapter(
                name, self.phone.system.now(), infused_at.date().isoformat(),
                last_day_on.isoformat(), assessments_of(self.phone), responses_of(self.phone),
            )
        )  # fmt: skip
