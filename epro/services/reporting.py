"""The report of a serious event to the sponsor: that it went out, and of which event it tells."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput
from epro.errors_of_flags import FlagClosed
from epro.models import SaeSending, SafetyFlag, WorkKind
from epro.services import awareness, flag_clocks, flags, work_list
from epro.services.flags import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSending:
    """When the report went out, who sent it, to whom, and a reference that proves it."""

    sent_at: datetime
    sent_by: str
    sent_to: str
    proof: str


def record_sending(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    sending: NewSending,
    *,
    now: datetime,
) -> SaeSending:
    """Record that the report of a serious event went to the sponsor: time, person, proof.

    One that went out before a later emergency joined tells nothing of that, whose clock runs on
    from when the site knew of it. Raises NotFound, FlagClosed where no report is owed any more, and
    InvalidInput for a time in the future or before anybody knew.
    """
    case = flags.hold(session, actor, flag_id, Permission.FOLLOW_UP_FLAG)
    latest = awareness.latest_assessment(session, case.flag)
    if case.flag.closed_at is not None and not awareness.owes_report(case.flag, latest):
        raise FlagClosed
    problems = list(_sending_problems(session, sending, case.flag, now=now))
    if problems:
        raise InvalidInput(details={"problems": problems})
    before = flags.facts_of(session, case.flag)
    row = SaeSending(
        flag_id=case.flag.id, sent_at=sending.sent_at, sent_by=sending.sent_by.strip(),
        sent_to=sending.sent_to.strip(), proof=sending.proof.strip(), recorded_at=now,
        recorded_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    case.flag.clock_looks_at = now
    if case.flag.closed_at is None and flag_clocks.is_before_the_latest(
        session, case.flag, row.sent_at
    ):
        _settle_what_was_before(session, actor, case, row.sent_at, before=before, now=now)
    else:
        # The first report stops the clock; a follow-up does not move it.
        case.flag.sent_at = min(one for one in (case.flag.sent_at, row.sent_at) if one is not None)
        flags.put_on_record(session, actor, "flag.reported", case, before=before, now=now)
    awareness.ask_for_no_report(session, actor, case.flag, now=now)
    return row


def _settle_what_was_before(
    session: Session,
    actor: Actor,
    case: Case,
    sent_at: datetime,
    *,
    before: dict[str, Any],
    now: datetime,
) -> None:
    """End the clock of what a report tells of, and begin that of the emergency after it."""
    flag = case.flag
    began_at = flag_clocks.began_anew_at(session, flag)
    is_told_late = began_at is not None and sent_at < began_at
    if not is_told_late:
        flag_clocks.forget(flag)
    flags.put_on_record(session, actor, "flag.reported", case, before=before, now=now)
    if is_told_late:
        return
    work_list.settle(session, actor, WorkKind.SAE_DUE, about=flags.about(flag.id), now=now)
    forgotten = flags.facts_of(session, flag)
    flags.see(flag, now=flag.acknowledged_at or now)
    # What was delivered or stated since then may be earlier.
    awareness.refresh(session, flag, now=now)
    flag.clock_looks_at = now
    flags.put_on_record(session, actor, "flag.viewed", case, before=forgotten, now=now)


def _sending_problems(
    session: Session, sending: NewSending, flag: SafetyFlag, *, now: datetime
) -> Iterable[dict[str, str]]:
    known_at = flag.aware_at
    if known_at is not None and flag_clocks.is_before_the_latest(session, flag, sending.sent_at):
        stated = (one.aware_at for one in awareness.statements_of(session, flag))
        known_at = min(known_at, flag.raised_at, *stated)
    if sending.sent_at > now:
        yield {"place": "sent_at", "message": "This lies in the future."}
    elif known_at is not None and sending.sent_at < known_at:
        yield {"place": "sent_at", "message": "This lies before anybody knew of it."}
    for place in ("sent_by", "sent_to", "proof"):
        if not getattr(sending, place).strip():
            yield {"place": place, "message": "This is needed as proof of sending."}
