"""Electronic signatures: proven afresh by two components, bound to what the record says.

The signer types password and one-time code again at the moment of signing (21 CFR 11.200). The
signature keeps printed name, time, zone and meaning (11.50) and a hash of the record (11.70): a
record that says something else later shows its signature broken, whoever changed it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.errors import SignatureNotProven, WrongCredentials
from epro.models import Signature, SignatureMeaning, Site
from epro.services import journal, signing_in
from epro.services.journal import Subject
from epro.services.signing_in import Proof
from questionnaires.definition import Translated

MEANINGS: Mapping[SignatureMeaning, Translated] = {
    SignatureMeaning.DELEGATED: Translated("本人授权上述任务", "I delegate this task"),
    SignatureMeaning.DELEGATION_ENDED: Translated("本人终止上述授权", "I end this delegation"),
    SignatureMeaning.ASSESSED: Translated("本人已作出上述评估", "I made this assessment"),
    SignatureMeaning.DECIDED: Translated("本人作出上述决定", "I made this decision"),
    SignatureMeaning.CLOSED: Translated(
        "本人已评估并同意关闭", "I assessed this and agree that it is closed"
    ),
    SignatureMeaning.AWARENESS_SET_LATER: Translated(
        "本人确认研究中心知晓时间更晚", "I confirm that the site became aware later"
    ),
    SignatureMeaning.REVIEWED: Translated("本人已审阅", "I reviewed this"),
    SignatureMeaning.SIGNED_OFF: Translated(
        "本人确认数据完整准确", "I confirm that these data are complete and accurate"
    ),
    SignatureMeaning.APPROVED: Translated("本人批准", "I approve this"),
}


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """What is signed: which record, and everything it says that the signature stands for."""

    subject: Subject
    content: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """The hash of the record's one canonical text, 64 hex digits."""
        text = journal.canonical(journal.plain(self.content))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignature:
    """A signature as people read it; `is_broken` is found by comparing it with the record now."""

    id: UUID
    meaning: SignatureMeaning
    signer: str
    role: str
    signed_at: datetime
    zone: str
    record_sha256: str
    is_broken: bool

    @property
    def signed_at_local(self) -> str:
        """The time of signing in the site's zone, with its offset."""
        return self.signed_at.astimezone(ZoneInfo(self.zone)).isoformat(timespec="seconds")


def sign(
    session: Session,
    actor: Actor,
    proof: Proof,
    record: SignedRecord,
    *,
    meaning: SignatureMeaning,
    keyring: Keyring,
    now: datetime,
) -> Signature:
    """Sign a record as the person who acts, once password and one-time code are proven.

    Call it before anything is written: what a refusal commits are its own traces. Raises
    SignatureNotProven and TooManyAttempts, both recorded and counted to the account's lock-out; a
    one-time code that was used, for signing in as well, is never taken again.
    """
    prove(session, actor, proof, keyring=keyring, now=now)
    return attach(session, actor, record, meaning=meaning, now=now)


def prove(session: Session, actor: Actor, proof: Proof, *, keyring: Keyring, now: datetime) -> None:
    """Have the person prove who they are again; for a record that is only written after that.

    Raises as `sign` does. Follow it with `attach` in the same transaction.
    """
    try:
        signing_in.prove_user(
            session, actor.name, proof, verb="signature.refused", keyring=keyring, now=now
        )
    except WrongCredentials as refused:
        raise SignatureNotProven from refused


def attach(
    session: Session,
    actor: Actor,
    record: SignedRecord,
    *,
    meaning: SignatureMeaning,
    now: datetime,
) -> Signature:
    """Put the signature of a person who was just proven (`prove`) under a record."""
    subject = record.subject
    user = signing_in.user_of(session, actor)
    site = session.get_one(Site, subject.site_id)
    signature = Signature(
        entity_type=subject.entity_type, entity_id=subject.entity_id,
        entity_version=subject.version, meaning=meaning, signer_id=user.id,
        signer_name=user.full_name, signer_role=actor.role_at(site.id), signed_at=now,
        zone=site.zone, record_sha256=record.sha256,
    )  # fmt: skip
    session.add(signature)
    session.flush()
    journal.record(
        session, actor, "record.signed",
        Subject(
            entity_type="signature", entity_id=str(signature.id),
            participant_code=subject.participant_code, site_code=subject.site_code,
            site_id=subject.site_id,
        ),
        after={
            "entity_type": subject.entity_type, "entity_id": subject.entity_id,
            "entity_version": subject.version, "meaning": meaning, "signer": user.username,
            "signer_name": user.full_name, "signed_at": now, "zone": site.zone,
            "record_sha256": record.sha256,
        },
        now=now,
    )  # fmt: skip
    return signature


def signatures_of(session: Session, record: SignedRecord) -> Sequence[ShownSignature]:
    """Return all signatures under a record, the oldest first, each compared with it as it is now.

    The printed name is the one the signer had when signing.
    """
    return signatures_of_each(session, [record])[0]


def signatures_of_each(
    session: Session, records: Sequence[SignedRecord]
) -> list[Sequence[ShownSignature]]:
    """Return the signatures under each of these records, in their order, in one statement."""
    rows = session.scalars(
        select(Signature)
        .where(
            Signature.entity_type.in_({one.subject.entity_type for one in records}),
            Signature.entity_id.in_({one.subject.entity_id for one in records}),
        )
        .order_by(Signature.signed_at, Signature.id)
    )
    under: dict[tuple[str, str], list[Signature]] = defaultdict(list)
    for row in rows:
        under[row.entity_type, row.entity_id].append(row)
    return [
        [_shown(row, record) for row in under[record.subject.entity_type, record.subject.entity_id]]
        for record in records
    ]


def _shown(row: Signature, record: SignedRecord) -> ShownSignature:
    return ShownSignature(
        id=row.id, meaning=row.meaning, signer=row.signer_name, role=row.signer_role,
        signed_at=row.signed_at, zone=row.zone, record_sha256=row.record_sha256,
        is_broken=row.record_sha256 != record.sha256,
    )  # fmt: skip


def is_signed(
    session: Session, record: SignedRecord, meanings: frozenset[SignatureMeaning]
) -> bool:
    """Tell whether an unbroken signature of one of these meanings stands under the record."""
    return any(
        one.meaning in meanings and not one.is_broken for one in signatures_of(session, record)
    )
