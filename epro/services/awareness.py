"""The clock of a possible serious event: since when the site has known, and what is left of it.

Awareness is the earliest of: an alert delivered to a person, the flag first viewed or taken by
somebody of the site, the participant spoken with, and what anybody states as earlier. A later time
counts only with the principal investigator's signature and reason. Nothing is ever removed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Permission
from epro.crypto import Keyring
from epro.errors import ReasonRequired
from epro.errors_of_flags import AwarenessNotPossible
from epro.models import (
    AwarenessKind,
    AwarenessStatement,
    FlagAssessment,
    SaeSending,
    SafetyFlag,
    SignatureMeaning,
    WorkKind,
)
from epro.services import flag_clocks, flags, signing, work_list
from epro.services.flags import Case
from epro.services.journal import Subject
from epro.services.signing import ShownSignature, SignedRecord
from epro.services.signing_in import Proof
from questionnaires.definition import StudyPackage

STATES_AN_EARLIER_TIME = frozenset({AwarenessKind.TELEPHONE, AwarenessKind.EARLIER})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStatement:
    """What somebody stated about when the site knew; one of a later time carries a signature.

    `before_at` is what counted until then.
    """

    kind: AwarenessKind
    aware_at: datetime
    before_at: datetime | None
    reason: str
    stated_at: datetime
    by: str
    signatures: Sequence[ShownSignature]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Every time of a flag. `due_at` is None while nobody knows, or when it is not serious.

    `sponsor_due_at` is information: the sponsor's own limit, counted from the sending.
    """

    created_at: datetime
    delivered_at: datetime | None
    viewed_at: datetime | None
    acknowledged_at: datetime | None
    aware_at: datetime | None
    sent_at: datetime | None
    is_running: bool
    due_at: datetime | None
    warn_at: Sequence[datetime]
    sponsor_due_at: datetime | None
    statements: Sequence[ShownStatement]
    sendings: Sequence[SaeSending]


def note_viewed(session: Session, actor: Actor, flag_id: UUID, *, now: datetime) -> bool:
    """Note that somebody of the site has looked at a flag, or at what joined it; tell whether so.

    Only the first look counts, and the first after something joined.
    """
    case = flags.hold(session, actor, flag_id, Permission.ACKNOWLEDGE_FLAG)
    if case.flag.viewed_at is not None and case.flag.news_at is None:
        return False
    before = flags.facts_of(session, case.flag)
    flags.see(case.flag, now=now)
    flags.put_on_record(session, actor, "flag.viewed", case, before=before, now=now)
    return True


def is_first_view(actor: Actor, flag: SafetyFlag) -> bool:
    """Tell whether reading a flag makes the site aware of it, or of what joined: for once each."""
    is_person = actor.kind is ActorKind.USER
    return (
        is_person
        and (flag.viewed_at is None or flag.news_at is not None)
        and actor.may_at(Permission.ACKNOWLEDGE_FLAG, flag.site_id)
    )


def note_telephone(
    session: Session, actor: Actor, case: Case, *, at: datetime, now: datetime
) -> None:
    """Take a conversation with the participant as awareness, when nothing earlier is known."""
    if case.flag.aware_at is None or at < case.flag.aware_at:
        _state(session, actor, case, AwarenessKind.TELEPHONE, at, reason="", now=now)


def state_earlier(
    session: Session, actor: Actor, flag_id: UUID, *, at: datetime, reason: str, now: datetime
) -> SafetyFlag:
    """Record that the site knew earlier; anybody of its staff may.

    Raises NotFound, ReasonRequired, and AwarenessNotPossible for a time that is not earlier.
    """
    case = flags.hold(session, actor, flag_id, Permission.FOLLOW_UP_FLAG)
    if not reason.strip():
        raise ReasonRequired
    if at > now or (case.flag.aware_at is not None and at >= case.flag.aware_at):
        raise AwarenessNotPossible
    _state(session, actor, case, AwarenessKind.EARLIER, at, reason=reason.strip(), now=now)
    return case.flag


