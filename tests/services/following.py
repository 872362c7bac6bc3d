"""A flag on its way to a signed end: the people of the site and what they do, in one place."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.models import (
    Contact,
    ContactChannel,
    ContactOutcome,
    FlagAssessment,
    SafetyFlag,
    User,
)
from epro.services import assessing, awareness, closing, contacts, flags, reporting
from epro.services.assessing import NewAssessment
from epro.services.awareness import Clock
from epro.services.closing import Act
from epro.services.contacts import NewContact
from epro.services.reporting import NewSending
from epro.services.staff import NewUser
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from tests.factories import (
    add_delegation,
    add_user,
    make_keyring,
    proof_of,
    shipped_package,
    user_actor,
)
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of

KEYRING = make_keyring()
EVENING = local(INFUSED_ON + timedelta(days=5), 19)
NO_EVENT = NewAssessment(is_adverse_event=False, narrative="Breathing as before; misread.")
MILD = NewAssessment(
    is_adverse_event=True, narrative="Fever after the infusion visit, settled by itself.", grade=1,
    relationship="possible", action_taken=ActionTaken.NONE, outcome=Outcome.RECOVERED,
)  # fmt: skip
SERIOUS = replace(
    MILD, narrative="Admitted with pneumonia.", grade=3, outcome=Outcome.RECOVERING,
    seriousness=(Seriousness.HOSPITALISATION,),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ward:
    """A flag that was just raised, a delegated physician, a coordinator, and the root."""

    line: Line
    flag: SafetyFlag
    doctor: NewUser
    root: NewUser

    @property
    def physician(self) -> Actor:
        return user_actor(self.doctor.user)

    @property
    def principal(self) -> Actor:
        return user_actor(self.root.user)

    @property
    def coordinator(self) -> Actor:
        return self.line.coordinator

    def take(self, session: Session, minutes: int = 5) -> None:
        now = EVENING + timedelta(minutes=minutes)
        flags.acknowledge(session, self.coordinator, self.flag.id, now=now)

    def assess(
        self, session: Session, new: NewAssessment = MILD, *, by: Actor | None = None,
        now: datetime = EVENING + timedelta(minutes=30),
    ) -> FlagAssessment:  # fmt: skip
        return assessing.assess(
            session, by or self.physician, self.flag.id, new, package=shipped_package(), now=now
        )

    def call(self, session: Session, **but: Any) -> Contact:
        told: dict[str, Any] = {
            "channel": ContactChannel.TELEPHONE, "outcome": ContactOutcome.REACHED,
            "note": "Resting, no fever now.", "flag_id": self.flag.id,
        }  # fmt: skip
        new, now = NewContact(**(told | but)), EVENING + timedelta(minutes=20)
        code = self.line.given.participant.code
        return contacts.log(session, self.coordinator, code, new, now=now)

    def send(self, session: Session, *, now: datetime = EVENING + timedelta(hours=2)) -> None:
        sending = NewSending(
            sent_at=now, sent_by="Wang Fang", sent_to="sponsor's safety desk", proof="fax 17"
        )
        reporting.record_sending(session, self.coordinator, self.flag.id, sending, now=now)

    def close(
        self, session: Session, *, by: Actor | None = None, is_signed: bool = True,
        now: datetime = EVENING + timedelta(hours=3),
    ) -> SafetyFlag:  # fmt: skip
        proof = proof_of(self.doctor, now) if is_signed else None
        return closing.close(
            session, by or self.physician, self.flag.id, reason="settled", proof=proof,
            keyring=KEYRING, now=now,
        )  # fmt: skip

    def clock(self, session: Session) -> Clock:
        case = flags.case_of(session, self.flag)
        return awareness.clock_of(session, case, shipped_package())

    def why_not(
        self, session: Session, actor: Actor, act: Act, *, now: datetime = EVENING
    ) -> str | None:
        acts = closing.acts_of(session, actor, flags.case_of(session, self.flag), now=now)
        refusal = next(one.refusal for one in acts if one.act is act)
        return refusal.code if refusal else None

    def is_broken(self, session: Session) -> list[bool]:
        case = flags.case_of(session, self.flag)
        return [one.is_broken for one in closing.signatures_of(session, case)]


def begin_ward(session: Session, **complaint: Any) -> Ward:
    """Raise one flag on a Friday evening: asking for help now, unless something else is said."""
    line = begin_line(session)
    root = add_user(session, "pi.chen", roles=[Role.PRINCIPAL_INVESTIGATOR], keyring=KEYRING)
    doctor = add_user(session, "zhao.ming", roles=[Role.INVESTIGATOR], keyring=KEYRING)
    add_delegation(session, line.given.site, doctor.user)
    line.answer(session, None, now=EVENING, **(complaint or {"help_now": True}))
    return Ward(line, flags_of(session)[0], doctor, root)


def user_named(session: Session, username: str, role: Role) -> User:
    """Add somebody of the site."""
    return add_user(session, username, roles=[role]).user
