"""The log of code breaks: that, when, by whom and how blinding was lifted, outside this system.

What was found is kept nowhere and cannot be entered: there is no free text (E6(R3) 4.1.4).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.models import CodeBreak, CodeBreakKind, Participant, Site
from epro.services import enrolment, flags, journal, staff
from epro.services.journal import Subject


def record(
    session: Session,
    actor: Actor,
    code: str,
    *,
    kind: CodeBreakKind,
    happened_at: datetime,
    done_by: str,
    now: datetime,
) -> CodeBreak:
    """Record that a code was broken for a participant, by a physician of the site (user name).

    Raises NotFound, and InvalidInput for a time in the future or somebody who could not have.
    """
    participant = enrolment.get_participant(session, actor, code, Permission.RECORD_CODE_BREAK)
    site = session.get_one(Site, participant.site_id)
    person = staff.find_at(session, done_by, site, Permission.RECORD_CODE_BREAK)
    problems = []
    if happened_at > now:
        problems.append({"place": "happened_at", "message": "This lies in the future."})
    if person is None:
        problems.append({"place": "done_by", "message": "This is no physician of the site."})
    if problems or person is None:
        raise InvalidInput(details={"problems": problems})
    row = CodeBreak(
        participant_id=participant.id, kind=kind, happened_at=happened_at,
        done_by=person.username, recorded_at=now, recorded_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.record(
        session, actor, "code_break.recorded",
        Subject(entity_type="code_break", entity_id=str(row.id),
                participant_code=participant.code, site_code=site.code, site_id=site.id),
        after=facts_of(session, row), occurred_at=happened_at, now=now,
    )  # fmt: skip
    return row


def of_participant(session: Session, actor: Actor, code: str) -> Sequence[CodeBreak]:
    """Return the code breaks of a participant, in order. Raises NotFound."""
    participant = enrolment.get_participant(session, actor, code, Permission.READ_CODE_BREAK)
    return session.scalars(
        select(CodeBreak)
        .where(CodeBreak.participant_id == participant.id)
        .order_by(CodeBreak.happened_at, CodeBreak.id)
    ).all()


def get(session: Session, actor: Actor, row_id: object) -> CodeBreak:
    """Return one line of the log within the actor's sites. Raises NotFound."""
    row = session.get(CodeBreak, row_id)
    participant = session.get(Participant, row.participant_id) if row else None
    if (
        row is None
        or participant is None
        or not actor.may_at(Permission.READ_CODE_BREAK, participant.site_id)
    ):
        raise NotFound
    return row


def facts_of(session: Session, row: CodeBreak) -> dict[str, Any]:
    """Return a line of the log as plain values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "happened_at": row.happened_at,
        "done_by": row.done_by,
        "recorded_at": row.recorded_at,
        "recorded_by": flags.username_of(session, row.recorded_by_id),
    }
