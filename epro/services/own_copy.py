"""A participant's own copy of what is held about her, in words and in her language.

What is hers: her contact data, how she takes part, her consents, every answer as it stands, when
the site was in touch. What others made of it is not in it: flags and their assessment, notes of
staff, ratings. They are the trial's records and opinions, some of them masked; a physician explains
them to her (`docs/data-protection.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.models import (
    Anchor,
    Assessment,
    Consent,
    Contact,
    Participant,
    QuestionnaireResponse,
    Site,
)
from epro.services import consents, data_requests, forms, identity
from epro.services.forms import Seen
from epro.services.identity import Identity
from questionnaires.catalogue import Catalogue
from questionnaires.rendering import ItemState
from questionnaires.schedule import AnsweredBy

SAID = frozenset({ItemState.ANSWERED, ItemState.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopy:
    """All of it; `contact_data` is None where nobody keeps any. Times are shown in her zone."""

    participant: Participant
    site: Site
    made_at: datetime
    contact_data: Identity | None
    consents: Sequence[Consent]
    visits: Sequence[Anchor]
    contacts: Sequence[Contact]
    answers: Sequence[Seen]


def make(
    session: Session,
    actor: Actor,
    request_id: UUID,
    *,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> OwnCopy:
    """Make the copy that was asked for, and put on record that it was made.

    Raises what `data_requests.note_copy` raises.
    """
    shown = data_requests.note_copy(session, actor, request_id, now=now)
    her = shown.participant
    return OwnCopy(
        participant=her,
        site=shown.site,
        made_at=now,
        contact_data=_contact_data(session, actor, her, request_id, keyring=keyring, now=now),
        consents=consents.of_participant(session, her),
        visits=session.scalars(
            select(Anchor)
            .where(Anchor.participant_id == her.id, Anchor.superseded_at.is_(None))
            .order_by(Anchor.occurred_at)
        ).all(),
        contacts=session.scalars(
            select(Contact).where(Contact.participant_id == her.id).order_by(Contact.contacted_at)
        ).all(),
        answers=[
            forms.seen(session, one, language=her.language, catalogue=catalogue)
            for one in _answers(session, her)
        ],
    )


def said_in(seen: Seen) -> Sequence[tuple[str, str]]:
    """Return question and answer of what she was asked in one form, in order."""
    return [
        (one.question, one.answer or one.state_in_words) for one in seen.items if one.state in SAID
    ]


def _contact_data(
    session: Session,
    actor: Actor,
    her: Participant,
    request_id: UUID,
    *,
    keyring: Keyring,
    now: datetime,
) -> Identity | None:
    if not identity.is_known(session, her.id):
        return None
    if not actor.may_at(Permission.READ_IDENTITY, her.site_id):
        return None
    return identity.read(
        session, actor, her, reason=f"data_request:{request_id}", keyring=keyring, now=now
    )


def _answers(session: Session, her: Participant) -> Sequence[QuestionnaireResponse]:
    """Return her answers in order; what an assessor rated is no answer of hers."""
    return session.scalars(
        select(QuestionnaireResponse)
        .outerjoin(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(
            QuestionnaireResponse.participant_id == her.id,
            or_(Assessment.id.is_(None), Assessment.answered_by == AnsweredBy.PARTICIPANT),
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    ).all()
