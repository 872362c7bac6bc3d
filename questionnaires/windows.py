"""Wall-clock times of a participant's zone as instants, also where clocks change.

One reading serves openings and closings alike: a wall-clock time is *the first instant at which the
local clock shows that time or a later one*. So

- 24:00 is the first instant of the next local day, also where that day begins at 01:00;
- a time inside a gap is the instant of the transition. PEP 495 would carry it past the gap (02:30
  becomes 03:30) and so past later times of the same day: a window could close before it opens;
- a time inside a fold is the first of the two, as PEP 495 has it.

Within a day this never turns the order of two wall-clock times round.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60


@lru_cache(maxsize=65_536)  # participants of one study ask for the same few hundred instants
def instant_of(on: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time, given in minutes after 00:00 of a local day.

    Minute 1440 is 24:00, the first instant of the day after.
    """
    wall = datetime.combine(on, time.min) + timedelta(minutes=minute)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if _local(instant, zone) == wall:
        return instant
    # In a gap the offset before the transition (fold 0) lands after it, the one after it before.
    return _transition_between(
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, wall=wall, zone=zone
    )


def instants_of(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the UTC instants at which clocks of a zone show a naive wall-clock time.

    One as a rule; none inside a gap, both inside a fold, the earlier first.
    """
    candidates = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(at for at in sorted(candidates) if _local(at, zone) == wall)


def _transition_between(
    earlier: datetime, later: datetime, *, wall: datetime, zone: ZoneInfo
) -> datetime:
    """Find the instant, to the second, at which the local clock jumps over `wall`."""
    while (seconds := (later - earlier) // timedelta(seconds=1)) > 1:
        middle = earlier + timedelta(seconds=seconds // 2)
        if _local(middle, zone) < wall:
            earlier = middle
        else:
            later = middle
    return later


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
