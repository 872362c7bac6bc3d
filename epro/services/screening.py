"""Look at every answer that comes in for signs of danger: complete or not, late, doubled, refused.

What was looked at, and which rules it met, is stored, so that a replay gives the same result.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.kept import insert_unless_there
from epro.models import (
    QuestionnaireResponse,
    ResponseStatus,
    Screening,
    ScreeningSource,
    Site,
)
from epro.services import flags, history, hospital_stays, journal, planning, safety_questions
from epro.services.held import HeldParticipant, HeldSite, participant_and_site
from epro.services.history import Beside
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue, UnknownQuestionnaire
from questionnaires.definition import AnswerValue, SafetyRule, StudyPackage
from questionnaires.rules import (
    MetRule,
    Surroundings,
    inputs_of,
    latest_infusion,
    met_rules,
    with_history,
)
from questionnaires.schedule import AnchorEvent, Anchors
from questionnaires.validation import judge

# PRODUCT A-04: a form that was put away with an emergency in it is noticed after ten minutes.
IDLE_BEFORE_A_DRAFT_FLAGS = timedelta(minutes=10)
RULES = system_actor("safety rules")
MOST_DRAFTS_AT_ONCE = 100
ADD = insert_unless_there(Screening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is looked at. `is_final` is False for a form that she may still go on with.

    `on` is the local day it is about, where that is not the day it was answered on. With
    `advice_shown_at` the phone says that it showed its emergency screen for these answers. `also`
    are rules that stand beside those these answers meet, from what was asked about before.
    `is_first` says that nothing of this source was looked at before. `can_ask` says that a screen
    stands before her, or before whoever asks her, which shows a question at once.
    """

    participant: HeldParticipant
    site: HeldSite
    anchors: Anchors
    package: StudyPackage
    study_version_id: int
    source: ScreeningSource
    source_id: UUID
    revision: int
    body_sha256: str
    values: Mapping[str, AnswerValue]
    answered_at: datetime
    is_final: bool
    on: date | None = None
    advice_shown_at: datetime | None = None
    also: tuple[SafetyRule, ...] = ()
    is_first: bool = False
    can_ask: bool = False


def screen(session: Session, look: Look, *, now: datetime) -> tuple[MetRule, ...]:
    """Run the rules over one revision, store the run, and raise or join a flag.

    The caller holds the participant's row. A revision that was looked at before is left alone. An
    unfinished one that meets a red rule flags after ten idle minutes, or at once where the phone
    showed its emergency screen; a later revision replaces it. Where a rule met asks first, she is
    asked, also about an unfinished form in which her phone has asked her already. Where all do,
    flags are raised only if no answer comes; beside another rule nobody waits for it, but it is
    heard. Where nobody can be asked, as of a sheet of paper, they are raised at once.
    """
    if look.source is ScreeningSource.RESPONSE and not look.is_first:
        _settle_drafts_of(session, look.source_id)
    anchors = look.anchors
    infusions = [anchors[e] for e in (AnchorEvent.INF1, AnchorEvent.INF2) if e in anchors]
    surroundings = Surroundings(
        answered_at=look.answered_at,
        latest_infusion_at=latest_infusion(infusions, answered_at=look.answered_at),
        thermometer_route=look.participant.thermometer_route,
    )
    known = inputs_of(look.values, surroundings, default_route=look.package.thermometer_route)
    beside = Beside(
        response_id=look.source_id,
        on=look.on or history.day_of(look.answered_at, look.participant.zone),
        answered_at=look.answered_at,
        infused_at=anchors.get(AnchorEvent.INF1),
    )
    past = history.load(session, look.participant, look.package, beside)
    inputs = with_history(look.package, known, past)
    met = met_rules(look.package.rules, inputs)
    rules = _most_urgent_first([*(one.rule for one in met), *look.also])
    is_red_draft = not look.is_final and any(rule.tier.is_red for rule in rules)
    waits = is_red_draft and look.advice_shown_at is None
    screening = {
        "id": uuid4(),
        "participant_id": look.participant.id,
        "study_version_id": look.study_version_id,
        "source": look.source,
        "source_id": str(look.source_id),
        "revision": look.revision,
        "body_sha256": look.body_sha256,
        "inputs": journal.plain(inputs),
        "rules_met": [rule.id for rule in rules],
        "answered_at": look.answered_at,
        "screened_at": now,
        "flags_at": now + IDLE_BEFORE_A_DRAFT_FLAGS if waits else None,
    }
    if not ADD.rows(session, screening):
        return met
    if look.is_final:
        hospital_stays.follow(
            session, look.participant, look.site, look.values, source_id=look.source_id,
            answered_at=look.answered_at, now=now,
        )  # fmt: skip
    if not rules:
        return met
    _put_on_record(session, look, screening, now=now)
    asking = [] if look.also else [rule for rule in rules if rule.asks_first]
    was_asked = bool(asking) and _was_asked(session, look, asking, screening)
    nobody_waits = len(asking) < len(rules) or not (look.can_ask or was_asked)
    flags_now = (is_red_draft and not waits) or (look.is_final and nobody_waits)
    participant, site = participant_and_site(session, look.participant)
    if flags_now:
        flags.raise_or_join(
            session, participant, site, look.package,
            screening_id=screening["id"], study_version_id=look.study_version_id,
            rules=rules, now=now,
        )  # fmt: skip
    is_time_to_ask = look.is_final or look.advice_shown_at is not None
    if asking and look.can_ask and is_time_to_ask and not was_asked:
        safety_questions.ask(
            session, participant, site, screening_id=screening["id"], rules=asking,
            is_settled=flags_now, now=now,
        )  # fmt: skip
    return met


