"""Bring a participant's assessments into line with her anchors and the study version in force."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.db import table_of
from epro.models import Anchor, Assessment, Participant, Site
from epro.services import following_up, studies
from epro.services.assessment_work import AssessmentWork
from epro.services.held import HeldAssessment, HeldParticipant, participant_and_site
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.planner import plan
from questionnaires.replanning import Changes, Standing, difference
from questionnaires.schedule import AnchorEvent, Plan, day_label, study_day

PLANNING = system_actor("planning")
FOLLOW_UPS = system_actor("follow-ups")
MOST_AT_ONCE = 200
# Both are asked whenever an answer is stored, so built once: that costs more than sending them.
WITH_SITE = (
    select(Participant, Site)
    .join(Site, Site.id == Participant.site_id)
    .where(Participant.id == bindparam("participant_id"))
    .with_for_update(key_share=True, of=Participant)
    .execution_options(populate_existing=True)
)
_ANCHOR = table_of(Anchor).c
STANDING = select(_ANCHOR.event, _ANCHOR.occurred_at).where(
    _ANCHOR.participant_id == bindparam("participant_id"), _ANCHOR.superseded_at.is_(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would have to change, and what that follows from; nothing is changed yet."""

    version_id: int
    package: StudyPackage
    anchors: Mapping[AnchorEvent, datetime]
    plan: Plan
    rows: Mapping[UUID, Assessment]
    changes: Changes[UUID]


def propose(
    session: Session,
    participant: Participant,
    *,
    anchors: Mapping[AnchorEvent, datetime] | None = None,
    is_locking: bool = False,
    catalogue: Catalogue,
    now: datetime,
) -> Proposal:
    """Find how the assessments differ from the plan, with other anchors than those that stand.

    Raises NoActiveStudyVersion when the site has none in force today (in the participant's zone).
    """
    site = session.get_one(Site, participant.site_id)
    version_id, package = version_today(session, participant, catalogue=catalogue, now=now)
    anchors = standing_anchors(session, participant.id) if anchors is None else anchors
    query = select(Assessment).where(Assessment.participant_id == participant.id)
    if is_locking:  # so that no answer arrives between looking and cancelling
        query = query.with_for_update(key_share=True)
    rows = {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
    planned = plan(
        package.schedule,
        anchors,
        zone=ZoneInfo(participant.zone),
        anchor_zone=ZoneInfo(site.zone),
        slots=participant.slots,
        answered={
            (row.family, row.occurrence) for row in rows.values() if row.completed_at is not None
        },
    )
    reports = following_up.read(session, [participant.id], [package.adverse_events.questionnaire])
    again = following_up.planned(reports, participant, package, anchors, now=now)
    changes = difference(
        [_standing(row) for row in rows.values()],
        (*planned.assessments, *again),
        study_version=version_id,
        ended_at=None if participant.keeps_diary else anchors.get(AnchorEvent.END),
        now=now,
    )
    return Proposal(
        version_id=version_id, package=package, anchors=anchors, plan=planned, rows=rows,
        changes=changes,
    )  # fmt: skip


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
    proposal = propose(session, participant, is_locking=True, catalogue=catalogue, now=now)
    changes, rows = proposal.changes, proposal.rows
    work = work_on(session, actor, participant, proposal, reason=reason, now=now)
    for placement in (*changes.move, *changes.revive):
        work.place(rows[placement.key], placement.planned, is_not_offered=placement.is_not_offered)
    for key in changes.cancel:
        work.cancel(rows[key])
    for creation in changes.create:
        work.create(creation.planned, is_not_offered=creation.is_not_offered)
    work.store()
    return changes


def work_on(
    session: Session,
    actor: Actor,
    participant: Participant,
    proposal: Proposal,
    *,
    reason: str | None,
    now: datetime,
) -> AssessmentWork:
    """Return what writes the changes of a proposal."""
    return AssessmentWork(
        session, actor, participant, proposal.package, proposal.version_id, proposal.anchors,
        reason, now,
    )  # fmt: skip


def stop_at_enough(
    session: Session,
    participant: HeldParticipant,
    answered: HeldAssessment,
    *,
    package: StudyPackage,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """After an answer, cancel what is asked no further because it is enough."""
    block = package.schedule.block(answered.block)
    if block is not None and block.enough is not None:
        session.flush()
        person, _site = participant_and_site(session, participant)
        replan(session, PLANNING, person, catalogue=catalogue, reason="enough", now=now)


def version_today(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> tuple[int, StudyPackage]:
    """Return the study version in force today, in the participant's zone: its id and its package.

    Raises NoActiveStudyVersion.
    """
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    version_id = studies.version_in_force(session, site, on=today)
    return version_id, catalogue.package(version_id)


def follow_up(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Plan anew for those whose reports are to be asked about otherwise than is planned; count.

    This is asked every few minutes of everybody who ever reported: what it depends on is read for
    many at once, and only those are locked for whom something changes.
    """
    forms = {catalogue.package(one).adverse_events.questionnaire for one in studies.ids(session)}
    reporters, versions = following_up.reporters(session, forms), studies.InForce(session)
    changed = 0
    for first in range(0, len(reporters), MOST_AT_ONCE):
        ids = reporters[first : first + MOST_AT_ONCE]
        known = following_up.read(session, ids, forms)
        anchors = anchors_of(session, ids)
        rows = session.execute(
            select(Participant, Site)
            .join(Site, Site.id == Participant.site_id)
            .where(Participant.id.in_(ids))
            .order_by(Participant.id)
            .execution_options(populate_existing=True)
        )
        for participant, site in rows.all():
            on = now.astimezone(ZoneInfo(participant.zone)).date()
            package = catalogue.package(versions.at(site, on=on))
            if following_up.is_due_to_change(
                known, participant, package, anchors[participant.id], now=now
            ):
                locked = lock_participant(session, participant.id)
                made = replan(session, FOLLOW_UPS, locked, catalogue=catalogue, now=now)
                # Of whoever has left nothing can change, however often it is looked at.
                changed += not made.is_empty
    return changed


def standing_anchors(session: Session, participant_id: UUID) -> dict[AnchorEvent, datetime]:
    """Return the anchors in force, as instants in UTC."""
    rows = session.execute(STANDING, {"participant_id": participant_id})
    return {row.event: row.occurred_at for row in rows}


def anchors_of(
    session: Session, participant_ids: Collection[UUID]
) -> Mapping[UUID, dict[AnchorEvent, datetime]]:
    """Return the anchors in force of each of these participants, as instants in UTC."""
    anchors: dict[UUID, dict[AnchorEvent, datetime]] = {id_: {} for id_ in participant_ids}
    rows = session.execute(
        select(Anchor.participant_id, Anchor.event, Anchor.occurred_at).where(
            Anchor.participant_id.in_(participant_ids), Anchor.superseded_at.is_(None)
        )
    )
    for id_, event, occurred_at in rows:
        anchors[id_][event] = occurred_at
    return anchors


def day_label_on(
    anchors: Mapping[AnchorEvent, datetime], on: date, *, zone: ZoneInfo, package: StudyPackage
) -> str | None:
    """Return the study day ("D5") of a local date by the first infusion, recorded or planned.

    `zone` is the site's, where the infusion takes place.
    """
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
    participant, _site = lock_with_site(session, participant_id)
    return participant


def lock_with_site(session: Session, participant_id: UUID | None) -> tuple[Participant, Site]:
    """Take the participant's row as `lock_participant` does; return it with her site."""
    participant, site = session.execute(WITH_SITE, {"participant_id": participant_id}).one()
    return participant, site


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
