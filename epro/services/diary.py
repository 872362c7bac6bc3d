"""What is due, as the participant and the site see it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import (
    Assessment,
    AssessmentState,
    EntryMode,
    LifeCycle,
    Participant,
    QuestionnaireResponse,
    Site,
)
from epro.services import entry_modes, planning, studies
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language, SiteDefaults, StudyPackage, Translated
from questionnaires.following_up import report_of
from questionnaires.rendering import in_short
from questionnaires.schedule import AnchorEvent, AnsweredBy, DiarySlot
from questionnaires.validation import Answer


@dataclass(frozen=True, slots=True)
class QuestionnaireReference:
    code: str
    version: str


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A report that can be filled in at any hour, by the name that she knows it by."""

    code: str
    version: str
    title: Translated


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """That somebody of the site has opened the app for her: by which mode, and who."""

    mode: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who the participant is here; `latest_infusion_at` lets her phone run the safety rules."""

    code: str
    language: Language
    zone: str
    life_cycle: LifeCycle
    diary_slot: DiarySlot
    study_title: Translated
    study_day: str | None
    latest_infusion_at: datetime | None
    numbers: SiteDefaults
    on_behalf: OnBehalf | None
    now: datetime


@dataclass(frozen=True, slots=True)
class About:
    """Which of her reports an assessment asks about: the day that it was told, where she lives."""

    on: date
    words: Translated | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One assessment as it is shown; `day` is its study day as the anchors stand now.

    `about` tells two reports apart that are asked about again.
    """

    id: UUID
    title: Translated
    questionnaire: QuestionnaireReference
    day: str | None
    on: date
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime
    state: AssessmentState
    answered_by: AnsweredBy
    about: About | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """What stands, in order of opening; `always_open` can be answered at any hour.

    Once she has left it is empty: then her phone shows the telephone numbers.
    """

    now: datetime
    zone: str
    items: tuple[Due, ...]
    always_open: tuple[OpenForm, ...]


def profile(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> Profile:
    """Return the signed-in participant's profile. Raises NoActiveStudyVersion."""
    participant = session.get_one(Participant, actor.id)
    site = session.get_one(Site, participant.site_id)
    package = _package_in_force(session, participant, site, catalogue=catalogue, now=now)
    zone = ZoneInfo(participant.zone)
    anchors = planning.standing_anchors(session, participant.id)
    infusions = [
        at for event, at in anchors.items() if event in {AnchorEvent.INF1, AnchorEvent.INF2}
    ]
    return Profile(
        code=participant.code,
        language=participant.language,
        zone=participant.zone,
        life_cycle=participant.life_cycle,
        diary_slot=participant.slots.on(now.astimezone(zone).date()),
        study_title=package.title,
        study_day=planning.day_label_on(
            anchors, now.astimezone(zone).date(), zone=ZoneInfo(site.zone), package=package
        ),
        latest_infusion_at=max((at for at in infusions if at <= now), default=None),
        numbers=SiteDefaults(
            site_phone=site.phone,
            study_phone=site.phone_24h,
            emergency_number=package.sites.emergency_number,
        ),
        on_behalf=(
            OnBehalf(actor.entry_mode, actor.opened_by)
            if actor.entry_mode and actor.opened_by
            else None
        ),
        now=now,
    )


def own_diary(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> Diary:
    """Return what stands for the signed-in participant and is hers to answer.

    Where the site has opened the app, forms that the study does not take in that way are left out.
    Raises NoActiveStudyVersion.
    """
    participant = session.get_one(Participant, actor.id)
    mode = EntryMode(actor.entry_mode) if actor.entry_mode else EntryMode.OWN_DEVICE
    return _diary(
        session, participant, AnsweredBy.PARTICIPANT, mode=mode, catalogue=catalogue, now=now
    )


def diary_of(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> Diary:
    """Return what stands for a participant, cancelled assessments left out; ratings included."""
    return _diary(session, participant, None, catalogue=catalogue, now=now)


def _diary(
    session: Session,
    participant: Participant,
    answered_by: AnsweredBy | None,
    *,
    mode: EntryMode = EntryMode.OWN_DEVICE,
    catalogue: Catalogue,
    now: datetime,
) -> Diary:
    site = session.get_one(Site, participant.site_id)
    package = _package_in_force(session, participant, site, catalogue=catalogue, now=now)
    zone = ZoneInfo(site.zone)

    def takes(edition: StudyPackage, code: str) -> bool:
        return entry_modes.is_allowed(edition, code, mode)

    anchors = planning.standing_anchors(session, participant.id)
    query = (
        select(Assessment)
        .where(Assessment.participant_id == participant.id, Assessment.cancelled_at.is_(None))
        .order_by(Assessment.opens_at, Assessment.family)
    )
    if answered_by is not None:
        query = query.where(Assessment.answered_by == answered_by)
    rows = session.scalars(query)
    return Diary(
        now=now,
        zone=participant.zone,
        items=tuple(
            Due(
                id=row.id,
                title=title_of(catalogue.package(row.study_version_id), row),
                questionnaire=QuestionnaireReference(
                    row.questionnaire_code, row.questionnaire_version
                ),
                day=planning.day_label_on(anchors, row.planned_on, zone=zone, package=package),
                on=row.planned_on,
                opens_at=row.opens_at,
                due_at=row.due_at,
                closes_at=row.closes_at,
                late_until=row.late_until,
                state=row.state_at(now),
                answered_by=row.answered_by,
                about=_about(session, row, participant, catalogue=catalogue),
            )
            for row in rows
            if takes(catalogue.package(row.study_version_id), row.questionnaire_code)
        ),
        always_open=tuple(
            OpenForm(questionnaire.code, questionnaire.version, questionnaire.title)
            for questionnaire in package.questionnaires
            if questionnaire.code in package.schedule.always_open
            and participant.may_report
            and takes(package, questionnaire.code)
        ),
    )


def package_of(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> StudyPackage:
    """Return the edition of the study that she takes part in today. Raises NoActiveStudyVersion."""
    site = session.get_one(Site, participant.site_id)
    return _package_in_force(session, participant, site, catalogue=catalogue, now=now)


def _about(
    session: Session, row: Assessment, participant: Participant, *, catalogue: Catalogue
) -> About | None:
    report_id = report_of(row.family)
    report = session.get(QuestionnaireResponse, UUID(report_id)) if report_id else None
    if report is None:
        return None
    form = catalogue.questionnaire(report.questionnaire_code, report.questionnaire_version)
    answers = [Answer.from_plain(one) for one in report.answers]
    told_at = report.answered_at.astimezone(ZoneInfo(participant.zone))
    return About(told_at.date(), in_short(form, answers))


def _package_in_force(
    session: Session, participant: Participant, site: Site, *, catalogue: Catalogue, now: datetime
) -> StudyPackage:
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    return catalogue.package(studies.version_in_force(session, site, on=today))


def title_of(package: StudyPackage, row: Assessment) -> Translated:
    """Return what an assessment is called."""
    return title_of_block(package, row.block, form=row.questionnaire_code)


def title_of_block(package: StudyPackage, block: str, *, form: str) -> Translated:
    """Return what the assessments of a block are called, by the code of their questionnaire."""
    if title := package.block_title(block):
        return title
    # What is asked again about a report stands in no row of the schedule.
    asked = package.questionnaire(form)
    return asked.title if asked else Translated(block, block)