def _was_asked(
    session: Session, look: Look, asking: Sequence[SafetyRule], screening: Mapping[str, Any]
) -> bool:
    """Tell whether an earlier revision led to a question about the same rules and words."""
    words = [one.name for one in look.package.lexicons]
    return look.source is ScreeningSource.RESPONSE and any(
        {rule.id for rule in asking} <= set(earlier.rules_met)
        and all(
            set(screening["inputs"].get(name) or ()) <= set(earlier.inputs.get(name) or ())
            for name in words
        )
        for earlier in safety_questions.asked_about(session, look.source_id)
    )


def values_in_refused_body(
    body: bytes, *, catalogue: Catalogue
) -> tuple[dict[str, AnswerValue], int]:
    """Return what can be read from a refused body all the same, and its revision; never raises."""
    try:
        envelope: Any = json.loads(body)
        if given := safety_questions.read(envelope):
            return dict(given.values), 0
        reference, answers = envelope["questionnaire"], envelope["answers"]
        questionnaire = catalogue.questionnaire(reference["code"], reference["version"])
        revision = envelope.get("revision")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnknownQuestionnaire):
        return {}, 0
    if not isinstance(answers, list):
        return {}, 0
    judgement = judge(questionnaire, answers, is_complete=False)
    is_number = isinstance(revision, int) and not isinstance(revision, bool)
    return judgement.values, revision if is_number and 0 <= revision < 2**31 else 0


def flag_idle_drafts(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Raise the flags of unfinished forms that were left alone for ten minutes; return how many."""
    due = session.execute(
        select(Screening.id, Screening.participant_id)
        .where(Screening.flags_at <= now)
        .order_by(Screening.flags_at)
        .limit(MOST_DRAFTS_AT_ONCE)
    ).all()
    for screening_id, participant_id in due:
        # The participant first, as everywhere: she may be sending the next revision just now.
        participant = planning.lock_participant(session, participant_id)
        screening = session.get_one(Screening, screening_id, populate_existing=True)
        if screening.flags_at is None or not _is_still_open(session, screening):
            screening.flags_at = None
            continue
        screening.flags_at = None
        package = catalogue.package(screening.study_version_id)
        flags.raise_or_join(
            session, participant, session.get_one(Site, participant.site_id), package,
            screening_id=screening.id, study_version_id=screening.study_version_id,
            rules=[rule for rule in package.rules if rule.id in screening.rules_met], now=now,
        )  # fmt: skip
    session.flush()
    return len(due)


def _most_urgent_first(rules: Sequence[SafetyRule]) -> list[SafetyRule]:
    each = {rule.id: rule for rule in rules}.values()
    return sorted(each, key=lambda rule: (-rule.tier.urgency, not rule.tonight))


def _is_still_open(session: Session, screening: Screening) -> bool:
    response = session.get(QuestionnaireResponse, UUID(screening.source_id), populate_existing=True)
    return (
        response is not None
        and response.status is not ResponseStatus.COMPLETED
        and response.revision == screening.revision
    )


def _settle_drafts_of(session: Session, response_id: UUID) -> None:
    """A later revision says what is true now: earlier ones no longer wait to flag."""
    session.execute(
        update(Screening)
        .where(
            Screening.source == ScreeningSource.RESPONSE,
            Screening.source_id == str(response_id),
            Screening.flags_at.is_not(None),
        )
        .values(flags_at=None)
        .execution_options(synchronize_session=False)
    )


def _put_on_record(
    session: Session, look: Look, screening: Mapping[str, Any], *, now: datetime
) -> None:
    journal.record(
        session,
        RULES,
        "screening.met",
        Subject(
            entity_type="screening",
            entity_id=str(screening["id"]),
            participant_code=look.participant.code,
            site_code=look.site.code,
            site_id=look.site.id,
        ),
        after={
            "source": look.source,
            "source_id": look.source_id,
            "revision": look.revision,
            "rules": screening["rules_met"],
            "study_version": look.package.version,
            "flags_at": screening["flags_at"],
            "advice_shown_at": look.advice_shown_at,
        },
        now=now,
    )
