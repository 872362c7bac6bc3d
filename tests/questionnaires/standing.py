"""Standing assessments as a caller would keep them: each difference is carried out at once."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from questionnaires.replanning import Changes, Placement, Standing, difference
from questionnaires.schedule import PlannedAssessment


class Timeline:
    """All assessments of one participant, the cancelled ones too, under the keys 0, 1, 2 …"""

    def __init__(self) -> None:
        self.all: list[Standing[int]] = []

    @property
    def live(self) -> list[Standing[int]]:
        return [it for it in self.all if not it.is_cancelled]

    @property
    def diaries(self) -> dict[str, Standing[int]]:
        return {it.occurrence: it for it in self.live if it.family == "daily"}

    def follow(
        self,
        planned: Sequence[PlannedAssessment],
        *,
        now: datetime,
        study_version: Hashable = "version 1",
    ) -> Changes[int]:
        changes = difference(self.all, planned, study_version=study_version, now=now)
        for key in changes.cancel:
            self.all[key] = replace(self.all[key], cancelled_at=now)
        for placement in changes.move + changes.revive:
            self.all[placement.key] = replace(
                standing_as(placement, study_version),
                is_answered=self.all[placement.key].is_answered,
            )
        for target, is_not_offered in changes.create:
            placement = Placement(len(self.all), target, is_not_offered)
            self.all.append(standing_as(placement, study_version))
        return changes

    def answer(self, *assessments: Standing[int]) -> None:
        for it in assessments:
            self.all[it.key] = replace(it, is_answered=True)


def standing_as(placement: Placement[int], study_version: Hashable = "version 1") -> Standing[int]:
    key, target, is_not_offered = placement
    return Standing(
        key=key,
        family=target.family,
        occurrence=target.occurrence,
        block=target.block,
        questionnaire=target.questionnaire,
        study_version=study_version,
        opens_at=target.opens_at,
        due_at=target.due_at,
        closes_at=target.closes_at,
        late_until=target.late_until,
        is_not_offered=is_not_offered,
    )