def state_later(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    *,
    at: datetime,
    reason: str,
    proof: Proof,
    keyring: Keyring,
    now: datetime,
) -> SafetyFlag:
    """Record a later awareness: the principal investigator's act, signed and with the reason.

    Raises NotFound, ReasonRequired, AwarenessNotPossible for a time that is not later or lies in
    the future, and what `signing.sign` raises.
    """
    case = flags.hold(session, actor, flag_id, Permission.SET_AWARENESS_LATER)
    if not reason.strip():
        raise ReasonRequired
    if at > now or case.flag.aware_at is None or at <= case.flag.aware_at:
        raise AwarenessNotPossible
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    statement = _state(
        session, actor, case, AwarenessKind.LATER, at, reason=reason.strip(), now=now
    )
    signing.attach(
        session, actor, record_of(case, statement),
        meaning=SignatureMeaning.AWARENESS_SET_LATER, now=now,
    )  # fmt: skip
    # Only now that it is signed does the statement count.
    refresh(session, case.flag, now=now)
    session.flush()
    return case.flag


def ask_for_no_report(session: Session, actor: Actor, flag: SafetyFlag, *, now: datetime) -> None:
    """Take off the work list that a report is due, where none is owed any more."""
    if not owes_report(flag, latest_assessment(session, flag)):
        work_list.settle(session, actor, WorkKind.SAE_DUE, about=flags.about(flag.id), now=now)


def clock_of(session: Session, case: Case, package: StudyPackage) -> Clock:
    """Return every time of a flag with what follows from them."""
    flag, policy = case.flag, package.escalation.serious
    latest = latest_assessment(session, flag)
    due_at = None
    if flag.aware_at is not None and counts_as_serious(flag, latest):
        due_at = flag.aware_at + timedelta(hours=policy.report_hours)
    days = policy.sponsor_days_if_fatal if _is_deadly(session, flag) else policy.sponsor_days
    return Clock(
        created_at=flag.raised_at, delivered_at=flag.delivered_at, viewed_at=flag.viewed_at,
        acknowledged_at=flag.acknowledged_at, aware_at=flag.aware_at, sent_at=flag.sent_at,
        is_running=due_at is not None and owes_report(flag, latest),
        due_at=due_at,
        warn_at=[
            due_at + timedelta(hours=hours - policy.report_hours)
            for hours in policy.warn_hours
        ] if due_at else [],
        sponsor_due_at=flag.sent_at + timedelta(days=days) if flag.sent_at else None,
        statements=[
            ShownStatement(
                kind=one.kind,
                aware_at=one.aware_at,
                before_at=one.before_at,
                reason=one.reason,
                stated_at=one.stated_at,
                by=flags.username_of(session, one.stated_by_id) or "",
                signatures=signing.signatures_of(session, record_of(case, one)),
            )
            for one in statements_of(session, flag)
        ],
        sendings=sendings_of(session, flag),
    )  # fmt: skip


def counts_as_serious(flag: SafetyFlag, latest: FlagAssessment | None) -> bool:
    """Tell whether the event counts as serious, or may: until a physician says that it is not.

    `latest` is the version of the assessment that counts.
    """
    if latest is None or latest.assessed_at < flag.urgent_since:
        return flag.possible_serious or bool(latest and latest.seriousness)
    return bool(latest.seriousness)


def owes_report(flag: SafetyFlag, latest: FlagAssessment | None) -> bool:
    """Tell whether a report to the sponsor is still to be made.

    Of a closed flag only a physician says so, who has found since that the event is serious.
    """
    if flag.sent_at is not None:
        return False
    if flag.closed_at is not None:
        return bool(latest and latest.seriousness)
    return counts_as_serious(flag, latest)


def latest_assessment(session: Session, flag: SafetyFlag) -> FlagAssessment | None:
    """Return the version of the assessment that counts, if there is any."""
    return session.scalars(
        select(FlagAssessment).where(
            FlagAssessment.flag_id == flag.id, FlagAssessment.version == flag.assessment_version
        )
    ).first()


