"""Notice what did not come: a call to make, a missed diary, a silence that is itself a signal."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import insert_if_absent, table_of
from epro.models import (
    Assessment,
    FlagNote,
    FlagTrigger,
    Participant,
    SafetyFlag,
    Screening,
    ScreeningSource,
    Site,
    WorkItem,
    WorkKind,
)
from epro.services import assessment_work, flags, journal, planning, work_list
from epro.services.held import HeldAssessment
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.definition import SafetyRule, SilencePolicy, StudyPackage, Translated
from questionnaires.schedule import AnsweredBy, days_since_infusion
from questionnaires.silence import (
    Awaited,
    Signal,
    SilenceKind,
    first_look_at,
    next_look_at,
    signals,
)
from questionnaires.tiers import Tier

SILENCE = system_actor("silence")
MOST_AT_ONCE = 200
_TRIGGER, _SCREENING = table_of(FlagTrigger), table_of(Screening)
RAISED_BY_SILENCE = (
    select(_TRIGGER.c.flag_id)
    .join(_SCREENING, _SCREENING.c.id == _TRIGGER.c.screening_id)
    .where(
        _SCREENING.c.source == ScreeningSource.SILENCE,
        _SCREENING.c.source_id == bindparam("source_id"),
    )
    .distinct()
)


def notice(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Notice every assessment whose time to be looked at has come; return how many.

    A missed one is claimed once and put on record when its late part has ended; what silence means
    on that day becomes a line on the work list or a flag.
    """
    # By time, so that the index of what is due is read; "distinct" would go through everything.
    due = session.scalars(
        select(Assessment.participant_id)
        .where(Assessment.next_look_at <= now)
        .order_by(Assessment.next_look_at)
        .limit(MOST_AT_ONCE)
    )
    handled = 0
    # Participants first, as everywhere: whoever answers holds that row before the assessment's.
    for participant_id in sorted(set(due)):
        participant = planning.lock_participant(session, participant_id)
        rows = session.scalars(
            select(Assessment)
            .where(Assessment.participant_id == participant.id, Assessment.next_look_at <= now)
            .order_by(Assessment.late_until, Assessment.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
        for row in rows:
            package = catalogue.package(row.study_version_id)
            _look_at(session, participant, row, package, now=now)
        handled += len(rows)
    return handled


def watch_anew(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> None:
    """After an infusion, see when to look at what stands: its days may be early ones now.

    The caller holds the participant's row.
    """
    site = session.get_one(Site, participant.site_id)
    anchors = planning.standing_anchors(session, participant.id)
    rows = session.scalars(
        select(Assessment)
        .where(
            Assessment.participant_id == participant.id,
            Assessment.next_look_at > now,
            Assessment.answered_by == AnsweredBy.PARTICIPANT,
            Assessment.completed_at.is_(None),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    for row in rows.all():
        since = days_since_infusion(anchors, row.planned_on, zone=ZoneInfo(site.zone))
        awaited = Awaited(
            block=row.block, on=row.planned_on, due_at=row.due_at, late_until=row.late_until,
            is_completed=False, days_since_infusion=since,
        )  # fmt: skip
        policy = catalogue.package(row.study_version_id).silence
        row.next_look_at = first_look_at(policy, awaited, zone=ZoneInfo(participant.zone))
    session.flush()


def ask_for_no_call(session: Session, assessment: HeldAssessment, *, now: datetime) -> None:
    """Take off the work list that she has to be called about what she has answered now."""
    # Nobody is asked to call before it is due: most answers need no look at the list.
    if now >= assessment.due_at:
        work_list.settle(
            session, SILENCE, WorkKind.CALL_NOW, about=f"assessment:{assessment.id}", now=now
        )


def note_late_answer(session: Session, assessment: HeldAssessment, *, now: datetime) -> None:
    """Note on the flag that a silence raised that the answer has come after all; it stays open."""
    flag_ids = session.scalars(RAISED_BY_SILENCE, {"source_id": str(assessment.id)}).all()
    if not flag_ids:
        return
    session.add_all(
        FlagNote(flag_id=one, kind="answered_after_all", about=str(assessment.id), noted_at=now)
        for one in flag_ids
    )
    session.flush()


def _look_at(
    session: Session,
    participant: Participant,
    row: Assessment,
    package: StudyPackage,
    *,
    now: datetime,
) -> None:
    zone = ZoneInfo(participant.zone)
    if row.completed_at or row.cancelled_at or row.not_offered or row.suspended_at:
        row.next_look_at = None
        session.flush()
        return
    site = session.get_one(Site, participant.site_id)
    if row.answered_by is AnsweredBy.OUTCOMES_ASSESSOR:
        work_list.add(
            session, SILENCE, WorkKind.RATING_DUE, about=f"assessment:{row.id}",
            site_id=site.id, participant_id=participant.id, now=now,
        )  # fmt: skip
    anchors = planning.standing_anchors(session, participant.id)
    since = days_since_infusion(anchors, row.planned_on, zone=ZoneInfo(site.zone))
    awaited = Awaited(
        block=row.block, on=row.planned_on, due_at=row.due_at, late_until=row.late_until,
        is_completed=False, days_since_infusion=since,
        missed_before=_missed_before(session, row),
        open_tiers=_open_tiers(session, participant),
    )  # fmt: skip
    found = signals(package.silence, awaited, zone=zone, now=now)
    if any(signal.kind is SilenceKind.CALL_NOW for signal in found):
        _ask_to_call(session, participant, site, row, now=now)
    if now >= row.late_until and row.missed_noticed_at is None:
        _note_missed(session, participant, site, row, now=now)
        raised = [signal for signal in found if signal.tier is not None]
        if raised:
            _flag(session, participant, site, row, package, raised, now=now)
    row.next_look_at = next_look_at(package.silence, awaited, zone=zone, now=now)
    if row.next_look_at is None and row.missed_noticed_at is None:
        row.next_look_at = row.late_until
    session.flush()


def _note_missed(
    session: Session, participant: Participant, site: Site, row: Assessment, *, now: datetime
) -> None:
    row.missed_noticed_at = now
    row.version += 1
    session.flush()
    journal.record(
        session, SILENCE, "assessment.missed",
        assessment_work.assessment_subject(assessment_work.facts_of(row), participant, site),
        after=assessment_work.facts_of(row), before={"missed_noticed_at": None}, now=now,
    )  # fmt: skip


def _ask_to_call(
    session: Session, participant: Participant, site: Site, row: Assessment, *, now: datetime
) -> None:
    item_id = uuid4()
    is_new = insert_if_absent(
        session, WorkItem,
        {"id": item_id, "site_id": site.id, "participant_id": participant.id,
         "kind": WorkKind.CALL_NOW, "about": f"assessment:{row.id}", "created_at": now},
    )  # fmt: skip
    if is_new:
        journal.record(
            session, SILENCE, "work_item.added",
            Subject(
                entity_type="work_item", entity_id=str(item_id),
                participant_code=participant.code, site_code=site.code, site_id=site.id,
            ),
            after={"kind": WorkKind.CALL_NOW, "assessment_id": row.id}, now=now,
        )  # fmt: skip


def _flag(
    session: Session,
    participant: Participant,
    site: Site,
    row: Assessment,
    package: StudyPackage,
    raised: Sequence[Signal],
    *,
    now: datetime,
) -> None:
    screening_id = uuid4()
    inputs = {"kinds": [signal.kind.value for signal in raised], "block": row.block}
    is_new = insert_if_absent(
        session, Screening,
        {"id": screening_id, "participant_id": participant.id,
         "study_version_id": row.study_version_id, "source": ScreeningSource.SILENCE,
         "source_id": str(row.id), "revision": 0, "body_sha256": "", "inputs": inputs,
         "rules_met": [package.silence.id], "answered_at": row.late_until, "screened_at": now,
         "flags_at": None},
    )  # fmt: skip
    if is_new and raised[0].tier is not None:
        flags.raise_or_join(
            session, participant, site, package, screening_id=screening_id,
            study_version_id=row.study_version_id,
            rules=[_as_rule(package.silence, raised[0].tier)], now=now,
        )  # fmt: skip


def _as_rule(policy: SilencePolicy, tier: Tier) -> SafetyRule:
    """Return the silence rule in the shape that flags are raised by."""
    nothing_shown = Translated("", "")
    return SafetyRule(
        id=policy.id, tier=tier, possible_serious=policy.possible_serious, title=policy.title,
        advice=nothing_shown, triggers=(),
    )  # fmt: skip


def _missed_before(session: Session, row: Assessment) -> int:
    """Count the assessments of the same family that were missed one after another just before."""
    earlier = session.scalars(
        select(Assessment)
        .where(
            Assessment.participant_id == row.participant_id,
            Assessment.family == row.family,
            Assessment.late_until < row.late_until,
            Assessment.cancelled_at.is_(None),
            Assessment.not_offered.is_(False),
            Assessment.suspended_at.is_(None),
        )
        .order_by(Assessment.late_until.desc())
        .limit(10)
    ).all()
    count = 0
    for one in earlier:
        if one.completed_at is not None:
            break
        count += 1
    return count


def _open_tiers(session: Session, participant: Participant) -> frozenset[Tier]:
    return frozenset(
        session.scalars(
            select(SafetyFlag.tier).where(
                SafetyFlag.participant_id == participant.id, SafetyFlag.closed_at.is_(None)
            )
        )
    )
