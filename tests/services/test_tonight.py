"""Every rule of *tonight* on a Friday at 21:30, before a long weekend on which nobody answers.

All rules go through one world, each for a participant of her own: none joins another's flag.
The worker is stopped at midnight for hours: the tables say what is due, so nothing is lost and
nothing is told twice.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.models import Duty, JournalEntry, SafetyFlag, Screening, ScreeningSource, User
from epro.services import escalation, flags, roster, sponsor_contacts
from epro.services.roster import NewRoster, NewShift
from notifications.messages import OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import SafetyRule
from tests.factories import (
    SYSTEM,
    add_participant,
    add_principal_investigator,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    user_actor,
)
from tests.services.given import local

# Monday the 6th of April is free as well.
FRIDAY, SATURDAY, TUESDAY = date(2026, 4, 3), date(2026, 4, 4), date(2026, 4, 7)
RAISED = local(FRIDAY, 21, 30)
RULES = [rule for rule in shipped_package().rules if rule.tonight]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One site with its roster, and a flag of each rule."""

    catalogue: Catalogue
    flags: dict[str, SafetyFlag]
    names: dict[str, str]

    def told(self, session: Session, rule: SafetyRule, at: datetime) -> set[str]:
        """Return who was told of a rule's flag at an instant, by user name or kind."""
        about = f"flag:{self.flags[rule.id].id}"
        sent = session.scalars(
            select(OutboxMessage.recipient_ref).where(
                OutboxMessage.about == about, OutboxMessage.created_at == at
            )
        )
        return {self.names.get(ref, ref.partition(":")[0]) for ref in sent}

    def tick(self, session: Session, at: datetime) -> None:
        """Let the worker look, until there is nothing left to do."""
        while escalation.climb(session, catalogue=self.catalogue, now=at):
            pass


def begin(session: Session) -> Night:
    """Enter a roster whose people change at midnight, and raise one flag of each rule."""
    site = add_site(session)
    version = add_study_version(session, site)
    package = shipped_package()
    coordinator = add_user(session, "li.min").user
    for username in ("an.lan", "bo.hai", "cui.yu", "deng.fei"):
        add_user(session, username, roles=[Role.INVESTIGATOR])
    add_principal_investigator(session, site)
    begins, midnight, ends = local(FRIDAY, 0), local(SATURDAY, 0), local(TUESDAY, 0)
    shifts = (
        NewShift(duty=Duty.ON_CALL, person="an.lan", begins_at=begins, ends_at=midnight),
        NewShift(duty=Duty.ON_CALL, person="cui.yu", begins_at=midnight, ends_at=ends),
        NewShift(duty=Duty.BACKUP, person="bo.hai", begins_at=begins, ends_at=midnight),
        NewShift(duty=Duty.BACKUP, person="deng.fei", begins_at=midnight, ends_at=ends),
    )
    monday = TUESDAY - timedelta(days=1)
    new = NewRoster(site="SZ01", from_on=FRIDAY, to_on=monday, shifts=shifts)
    roster.enter(session, user_actor(coordinator), new, now=begins)
    sponsor_contacts.set_contact(
        session, SYSTEM, site, name="Safety desk", email="safety@example.org", phone=None,
        keyring=make_keyring(), now=begins,
    )  # fmt: skip
    raised = {}
    for number, rule in enumerate(RULES, start=1):
        her = add_participant(session, site, f"SZ01-{number:03}")
        screening = Screening(
            participant_id=her.id, study_version_id=version.id, source=ScreeningSource.RESPONSE,
            source_id=str(uuid4()), revision=1, body_sha256="0" * 64, inputs={},
            rules_met=[rule.id], answered_at=RAISED, screened_at=RAISED,
        )  # fmt: skip
        session.add(screening)
        session.flush()
        raised[rule.id] = flags.raise_or_join(
            session, her, site, package, screening_id=screening.id, study_version_id=version.id,
            rules=[rule], now=RAISED,
        )  # fmt: skip
    names = {f"user:{user.id}": user.username for user in session.scalars(select(User))}
    return Night(catalogue=Catalogue({version.id: package}), flags=raised, names=names)


def at(on: date, hour: int, minute: int = 0) -> datetime:
    return local(on, hour, minute)


# Who is told when, worked out by hand from escalation.yaml and the roster: at 23:00 the flag begins
# to be climbed as RED_B, and after midnight others are on duty.
LADDER = [
    (at(FRIDAY, 21, 30), {"li.min", "an.lan"}),
    (at(FRIDAY, 22, 30), {"li.min", "bo.hai"}),
    (at(FRIDAY, 23, 0), {"li.min", "an.lan"}),
    (at(FRIDAY, 23, 30), {"bo.hai", "pi.chen"}),
    (at(SATURDAY, 0, 0), {"pi.chen"}),
    (at(SATURDAY, 1, 0), {"sponsor"}),
]


@pytest.mark.req("A-07", "A-06", "C-05")
def test_every_rule_of_tonight_is_told_on_time_by_the_roster_while_nobody_answers(
    session: Session,
) -> None:
    night = begin(session)
    assert {"R04", "R05", "R06a", "R07a", "R17", "R19", "R20", "R21", "R24", "R42"} <= set(
        night.flags
    )

    minute = RAISED
    while minute <= at(SATURDAY, 2):
        night.tick(session, minute)
        minute += timedelta(minutes=1)

    for rule in RULES:
        told = [(when, night.told(session, rule, when)) for when, _ in LADDER]
        assert told == LADDER, rule.id
        assert night.flags[rule.id].next_rung_at is None
    verbs = session.scalars(
        select(JournalEntry.verb).where(JournalEntry.verb.in_(["flag.told", "flag.escalated"]))
    ).all()
    assert len(verbs) == len(RULES) * len(LADDER)


@pytest.mark.req("A-07", "A-14")
def test_after_hours_without_a_worker_every_step_is_told_at_once_and_only_once(
    session: Session,
) -> None:
    night = begin(session)
    night.tick(session, at(FRIDAY, 22, 30))

    back = at(SATURDAY, 4)
    night.tick(session, back)
    night.tick(session, back + timedelta(minutes=1))

    for rule in RULES:
        # Whoever is on duty by now, not whoever was when it fell due.
        assert night.told(session, rule, back) == {
            "li.min", "cui.yu", "deng.fei", "pi.chen", "sponsor",
        }  # fmt: skip
        assert night.told(session, rule, back + timedelta(minutes=1)) == set()


@pytest.mark.req("A-07", "A-08")
def test_whoever_takes_one_flag_leaves_the_others_to_climb(session: Session) -> None:
    night = begin(session)
    first, *others = RULES
    taker = session.scalars(select(User).where(User.username == "an.lan")).one()
    flags.acknowledge(session, user_actor(taker), night.flags[first.id].id, now=at(FRIDAY, 21, 45))

    night.tick(session, at(FRIDAY, 22, 30))

    assert night.told(session, first, at(FRIDAY, 22, 30)) == set()
    assert all(night.told(session, rule, at(FRIDAY, 22, 30)) for rule in others)
