"""Refused bodies: kept byte for byte, on record, and looked over for signs of danger too."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import insert_if_absent
from epro.errors import DomainError, NoActiveStudyVersion
from epro.models import Participant, Quarantine, ScreeningSource, Site
from epro.services import journal, planning, screening, studies
from epro.services.journal import Subject
from epro.services.screening import Look
from epro.services.submission import Sending
from questionnaires.catalogue import Catalogue


def keep(
    session: Session,
    actor: Actor,
    response_id: UUID,
    sending: Sending,
    refusal: DomainError,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """Keep a refused body unchanged, each distinct one once, on record, and look it over.

    What can be read in it is screened like any answer: an emergency may stand in a broken body.
    """
    participant, site = planning.lock_with_site(session, actor.id)
    refused = _Refused(response_id, refusal.code, refusal.details.get("problems", []))
    _keep(session, actor, participant, site, refused, sending, catalogue=catalogue, now=now)


def take_over(
    session: Session,
    actor: Actor,
    response_id: UUID,
    sending: Sending,
    refusal_code: str,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """Keep a body that her phone hands over, as `keep` does, unless it is kept already.

    What refused it, by the phone's own word, did not come to `keep`: a safety question that is not
    known here, or somebody on the way.
    """
    participant, site = planning.lock_with_site(session, actor.id)
    if _is_kept(session, participant.id, response_id, sending.body):
        return
    refused = _Refused(response_id, refusal_code, [])
    _keep(session, actor, participant, site, refused, sending, catalogue=catalogue, now=now)


@dataclass(frozen=True, slots=True)
class _Refused:
    response_id: UUID
    code: str
    problems: list[dict[str, str]]


def _keep(
    session: Session,
    actor: Actor,
    participant: Participant,
    site: Site,
    refused: _Refused,
    sending: Sending,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    kept_id, digest = uuid4(), hashlib.sha256(sending.body).hexdigest()
    is_new = insert_if_absent(
        session,
        Quarantine,
        {
            "id": kept_id,
            "participant_id": participant.id,
            "response_id": refused.response_id,
            "body": sending.body,
            "body_sha256": digest,
            "refusal_code": refused.code,
            "problems": refused.problems,
            "answer_age_s": sending.answer_age_s,
            "device_session_id": actor.device_session_id,
            "app_version": sending.app_version,
            "received_at": now,
        },
    )
    if not is_new:
        return
    _screen_refused(
        session, participant, site, sending, kept_id, digest, catalogue=catalogue, now=now
    )
    journal.record(
        session,
        actor,
        "response.refused",
        Subject(
            entity_type="quarantine",
            entity_id=str(kept_id),
            participant_code=participant.code,
            site_code=site.code,
            site_id=site.id,
        ),
        after={
            "response_id": refused.response_id,
            "refusal": refused.code,
            "problems": refused.problems,
            "body_sha256": digest,
        },
        now=now,
    )


def _is_kept(session: Session, participant_id: UUID, response_id: UUID, body: bytes) -> bool:
    wanted = select(Quarantine.id).where(
        Quarantine.participant_id == participant_id,
        Quarantine.response_id == response_id,
        Quarantine.body_sha256 == hashlib.sha256(body).hexdigest(),
    )
    return session.scalars(wanted.limit(1)).first() is not None


def _screen_refused(
    session: Session,
    participant: Participant,
    site: Site,
    sending: Sending,
    quarantine_id: UUID,
    digest: str,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    values, revision = screening.values_in_refused_body(sending.body, catalogue=catalogue)
    if not values:
        return
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    try:
        version_id = studies.version_in_force(session, site, on=today)
    except NoActiveStudyVersion:
        return  # no rules are in force; the body is kept all the same
    age = timedelta(seconds=max(sending.answer_age_s or 0.0, 0.0))
    screening.screen(
        session,
        Look(
            participant=participant,
            site=site,
            anchors=planning.standing_anchors(session, participant.id),
            package=catalogue.package(version_id),
            study_version_id=version_id,
            source=ScreeningSource.QUARANTINE,
            source_id=quarantine_id,
            revision=revision,
            body_sha256=digest,
            values=values,
            answered_at=max(now - age, participant.activated_at or participant.enrolled_at),
            is_final=True,
        ),
        now=now,
    )
