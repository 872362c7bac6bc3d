"""The line from a flag or a reminder to a phone, with real tables and providers that behave."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.crypto import Keyring
from epro.db import Base, Database
from epro.models import (
    Assessment,
    Incident,
    JournalEntry,
    Participant,
    Reminder,
    SafetyFlag,
    StudyVersion,
    User,
    WorkItem,
)
from epro.services import addresses, identity
from epro.services.studies import Studies
from epro.services.telling import Telling
from notifications import outbox
from notifications.dispatch import Dispatcher
from notifications.means import Means
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from notifications.texts import Text
from questionnaires.catalogue import Catalogue
from questionnaires.tiers import Channel, Tier
from tests.clock import FrozenClock
from tests.factories import (
    SYSTEM,
    add_assessment,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
)
from tests.notifications.post import Provider

NUMBER = "+8613800138014"
STAFF_NUMBER = "+8613900139001"
HER_CODE = "SZ01-014"


class Line:
    """One site with its coordinator and a participant, three providers, and the hooks in force."""

    def __init__(self, database: Database, clock: FrozenClock, wall: FrozenClock) -> None:
        self.database, self.clock, self.wall = database, clock, wall
        self.keyring: Keyring = make_keyring()
        self.sms, self.email = Provider(wall, "SM"), Provider(wall, "EM")
        self.voice = Provider(wall, "CA")
        with database.transaction() as session:
            site = add_site(session)
            self.site_id, self.version_id = site.id, add_study_version(session, site).id
            self.coordinator_id = self.add_user(session, "li.na", Role.COORDINATOR).id
            participant = add_participant(session, site, HER_CODE)
            self.participant_id = participant.id
            identity.seal(
                session, SYSTEM, participant, phone=NUMBER, year_of_birth=1988,
                keyring=self.keyring, now=clock(),
            )  # fmt: skip
        self.catalogue = Catalogue({self.version_id: shipped_package()})
        self.her_number: str | None = NUMBER
        self.hooks = Telling(Studies(), self.keyring)

    def add_user(self, session: Session, name: str, role: Role) -> User:
        new = add_user(session, name, roles=[role], keyring=self.keyring)
        new.user.phone_sealed = self.keyring.seal(STAFF_NUMBER)
        session.flush()
        return new.user

    @property
    def dispatcher(self) -> Dispatcher:
        means = Means(
            channels={
                ChannelName.SMS: self.sms, ChannelName.EMAIL: self.email,
                ChannelName.VOICE: self.voice,
            },
            directory=self._address_of, texts=self._text_of,
        )  # fmt: skip
        return Dispatcher(
            self.database, means, now=self.clock, wall_now=self.wall, hooks=self.hooks,
            chance=lambda: 0.0,
        )  # fmt: skip

    def remind_of(self, *assessments: Assessment) -> UUID:
        """Queue a reminder that covers these."""
        with self.database.transaction() as session:
            message_id = outbox.enqueue(
                session,
                NewMessage(
                    purpose="reminder", channel=ChannelName.SMS, template="diary_open",
                    template_version=str(self.version_id), language="zh", about="reminder",
                    recipient_ref=f"participant:{self.participant_id}",
                ),
                now=self.clock(),
            )  # fmt: skip
            session.add_all(
                Reminder(
                    assessment_id=one.id, step=f"step {message_id}", due_at=self.clock(),
                    template="diary_open", template_version="1", decided_at=self.clock(),
                    channel=Channel.SMS, message_id=message_id,
                )
                for one in assessments
            )  # fmt: skip
        return message_id

    def add_diary(self, **facts: Any) -> Assessment:
        """Plan one diary that is open now."""
        with self.database.transaction() as session:
            version = session.get_one(StudyVersion, self.version_id)
            values = {
                "opens_at": self.clock(), "due_at": self.clock.advance(hours=1),
                "closes_at": self.clock.advance(hours=1), "late_until": self.clock(),
            }  # fmt: skip
            self.clock.advance(hours=-2)
            participant = session.get_one(Participant, self.participant_id)
            return add_assessment(session, participant, version, **(values | facts))

    def alert(self, *channels: ChannelName, tier: Tier = Tier.RED_A) -> tuple[UUID, list[UUID]]:
        """Raise a flag and queue its messages to the coordinator; return flag and messages."""
        with self.database.transaction() as session:
            flag = SafetyFlag(
                id=uuid4(), participant_id=self.participant_id, site_id=self.site_id,
                study_version_id=self.version_id, tier=tier, tonight=False, possible_serious=True,
                raised_at=self.clock(), urgent_since=self.clock(),
            )  # fmt: skip
            session.add(flag)
            session.flush()
            messages = [
                outbox.enqueue(
                    session,
                    NewMessage(
                        purpose="safety", is_vital=True, channel=channel,
                        template=f"alert_{channel}", template_version=str(self.version_id),
                        language="zh", recipient_ref=f"user:{self.coordinator_id}",
                        about=f"flag:{flag.id}",
                        params={"code": HER_CODE, "tier": tier.value, "rule": "R09",
                                "time": "19:04", "link": f"/console/flags/{flag.id}"},
                    ),
                    now=self.clock(),
                )
                for channel in channels
            ]  # fmt: skip
        return flag.id, messages

    def call(self, flag_id: UUID, *, minutes: int = 5) -> UUID:
        """Let the coordinator's phone ring for a flag, unless some minutes pass first."""
        with self.database.transaction() as session:
            return outbox.enqueue(
                session,
                NewMessage(
                    purpose="call", is_vital=True, channel=ChannelName.VOICE,
                    template="alert_voice", template_version=str(self.version_id), language="zh",
                    recipient_ref=f"user:{self.coordinator_id}", about=f"flag:{flag_id}",
                    params={"code": HER_CODE, "tier": "RED_A", "rule": "R09", "time": "19:04",
                            "link": f"/console/flags/{flag_id}"},
                    not_after=self.clock() + timedelta(minutes=minutes),
                ),
                now=self.clock(),
            )  # fmt: skip

    def warn(self, flag_id: UUID) -> UUID:
        """Mail the coordinator that the report of a serious event is due."""
        with self.database.transaction() as session:
            return outbox.enqueue(
                session,
                NewMessage(
                    purpose="safety", is_vital=True, channel=ChannelName.EMAIL,
                    template="serious_due_email", template_version=str(self.version_id),
                    language="zh", recipient_ref=f"user:{self.coordinator_id}",
                    about=f"flag:{flag_id}",
                    params={"code": HER_CODE, "tier": "RED_A", "rule": "R09", "time": "19:04",
                            "link": f"/console/flags/{flag_id}"},
                ),
                now=self.clock(),
            )  # fmt: skip

    def wait(self, **by: float) -> None:
        """Let time pass, on the wall and in the trial alike."""
        self.clock.advance(**by)
        self.wall.advance(**by)

    def state_of(self, message_id: UUID) -> MessageState:
        with self.database.reading() as session:
            return session.get_one(OutboxMessage, message_id).state

    def rows(self, table: type[Base]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(table)))

    @property
    def work(self) -> list[WorkItem]:
        return self.rows(WorkItem)

    @property
    def incidents(self) -> list[Incident]:
        return self.rows(Incident)

    @property
    def journal(self) -> list[JournalEntry]:
        """Everything on record about messages, incidents and work, in order."""
        kinds = {"message", "incident", "work_item"}
        found = [one for one in self.rows(JournalEntry) if one.entity_type in kinds]
        return sorted(found, key=lambda one: one.id)

    @property
    def verbs(self) -> list[str]:
        return [entry.verb for entry in self.journal]

    def _address_of(self, recipient_ref: str, channel: ChannelName) -> str | None:
        if recipient_ref.startswith("participant:"):
            return self.her_number
        with self.database.reading() as session:
            return addresses.address_of(
                session, recipient_ref, channel, catalogue=self.catalogue, keyring=self.keyring,
                now=self.clock(),
            )  # fmt: skip

    def _text_of(self, template: str, _version: str, _language: str) -> Text:
        approved = shipped_package().text(template)
        assert approved
        subject = approved.subject.zh if approved.subject else None
        return Text(approved.body.zh, subject=subject)
