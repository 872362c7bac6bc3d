"""The writes that bring assessments in line with a plan, each of them on record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import Assessment, Participant, Site
from epro.services import journal
from epro.services.held import HeldAssessment, HeldParticipant, HeldSite
from epro.services.journal import Subject
from questionnaires import reminding, silence
from questionnaires.definition import StudyPackage
from questionnaires.schedule import AnchorEvent, AnsweredBy, PlannedAssessment, days_since_infusion

FOR_JOBS = frozenset({"next_reminder_at", "next_look_at"})


class AssessmentWork:
    """The writes of one change of plans, gathered so that they go out in three statements."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        participant: Participant,
        package: StudyPackage,
        version_id: int,
        anchors: Mapping[AnchorEvent, datetime],
        reason: str | None,
        now: datetime,
    ) -> None:
        self._session, self._actor, self._reason, self._now = session, actor, reason, now
        self._participant, self._anchors = participant, anchors
        self._site = session.get_one(Site, participant.site_id)
        self._zone = ZoneInfo(participant.zone)
        self._anchor_zone = ZoneInfo(self._site.zone)
        self._package, self._version_id = package, version_id
        self._created: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []

    def create(self, planned: PlannedAssessment, *, is_not_offered: bool) -> None:
        values = self._values(planned, is_not_offered=is_not_offered) | {
            "id": uuid4(),
            "participant_id": self._participant.id,
            "version": 1,
            "completed_at": None,
            "cancelled_at": None,
            "missed_noticed_at": None,
        }
        self._created.append(values)
        verb = "assessment.not_offered" if is_not_offered else "assessment.planned"
        facts = {name: value for name, value in values.items() if name not in FOR_JOBS}
        self._record(verb, facts, before={})

    def place(self, row: Assessment, planned: PlannedAssessment, *, is_not_offered: bool) -> None:
        verb = "assessment.moved" if row.cancelled_at is None else "assessment.revived"
        values = self._values(planned, is_not_offered=is_not_offered) | {"cancelled_at": None}
        if planned.late_until > self._now:
            values["missed_noticed_at"] = None  # it can be answered again
        self._change(row, verb, values)

    def cancel(self, row: Assessment) -> None:
        self._change(
            row, "assessment.cancelled", {"cancelled_at": self._now} | dict.fromkeys(FOR_JOBS)
        )

    def suspend(self, row: Assessment) -> None:
        self._change(
            row, "assessment.suspended", {"suspended_at": self._now} | dict.fromkeys(FOR_JOBS)
        )

    def resume(self, row: Assessment) -> None:
        self._change(row, "assessment.resumed", {"suspended_at": None} | self._when_to_look(row))

    def look_again(self, row: Assessment) -> None:
        """Say anew when jobs look at an assessment; that is no change of its own."""
        for name, value in self._when_to_look(row).items():
            setattr(row, name, value)

    def store(self) -> None:
        # Cancelling first: what appears may take the identity of what goes.
        if self._changed:
            self._session.execute(update(Assessment), self._changed)
        if self._created:
            self._session.execute(insert(Assessment), self._created)
        journal.record_all(self._session, self._entries)

    def _change(self, row: Assessment, verb: str, values: dict[str, Any]) -> None:
        old = facts_of(row)
        values |= {"id": row.id, "version": row.version + 1}
        after = old | {name: value for name, value in values.items() if name not in FOR_JOBS}
        before = {name: old[name] for name in old if old[name] != after[name] and name != "version"}
        self._changed.append(values)
        self._record(verb, after, before=before)

    def _values(self, planned: PlannedAssessment, *, is_not_offered: bool) -> dict[str, Any]:
        questionnaire = self._package.questionnaire(planned.questionnaire)
        if questionnaire is None:
            raise LookupError(f"Published without its questionnaire {planned.questionnaire}.")
        facts = {
            "study_version_id": self._version_id,
            "family": planned.family,
            "occurrence": planned.occurrence,
            "block": planned.block,
            "questionnaire_code": questionnaire.code,
            "questionnaire_version": questionnaire.version,
            "planned_on": planned.on,
            "opens_at": planned.opens_at,
            "due_at": planned.due_at,
            "closes_at": planned.closes_at,
            "late_until": planned.late_until,
            "answered_by": planned.answered_by,
            "planned_at": self._now,
            "not_offered": is_not_offered,
            "suspended_at": self._now if self._participant.is_paused else None,
        }
        if is_not_offered or self._participant.is_paused:
            return facts | dict.fromkeys(FOR_JOBS)
        return facts | self._when_to_look(planned, is_new=True)

    def _when_to_look(
        self, one: PlannedAssessment | Assessment, *, is_new: bool = False
    ) -> dict[str, datetime | None]:
        """Return when jobs first have something to do about an assessment: remind, notice.

        Of a new one the call may be overdue already; what fell into a pause is not made up for.
        """
        on = one.on if isinstance(one, PlannedAssessment) else one.planned_on
        if one.answered_by is not AnsweredBy.PARTICIPANT:
            return {"next_reminder_at": None, "next_look_at": one.opens_at}
        block = self._package.schedule.block(one.block)
        if block is not None and not block.analysed:
            return dict.fromkeys(FOR_JOBS)  # nobody misses a practice form
        awaited = silence.Awaited(
            block=one.block,
            on=on,
            due_at=one.due_at,
            late_until=one.late_until,
            is_completed=False,
            days_since_infusion=days_since_infusion(self._anchors, on, zone=self._anchor_zone),
        )
        policy = self._package.silence
        look_at = (
            silence.first_look_at(policy, awaited, zone=self._zone)
            if is_new
            else silence.next_look_at(policy, awaited, zone=self._zone, now=self._now)
        )
        remind_at = reminding.next_look_at(
            self._package.reminders.moved_to(self._participant.reminder_minute),
            one.block,
            planned_on=on,
            zone=self._zone,
            steps_done=(),
        )
        return {
            "next_reminder_at": remind_at if self._participant.is_reminded else None,
            "next_look_at": look_at or one.late_until,
        }

    def _record(self, verb: str, after: dict[str, Any], *, before: dict[str, Any]) -> None:
        subject = assessment_subject(after, self._participant, self._site)
        self._entries.append(
            journal.entry(
                self._actor, verb, subject,
                after=after, before=before, reason=self._reason, now=self._now,
            )
        )  # fmt: skip


def facts_of(row: Assessment | HeldAssessment) -> dict[str, Any]:
    """Return an assessment as plain values, as the journal keeps it: not what only jobs look at."""
    columns = Assessment.__table__.columns
    return {one.key: getattr(row, one.key) for one in columns if one.key not in FOR_JOBS}


def assessment_subject(
    facts: Mapping[str, Any], participant: HeldParticipant, site: HeldSite
) -> Subject:
    """Return what journal entries about an assessment are about."""
    return Subject(
        entity_type="assessment",
        entity_id=str(facts["id"]),
        version=facts["version"],
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )
