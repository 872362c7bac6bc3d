"""What a participant does about her own phone: another PIN, another phone, a stuck record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.errors import WeakSecret, WrongCredentials, WrongPin
from epro.models import JournalKind, Participant, ParticipantCredential, WorkKind
from epro.services import (
    enrolment,
    identity,
    journal,
    lockouts,
    planning,
    quarantine,
    signing_in,
    work_list,
)
from epro.services.enrolment import IssuedCode
from epro.services.journal import Subject
from epro.services.sessions import Caller
from epro.services.strength import PIN_LENGTH, refuse_weak_pin
from epro.services.submission import Sending
from questionnaires.catalogue import Catalogue

# Long enough to walk from one phone to the other, too short to be passed on.
TRANSFER_CODE_LIFE = timedelta(minutes=10)
YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class StuckRecord:
    """What the site knows of a record that a phone cannot deliver."""

    is_new: bool  # the line on the work list
    is_kept: bool  # what was handed over


def change_pin(
    session: Session,
    actor: Actor,
    *,
    old_pin: str,
    new_pin: str,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Set another PIN for whoever knows the present one; her session stays.

    Raises WrongPin and TooManyAttempts as `_prove` does; WeakSecret, but for the year of birth in
    it only to whoever knows the present one: the answer would tell anybody else the year.
    """
    participant = session.get_one(Participant, actor.id)
    refuse_weak_pin(new_pin, year_of_birth=None)
    subject, credential = _prove(
        session, participant, old_pin, caller=caller, keyring=keyring, now=now
    )
    _refuse_year_within(session, participant, new_pin, keyring=keyring)
    credential.pin_hash, credential.chosen_at = keyring.hash_secret(new_pin), now
    session.flush()
    journal.record(
        session, actor, "pin.chosen", subject, after={}, kind=JournalKind.ACCESS, now=now
    )


def issue_transfer_code(
    session: Session, actor: Actor, *, pin: str, caller: Caller, keyring: Keyring, now: datetime
) -> IssuedCode:
    """Hand out a code that moves the diary to another phone within ten minutes.

    It is an activation code like the site's: it needs the year of birth, works once, and this phone
    is signed out when it is used. The PIN is asked for: a phone may lie about unlocked. Raises
    WrongPin and TooManyAttempts as `_prove` does, and IdentityMissing.
    """
    participant = planning.lock_participant(session, session.get_one(Participant, actor.id).id)
    _prove(session, participant, pin, caller=caller, keyring=keyring, now=now)
    return enrolment.issue_code(
        session, actor, participant, life=TRANSFER_CODE_LIFE, keyring=keyring, now=now
    )


def note_stuck_record(
    session: Session,
    actor: Actor,
    response_id: UUID,
    refusal: str,
    body: str | None = None,
    answer_age_s: float | None = None,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> StuckRecord:
    """Tell the site of a record that a phone keeps and cannot deliver; each once.

    `refusal` is the code of the answer that the phone got; it is journalled with the line. A body
    that is handed over is kept and looked over for danger like any that was refused here;
    `answer_age_s` says how many seconds ago it was answered.
    """
    if body is not None:
        sending = Sending(body=body.encode(), answer_age_s=answer_age_s, app_version="")
        quarantine.take_over(
            session, actor, response_id, sending, refusal, catalogue=catalogue, now=now
        )
    participant = session.get_one(Participant, actor.id)
    item = work_list.add(
        session, actor, WorkKind.STUCK_RECORD, about=f"{response_id}:{refusal}",
        site_id=participant.site_id, participant_id=participant.id, now=now,
    )  # fmt: skip
    return StuckRecord(is_new=item is not None, is_kept=body is not None)


def _prove(
    session: Session,
    participant: Participant,
    pin: str,
    *,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
) -> tuple[Subject, ParticipantCredential]:
    """Return what her PIN is known by, if this is it, and what an entry about it is about.

    Raises WrongPin and TooManyAttempts, both recorded and counted with her refused sign-ins.
    """
    subject = signing_in.subject_of(session, participant)
    claim = signing_in.participant_claim(participant.code, keyring=keyring)
    signing_in.hold(
        session, claim, lockouts.PARTICIPANT, caller, subject,
        verb="pin.refused", keyring=keyring, now=now,
    )  # fmt: skip
    credential = session.get_one(ParticipantCredential, participant.id)
    if not keyring.is_secret(credential.pin_hash, pin):
        lockouts.count_failure(session, claim, lockouts.PARTICIPANT, now=now)
        try:
            signing_in.refuse(
                session, caller, subject,
                verb="pin.refused", why="wrong_pin", keyring=keyring, now=now,
            )  # fmt: skip
        except WrongCredentials:
            # She is signed in; only the PIN is not hers.
            raise WrongPin from None
    lockouts.clear(session, claim)
    return subject, credential


def _refuse_year_within(
    session: Session, participant: Participant, pin: str, *, keyring: Keyring
) -> None:
    for start in range(PIN_LENGTH - YEAR_DIGITS + 1):
        year = int(pin[start : start + YEAR_DIGITS])
        if identity.is_born_in(session, participant.id, year, keyring=keyring):
            raise WeakSecret
