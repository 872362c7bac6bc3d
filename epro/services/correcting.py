"""What one correction does: a further revision, scored and screened, noted on each flag it touches.

The revision that was answered first stays as it was; whoever reads the response sees the latest.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import (
    Assessment,
    Correction,
    FlagNote,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SafetyFlag,
    ScreeningSource,
    Site,
)
from epro.services import flag_notes, flags, journal, planning, screening
from epro.services.journal import Subject
from epro.services.response_store import REPLY_FIELDS
from epro.services.screening import Look
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Questionnaire
from questionnaires.scoring import score
from questionnaires.validation import Judgement, cleared_by

CORRECTED = "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The response that is corrected, locked with all that it hangs on."""

    participant: Participant
    site: Site
    assessment: Assessment | None
    response: QuestionnaireResponse
    questionnaire: Questionnaire

    def subject(self) -> Subject:
        """Return what journal entries about the response are about."""
        return Subject(
            entity_type="response",
            entity_id=str(self.response.id),
            version=self.response.version,
            participant_code=self.participant.code,
            site_code=self.site.code,
            site_id=self.site.id,
        )


def digest_of(response: QuestionnaireResponse, answers: Sequence[dict[str, Any]]) -> str:
    """Return what a correction is recognised by: the revision it corrects and what it says."""
    compared = {
        "response": str(response.id),
        "corrects": response.revision,
        "answers": list(answers),
    }
    return hashlib.sha256(journal.canonical(journal.plain(compared)).encode()).hexdigest()


def screen(
    session: Session,
    case: Corrected,
    judgement: Judgement,
    digest: str,
    *,
    revision: int,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """Screen what a correction says, as soon as it is known: an emergency waits for no decision.

    `revision` is the one that the correction makes or would make, so that applying the same answers
    later finds it done.
    """
    screening.screen(
        session,
        Look(
            participant=case.participant,
            site=case.site,
            anchors=planning.standing_anchors(session, case.participant.id),
            package=catalogue.package(case.response.study_version_id),
            study_version_id=case.response.study_version_id,
            source=ScreeningSource.RESPONSE,
            source_id=case.response.id,
            revision=revision,
            body_sha256=digest,
            values=judgement.values,
            answered_at=case.response.answered_at,
            is_final=True,
            on=case.assessment.planned_on if case.assessment else None,
        ),
        now=now,
    )


def apply(
    session: Session,
    actor: Actor,
    case: Corrected,
    correction: Correction,
    judgement: Judgement,
    *,
    also: Mapping[str, Any] = MappingProxyType({}),
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """Store the corrected answers as the next revision, with everything that follows from them.

    `also` are further fields of the response that change with them.

    1. The response shows the new answers and their scores; when it was answered, and whether it
       counts, stay.
    2. The revision and the change, with its reason, are on record: so it reaches the feed.
    3. The answers are screened again, and may raise a flag or join one.
    4. Every flag that the response had raised gets a note; none is lowered, closed or removed.
    """
    response = case.response
    touched = flag_notes.raised_by(session, response.id, up_to=response.revision)
    values = {
        "revision": response.revision + 1,
        "answers": [answer.to_plain() for answer in judgement.answers],
        "hidden": list(judgement.hidden),
        "not_reached": list(judgement.not_reached),
        "cleared": list(cleared_by(judgement, _answered_before(response))),
        "scores": [
            one.to_plain()
            for one in score(case.questionnaire, judgement.values, hidden=judgement.hidden)
        ]
        if response.status is ResponseStatus.COMPLETED
        else [],
        **also,
    }
    before = {name: getattr(response, name) for name in values if name != "revision"}
    response.version += 1
    for name, value in values.items():
        setattr(response, name, value)
    correction.applied_at, correction.applied_revision = now, response.revision
    session.add(_revision(response, correction, now=now))
    session.flush()
    journal.record(
        session, actor, "response.corrected", case.subject(),
        after={column.key: getattr(response, column.key) for column in response.__table__.columns},
        before={name: old for name, old in before.items() if old != values[name]},
        reason=correction.reason,
        occurred_at=response.answered_at.astimezone(ZoneInfo(response.zone)), now=now,
    )  # fmt: skip
    screen(
        session, case, judgement, correction.digest,
        revision=response.revision, catalogue=catalogue, now=now,
    )  # fmt: skip
    _note_on(session, actor, case, correction, touched, now=now)


def _revision(
    response: QuestionnaireResponse, correction: Correction, *, now: datetime
) -> ResponseRevision:
    reply: dict[str, Any] = journal.plain({name: getattr(response, name) for name in REPLY_FIELDS})
    return ResponseRevision(
        response_id=response.id,
        revision=response.revision,
        status=response.status,
        digest=correction.digest,
        answers=response.answers,
        cleared=response.cleared,
        scores=response.scores,
        answered_at=response.answered_at,
        device_answered_at=correction.said_at,
        received_at=now,
        reply=reply,
    )


def _answered_before(response: QuestionnaireResponse) -> set[str]:
    return {answer["link_id"] for answer in response.answers} | set(response.cleared)


def _note_on(
    session: Session,
    actor: Actor,
    case: Corrected,
    correction: Correction,
    touched: Sequence[SafetyFlag],
    *,
    now: datetime,
) -> None:
    for flag in touched:
        session.add(
            FlagNote(flag_id=flag.id, kind=CORRECTED, about=str(case.response.id), noted_at=now)
        )
        # A further version of the flag: what was signed before is no longer what stands.
        flag.version += 1
        session.flush()
        journal.record(
            session, actor, "flag.noted", flags.subject_of(flag, case.participant, case.site),
            after=flags.facts_of(session, flag)
            | {"note": CORRECTED, "response_id": case.response.id, "correction_id": correction.id},
            reason=correction.reason, now=now,
        )  # fmt: skip
