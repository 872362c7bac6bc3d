"""What has to change in the standing assessments of a participant so that they follow a new plan.

Identity decides, never the window: a daily assessment is its family and local date, a periodic one
its block and number. So an answer keeps its day whichever way an anchor is corrected.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from questionnaires.schedule import PlannedAssessment

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Generic[Key]):
    """An assessment as it exists; instants in UTC. `key` is whatever the caller knows it by."""

    key: Key
    family: str
    occurrence: str
    block: str
    questionnaire: str
    study_version: Hashable
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime
    is_answered: bool = False
    is_not_offered: bool = False
    cancelled_at: datetime | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Return what it shares with the planned assessment that it answers to."""
        return self.family, self.occurrence

    @property
    def is_cancelled(self) -> bool:
        """Tell whether it was cancelled; it may be revived."""
        return self.cancelled_at is not None

    def is_fixed_at(self, now: datetime) -> bool:
        """Tell whether it stays as it is: answered, or offered to the participant already."""
        return self.is_answered or (self.opens_at <= now and not self.is_not_offered)


class Creation(NamedTuple):
    """A planned assessment that has none yet."""

    planned: PlannedAssessment
    is_not_offered: bool


class Placement(NamedTuple, Generic[Key]):
    """A standing assessment and everything it becomes, the study version in force included."""

    key: Key
    planned: PlannedAssessment
    is_not_offered: bool


@dataclass(frozen=True, slots=True)
class Changes(Generic[Key]):
    """The difference between what stands and what is planned; `keep` needs no change."""

    create: tuple[Creation, ...]
    move: tuple[Placement[Key], ...]
    cancel: tuple[Key, ...]
    revive: tuple[Placement[Key], ...]
    keep: tuple[Key, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether the plan already stands."""
        return not (self.create or self.move or self.cancel or self.revive)


def difference(
    standing: Sequence[Standing[Key]],
    planned: Sequence[PlannedAssessment],
    *,
    study_version: Hashable,
    ended_at: datetime | None = None,
    now: datetime,
) -> Changes[Key]:
    """Find what to create, move, cancel and revive; once that is done, planning changes nothing.

    What is answered or has been offered stays as it is, also where the plan no longer has it.
    The rest follows the plan. What comes to lie wholly in the past, its late part included, was
    never offered, and so cannot be missed; it is offered again if its window comes to reach past
    `now`. One that an anchor closes keeps its opening; its end follows the anchor as long as it is
    not answered. `ended_at` is when taking part ended: what was unanswered and could still have
    been answered then is cancelled, and nothing of it comes back. A cancelled assessment of the
    same identity is revived rather than given a twin, because a phone may still hold its id; among
    several the answered one, else the one cancelled last.
    """
    live = [assessment for assessment in standing if not assessment.is_cancelled]
    targets = {
        target.identity: target
        for target in planned
        if ended_at is None or target.late_until <= ended_at
    }
    move: list[Placement[Key]] = []
    cancel: list[Key] = []
    keep: list[Key] = []
    for assessment in live:
        target = targets.get(assessment.identity)
        is_over = ended_at is not None and assessment.late_until > ended_at
        if is_over and not assessment.is_answered:
            cancel.append(assessment.key)
        elif assessment.is_fixed_at(now):
            if end := _end_that_follows(assessment, target):
                move.append(Placement(assessment.key, end, is_not_offered=False))
            else:
                keep.append(assessment.key)
        elif target is None:
            cancel.append(assessment.key)
        elif _follows(assessment, target, study_version=study_version, now=now):
            keep.append(assessment.key)
        else:
            move.append(Placement(assessment.key, target, _is_past(target, now)))

    covered = {assessment.identity for assessment in live}
    formers = _by_claim(standing)
    create: list[Creation] = []
    revive: list[Placement[Key]] = []
    for identity, target in targets.items():
        if identity in covered:
            continue
        if former := formers.get(identity):
            is_not_offered = _is_past(target, now) and not former.is_answered
            revive.append(Placement(former.key, target, is_not_offered))
        else:
            create.append(Creation(target, _is_past(target, now)))
    return Changes(tuple(create), tuple(move), tuple(cancel), tuple(revive), tuple(keep))


def _end_that_follows(
    assessment: Standing[Key], target: PlannedAssessment | None
) -> PlannedAssessment | None:
    """Return where an opened one moves to because the anchor that closes it did; None: nowhere."""
    if (
        target is None
        or target.closed_by is None
        or assessment.is_answered
        or target.block != assessment.block
        or target.questionnaire != assessment.questionnaire
        or target.closes_at <= assessment.opens_at
    ):
        return None
    end = replace(target, opens_at=assessment.opens_at)
    old = (assessment.due_at, assessment.closes_at, assessment.late_until)
    return None if (end.due_at, end.closes_at, end.late_until) == old else end


def _by_claim(standing: Sequence[Standing[Key]]) -> dict[tuple[str, str], Standing[Key]]:
    """Of the cancelled ones, choose for each identity the one that is to be revived."""
    cancelled = [(it.is_answered, it.cancelled_at, it) for it in standing if it.cancelled_at]
    cancelled.sort(key=lambda claim: claim[:2])
    return {it.identity: it for _, _, it in cancelled}


def _follows(
    assessment: Standing[Key], target: PlannedAssessment, *, study_version: Hashable, now: datetime
) -> bool:
    """Tell whether one that may still be changed already is as planned."""
    if assessment.is_not_offered:
        # Where its window stays past, other hours or another version make no difference to anyone.
        return _is_past(target, now)
    return (
        assessment.study_version == study_version
        and assessment.block == target.block
        and assessment.questionnaire == target.questionnaire
        and assessment.opens_at == target.opens_at
        and assessment.due_at == target.due_at
        and assessment.closes_at == target.closes_at
        and assessment.late_until == target.late_until
    )


def _is_past(target: PlannedAssessment, now: datetime) -> bool:
    return target.late_until <= now
