"""When an answer was given, and whether that was in time.

A phone's clock may be wrong by hours or set back on purpose; its count of seconds since the answer
is not. So the instant of answering is the server's receipt minus the age that the device reports.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from epro.models import Timeliness
from epro.services.held import HeldAssessment

# A device clock that jumps by more than this between two sendings was changed (PRODUCT T-03).
JUMP_S = 300.0


@dataclass(frozen=True, slots=True)
class AnsweringTime:
    """The instant that counts, and how the device's own clock stood to it, in seconds ahead."""

    answered_at: datetime
    clock_offset_s: float
    clock_unsure: bool


def derive(
    *,
    device_answered_at: datetime,
    age_s: float | None,
    earliest_at: datetime,
    known_offset_s: float | None,
    now: datetime,
) -> AnsweringTime:
    """Derive the instant of answering: receipt minus age, clamped to [earliest_at, now].

    All instants are aware. An age below zero, or reaching back before `earliest_at` (the
    activation), is clamped and marks the clock as unsure; so does a device clock that moved by more
    than five minutes since `known_offset_s`, and an age that the device did not say readably.
    """
    claimed_age_s = age_s if age_s is not None and math.isfinite(age_s) else 0.0
    longest_s = max((now - earliest_at).total_seconds(), 0.0)
    clamped_age_s = min(max(claimed_age_s, 0.0), longest_s)
    answered_at = now - timedelta(seconds=clamped_age_s)
    offset_s = (device_answered_at - answered_at).total_seconds()
    has_jumped = known_offset_s is not None and abs(offset_s - known_offset_s) > JUMP_S
    return AnsweringTime(answered_at, offset_s, clamped_age_s != age_s or has_jumped)


def timeliness(assessment: HeldAssessment, at: datetime) -> Timeliness:
    """Judge an instant by the half-open parts of the window: the closing instant itself is late."""
    if assessment.opens_at <= at < assessment.closes_at:
        return Timeliness.ON_TIME
    if assessment.closes_at <= at < assessment.late_until:
        return Timeliness.LATE
    return Timeliness.OUT_OF_WINDOW