def statements_of(session: Session, flag: SafetyFlag) -> Sequence[AwarenessStatement]:
    """Return what people stated about the awareness of a flag, in order."""
    return session.scalars(
        select(AwarenessStatement)
        .where(AwarenessStatement.flag_id == flag.id)
        .order_by(AwarenessStatement.number)
    ).all()


def sendings_of(session: Session, flag: SafetyFlag) -> Sequence[SaeSending]:
    """Return the reports to the sponsor, in order of sending."""
    return session.scalars(
        select(SaeSending)
        .where(SaeSending.flag_id == flag.id)
        .order_by(SaeSending.sent_at, SaeSending.id)
    ).all()


def refresh(session: Session, flag: SafetyFlag, *, now: datetime) -> None:
    """Work out anew since when the site has known, and have the clock looked at."""
    session.flush()
    known = (flag.delivered_at, flag.viewed_at)
    first = min((one for one in known if one is not None), default=None)
    case, since = flags.case_of(session, flag), flag_clocks.began_anew_at(session, flag)
    stated = [
        one for one in statements_of(session, flag) if since is None or one.stated_at >= since
    ]
    aware_at = first_aware_at(first, _counting(session, case, stated))
    if aware_at != flag.aware_at:
        flag.aware_at, flag.clock_looks_at = aware_at, now


def first_aware_at(
    first: datetime | None, statements: Iterable[AwarenessStatement]
) -> datetime | None:
    """Return since when the site has known: the earliest, unless a signed later time follows it."""
    aware_at = first
    for one in statements:
        is_later = one.kind is AwarenessKind.LATER
        aware_at = one.aware_at if is_later or aware_at is None else min(aware_at, one.aware_at)
    return aware_at


def record_of(case: Case, statement: AwarenessStatement) -> SignedRecord:
    """Return a statement as what is signed."""
    subject = Subject(
        entity_type="awareness", entity_id=str(statement.id),
        participant_code=case.participant.code, site_code=case.site.code, site_id=case.site.id,
    )  # fmt: skip
    content = {
        "flag": case.flag.id, "aware_at": statement.aware_at, "before_at": statement.before_at,
        "reason": statement.reason, "stated_at": statement.stated_at,
    }  # fmt: skip
    return SignedRecord(subject, content)


def _counting(
    session: Session, case: Case, statements: Iterable[AwarenessStatement]
) -> Iterable[AwarenessStatement]:
    meaning = frozenset({SignatureMeaning.AWARENESS_SET_LATER})
    for one in statements:
        is_earlier = one.kind in STATES_AN_EARLIER_TIME
        if is_earlier or signing.is_signed(session, record_of(case, one), meaning):
            yield one


def _state(
    session: Session,
    actor: Actor,
    case: Case,
    kind: AwarenessKind,
    at: datetime,
    *,
    reason: str,
    now: datetime,
) -> AwarenessStatement:
    flag = case.flag
    before = flags.facts_of(session, flag)
    statement = AwarenessStatement(
        id=uuid4(), flag_id=flag.id, number=len(statements_of(session, flag)) + 1, kind=kind,
        aware_at=at, before_at=flag.aware_at, reason=reason, stated_at=now, stated_by_id=actor.id,
    )  # fmt: skip
    session.add(statement)
    refresh(session, flag, now=now)
    if kind is AwarenessKind.LATER:
        # Its signature follows in this transaction; what is put on record is what will hold then.
        flag.aware_at, flag.clock_looks_at = at, now
        # Marks that lie ahead again are warned of again.
        flag.warned_hours = min(flag.warned_hours, (now - at) // timedelta(hours=1))
    flags.put_on_record(
        session, actor, "flag.awareness_stated", case, before=before, reason=reason or None, now=now
    )
    return statement


def _is_deadly(session: Session, flag: SafetyFlag) -> bool:
    latest = latest_assessment(session, flag)
    return latest is not None and bool({"death", "life_threatening"} & set(latest.seriousness))
