"""How a participant takes part: pauses, leaves in part or wholly, comes back (P-09)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import LifeCycleNotPossible, ReasonRequired
from epro.models import KEEPS_DIARY, LifeCycle, Participant, Site
from epro.services import anchors, journal, planning, record_locks, reminders, suspension
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent

_LEFT_FURTHER = frozenset(
    {
        LifeCycle.WITHDRAWN_FROM_DIARY, LifeCycle.WITHDRAWN_FROM_CONTACT,
        LifeCycle.WITHDRAWN_FROM_ALL, LifeCycle.LOST, LifeCycle.DECEASED,
    }
)  # fmt: skip
_LEFT = _LEFT_FURTHER | {LifeCycle.WITHDRAWN_FROM_INFUSION, LifeCycle.COMPLETED}
# ACTIVE stands for taking part: who has not activated her diary yet is SCREENED again.
MAY_FOLLOW: Mapping[LifeCycle, frozenset[LifeCycle]] = {
    LifeCycle.SCREENED: _LEFT | {LifeCycle.PAUSED},
    LifeCycle.ACTIVE: _LEFT | {LifeCycle.PAUSED},
    LifeCycle.PAUSED: _LEFT | {LifeCycle.ACTIVE},
    LifeCycle.WITHDRAWN_FROM_INFUSION: _LEFT | {LifeCycle.ACTIVE},
    # What she withdrew from stays withdrawn, or becomes more; ACTIVE takes a mistake back.
    **dict.fromkeys(_LEFT_FURTHER | {LifeCycle.COMPLETED}, _LEFT_FURTHER | {LifeCycle.ACTIVE}),
}


def change(
    session: Session,
    actor: Actor,
    participant: Participant,
    to: LifeCycle,
    *,
    occurred_at: datetime,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> Participant:
    """Record how a participant takes part from an instant on; the same again changes nothing.

    1. Put it on record with its reason.
    2. Record the END of whoever leaves her diary, or take it back with her return.
    3. Re-plan: what can no longer be answered is cancelled; what was answered stays.
    4. Suspend, or resume, what a pause falls on.
    5. Stop her reminders that have not left, in this same transaction.

    Raises LifeCycleNotPossible, ReasonRequired, RecordLocked for who comes back, and what
    recording an anchor raises.
    """
    participant = planning.lock_participant(session, participant.id)
    if to is LifeCycle.ACTIVE and participant.activated_at is None:
        to = LifeCycle.SCREENED
    before = participant.life_cycle
    if before is to:
        return participant
    _check(participant, to, occurred_at, reason, now=now)
    # Leaving is never refused. Coming back takes the end of the diary back, which is locked.
    if to in KEEPS_DIARY and before not in KEEPS_DIARY:
        record_locks.refuse_locked(session, participant.id)
    _put_on_record(session, actor, participant, to, occurred_at, reason, now=now)
    known = planning.standing_anchors(session, participant.id)
    comes_back = participant.keeps_diary and before not in KEEPS_DIARY
    # Each of the three re-plans, so that exactly one of them is needed.
    if not participant.keeps_diary and known.get(AnchorEvent.END) != occurred_at:
        anchors.record(
            session, actor, participant, AnchorEvent.END,
            occurred_at=occurred_at, reason=reason, is_leaving=True, catalogue=catalogue, now=now,
        )  # fmt: skip
    elif comes_back and AnchorEvent.END in known:
        anchors.withdraw(
            session, actor, participant, AnchorEvent.END,
            reason=reason, catalogue=catalogue, now=now,
        )  # fmt: skip
    else:
        planning.replan(session, actor, participant, catalogue=catalogue, reason=reason, now=now)
    suspension.follow(session, actor, participant, catalogue=catalogue, reason=reason, now=now)
    if not participant.is_reminded:
        reminders.cancel_all(session, participant, reason=to.value, now=now)
    return participant


def _check(
    participant: Participant,
    to: LifeCycle,
    occurred_at: datetime,
    reason: str | None,
    *,
    now: datetime,
) -> None:
    allowed = MAY_FOLLOW[participant.life_cycle] | (
        {LifeCycle.SCREENED} if participant.activated_at is None else set()
    )
    if to not in allowed:
        raise LifeCycleNotPossible(
            f"{participant.code} is {participant.life_cycle}; that cannot become {to}."
        )
    if occurred_at > now + anchors.CLOCK_TOLERANCE:
        raise LifeCycleNotPossible("This cannot lie in the future.")
    if occurred_at < participant.enrolled_at:
        raise LifeCycleNotPossible("This cannot lie before the enrolment.")
    if not (reason and reason.strip()):
        raise ReasonRequired(details={"place": "reason"})


def _put_on_record(
    session: Session,
    actor: Actor,
    participant: Participant,
    to: LifeCycle,
    occurred_at: datetime,
    reason: str | None,
    *,
    now: datetime,
) -> None:
    names = ("life_cycle", "life_cycle_at", "life_cycle_reason")
    before = {name: getattr(participant, name) for name in names}
    participant.life_cycle, participant.life_cycle_at = to, occurred_at
    participant.life_cycle_reason = reason
    participant.version += 1
    session.flush()
    site = session.get_one(Site, participant.site_id)
    journal.record(
        session, actor, "participant.life_cycle_changed",
        Subject(
            entity_type="participant", entity_id=participant.code, version=participant.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={**participant.facts, "site": site.code}, before=before, reason=reason,
        occurred_at=occurred_at, now=now,
    )  # fmt: skip
