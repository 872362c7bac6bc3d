"""What one side says and the other does not, and how instants of both are held together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from epro.rehearsal.observing import Observed
from epro.rehearsal.oracle.course import Course

# The clock runs on between two moves, and everything due at one instant is done one after another.
SOON = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be: about whom, which day, what, and both sides."""

    person: str
    day: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"{self.person} {self.day}: {self.what}: expected {self.expected}, found {self.found}"
        )


class Compared:
    """One participant's course beside what is on record about her."""

    def __init__(self, course: Course, seen: Observed) -> None:
        self._course, self._seen = course, seen
        self._person, self._home = course.person, course.protocol.site_zone
        self._arrived, self._put_off = (
            [one for one in some if one.number == course.number]
            for some in (seen.arrived, seen.put_off)
        )

    def _says(self, day: object, what: str, expected: str, found: str) -> Difference:
        return Difference(self._person, str(day), what, expected, found)

    def _clock(self, at: datetime | None) -> str:
        if at is None:
            return "never"
        return f"{at.astimezone(self._home):%m-%d %H:%M}"


def is_near(one: datetime | None, other: datetime | None) -> bool:
    """Tell whether both are about the same instant, or neither is any."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < SOON


def instant_of(text: str) -> datetime:
    """Read an instant as the feed writes it."""
    return datetime.fromisoformat(text)
