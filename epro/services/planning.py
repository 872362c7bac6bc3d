"""Bring a participant's assessments into line with her anchors and the study version in force."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.models import Anchor, Assessment, Participant, Site
from epro.services import following_up, journal, studies
from epro.services.journal import Subject
from questionnaires import reminding, silence
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.replanning import Changes, Standing, difference
from questionnaires.schedule import (
    AnchorEvent,
    PlannedAssessment,
    day_label,
    days_since_infusion,
    plan,
    study_day,
)

FOLLOW_UPS = system_actor("follow-ups")
FOR_JOBS = frozenset({"next_reminder_at", "next_look_at"})


def replan(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    catalogue: Catalogue,
    reason: str | None = None,
    now: datetime,
) -> Changes[UUID]:
    """Create, move, cancel and revive assessments so that they follow the plan; journal each.

    The caller holds the participant's row. Answered assessments and those that have opened stay.
    Raises NoActiveStudyVersion when the site has none in force today (in the participant's zone).
    """
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    version_id = studies.version_in_force(session, site, on=today)
    package = catalogue.package(version_id)
    anchors = standing_anchors(session, participant.id)
    planned = plan(package.schedule, anchors, zone=ZoneInfo(participant.zone))
    # Locked, so that no answer arrives between looking and cancelling.
    rows = {
        row.id: row
        for row in session.scalars(
            select(Assessment)
            .where(Assessment.participant_id == participant.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    again = following_up.planned(session, participant, package, anchors, now=now)
    changes = difference(
        [_standing(row) for row in rows.values()],
        (*planned.assessments, *again),
        study_version=version_id,
        now=now,
    )
    work = _Work(session, actor, participant, package, version_id, anchors, reason, now)
    for placement in (*changes.move, *changes.revive):
        work.place(rows[placement.key], placement.planned, is_not_offered=placement.is_not_offered)
    for key in changes.cancel:
        work.cancel(rows[key])
    for creation in changes.create:
        work.create(creation.planned, is_not_offered=creation.is_not_offered)
    work.store()
    return changes


def follow_up(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Plan anew for those whose reports are to be asked about otherwise than is planned; count."""
    forms = {catalogue.package(one).adverse_events.questionnaire for one in studies.ids(session)}
    changed = 0
    for participant_id in sorted(
        {one for form in forms for one in following_up.reporters(session, form)}
    ):
        participant = lock_participant(session, participant_id)
        site = session.get_one(Site, participant.site_id)
        today = now.astimezone(ZoneInfo(participant.zone)).date()
        package = catalogue.package(studies.version_in_force(session, site, on=today))
        anchors = standing_anchors(session, participant_id)
        if following_up.is_due_to_change(session, participant, package, anchors, now=now):
            replan(session, FOLLOW_UPS, participant, catalogue=catalogue, now=now)
            changed += 1
    return changed


def standing_anchors(session: Session, participant_id: UUID) -> dict[AnchorEvent, datetime]:
    """Return the anchors in force, as instants in UTC."""
    rows = session.execute(
        select(Anchor.event, Anchor.occurred_at).where(
            Anchor.participant_id == participant_id, Anchor.superseded_at.is_(None)
        )
    )
    return dict(rows.all())


def day_label_on(
    anchors: Mapping[AnchorEvent, datetime], on: date, *, zone: ZoneInfo, package: StudyPackage
) -> str | None:
    """Return the study day ("D5") of a local date by the first infusion, recorded or planned."""
    anchor_at = anchors.get(AnchorEvent.INF1) or anchors.get(AnchorEvent.INF1_PLANNED)
    if anchor_at is None:
        return None
    anchor_on = anchor_at.astimezone(zone).date()
    number = study_day(anchor_on, on, infusion_day_number=package.infusion_day_number)
    return day_label(number)


def lock_participant(session: Session, participant_id: UUID) -> Participant:
    """Take the participant's row until the transaction ends.

    Without the key: a response being stored refers to this row and must not wait for a re-planning
    that waits for its assessment.
    """
    return session.scalars(
        select(Participant)
        .where(Participant.id == participant_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def _standing(row: Assessment) -> Standing[UUID]:
    return Standing(
        key=row.id,
        family=row.family,
        occurrence=row.occurrence,
        block=row.block,
        questionnaire=row.questionnaire_code,
        study_version=row.study_version_id,
        opens_at=row.opens_at,
        due_at=row.due_at,
        closes_at=row.closes_at,
        late_until=row.late_until,
        is_answered=row.completed_at is not None,
        is_not_offered=row.not_offered,
        cancelled_at=row.cancelled_at,
    )


class _Work:
    """The writes of one re-planning, gathered so that they go out in three statements."""

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
        self._change(
            row, verb, self._values(planned, is_not_offered=is_not_offered) | {"cancelled_at": None}
        )

    def cancel(self, row: Assessment) -> None:
        self._change(
            row, "assessment.cancelled", {"cancelled_at": self._now} | dict.fromkeys(FOR_JOBS)
        )

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
            "planned_at": self._now,
            "not_offered": is_not_offered,
        }
        return facts | self._when_to_look(planned, is_not_offered=is_not_offered)

    def _when_to_look(
        self, planned: PlannedAssessment, *, is_not_offered: bool
    ) -> dict[str, datetime | None]:
        """Return when jobs first have something to do about an assessment: remind, notice."""
        if is_not_offered:
            return dict.fromkeys(FOR_JOBS)
        awaited = silence.Awaited(
            block=planned.block,
            due_at=planned.due_at,
            late_until=planned.late_until,
            is_completed=False,
            days_since_infusion=days_since_infusion(self._anchors, planned.on, zone=self._zone),
        )
        look_at = silence.next_look_at(
            self._package.silence, awaited, zone=self._zone, now=self._now
        )
        return {
            "next_reminder_at": reminding.next_look_at(
                self._package.reminders.moved_to(self._participant.reminder_minute), planned.block,
                planned_on=planned.on, zone=self._zone, steps_done=(),
            ),
            "next_look_at": look_at or planned.late_until,
        }  # fmt: skip

    def _record(self, verb: str, after: dict[str, Any], *, before: dict[str, Any]) -> None:
        subject = assessment_subject(after, self._participant, self._site)
        self._entries.append(
            journal.entry(
                self._actor, verb, subject,
                after=after, before=before, reason=self._reason, now=self._now,
            )
        )  # fmt: skip


def facts_of(row: Assessment) -> dict[str, Any]:
    """Return an assessment as plain values, as the journal keeps it: not what only jobs look at."""
    columns = Assessment.__table__.columns
    return {one.key: getattr(row, one.key) for one in columns if one.key not in FOR_JOBS}


def assessment_subject(facts: Mapping[str, Any], participant: Participant, site: Site) -> Subject:
    """Return what journal entries about an assessment are about."""
    return Subject(
        entity_type="assessment",
        entity_id=str(facts["id"]),
        version=facts["version"],
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )
