"""What joins a flag that is open: which flag it is, what is new to whoever has it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagTrigger, Participant, SafetyFlag, Screening, Site, User
from epro.services import escalation
from notifications.messages import ChannelName
from questionnaires.definition import SafetyRule, StudyPackage
from questionnaires.escalating import text_key
from questionnaires.tiers import Channel, Tier

JOINED = "joined"
ALERT = "alert"


def news(
    flag: SafetyFlag, rules: Sequence[SafetyRule], known: Collection[str]
) -> Sequence[SafetyRule]:
    """Return the rules that whoever has taken a flag does not know of; of no use while nobody has.

    `known` are those that the same response had met before.
    """
    if flag.acknowledged_at is None:
        return []
    return [rule for rule in rules if rule.id not in known]


def tell_holder(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    *,
    rule: SafetyRule,
    now: datetime,
) -> None:
    """Tell whoever has a flag that more joined it: who has seen the first may not look again.

    What could wait for the next working day waits on the flag.
    """
    holder = session.get(User, flag.owner_id) if flag.owner_id else None
    if holder is None or rule.tier is Tier.YELLOW:
        return
    for channel in (Channel.SMS, Channel.EMAIL):
        own = text_key(JOINED, channel)
        # A study that was published before there was such a text tells of it as of an alarm.
        escalation.write(
            session, flag, participant, site, package, holder,
            template=own if package.text(own) else text_key(ALERT, channel),
            channel=ChannelName(channel), at=now, rule_id=rule.id, tier=rule.tier, now=now,
        )  # fmt: skip


def rules_said_before(session: Session, flag: SafetyFlag, screening_id: UUID) -> set[str]:
    """Return which rules an earlier screening of the same response has put on the flag."""
    this = session.get_one(Screening, screening_id)
    return set(
        session.scalars(
            select(FlagTrigger.rule)
            .join(Screening, Screening.id == FlagTrigger.screening_id)
            .where(
                FlagTrigger.flag_id == flag.id,
                Screening.source == this.source,
                Screening.source_id == this.source_id,
                Screening.id != this.id,
            )
        )
    )


def open_flag_sharing(
    session: Session, participant: Participant, rules: Sequence[SafetyRule]
) -> SafetyFlag | None:
    """Return her oldest open flag on which one of these rules stands, locked; None: there is none.

    What it is met by joins that one, so that one problem is one flag.
    """
    return session.scalars(
        select(SafetyFlag)
        .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
        .where(
            SafetyFlag.participant_id == participant.id,
            SafetyFlag.closed_at.is_(None),
            FlagTrigger.rule.in_([rule.id for rule in rules]),
        )
        .order_by(SafetyFlag.raised_at, SafetyFlag.id)
        .limit(1)
        .with_for_update(of=SafetyFlag)
        .execution_options(populate_existing=True)
    ).first()


def add_triggers(
    session: Session,
    flag: SafetyFlag,
    screening_id: UUID,
    rules: Sequence[SafetyRule],
    *,
    now: datetime,
) -> None:
    """Note on a flag which rules a screening met, each at the tier that it had then."""
    session.add_all(
        FlagTrigger(
            flag_id=flag.id, screening_id=screening_id, rule=rule.id, tier=rule.tier, met_at=now
        )
        for rule in rules
    )
    session.flush()
