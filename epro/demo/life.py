"""One participant's way through the trial, told by a story: for demonstration and training room.

Everything is done by the same services that serve real requests, at instants of the past; only the
people are invented.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role
from epro.clock import wall_clock_now
from epro.demo.stories import Story
from epro.errors import WeakSecret
from epro.models import Assessment, Completer, EntryMode, Participant, ResponseStatus, User
from epro.parts import Parts
from epro.services import activation, anchors, enrolment, responses
from epro.services.enrolment_form import Enrolment, GivenConsent
from epro.services.sessions import Caller
from epro.services.sites import SiteFacts
from epro.services.strength import refuse_weak_pin
from epro.services.submission import Sending, Submission
from questionnaires.definition import AnswerValue, ConsentKind, Language, StudyPackage
from questionnaires.invented import NOTHING, calm_answers
from questionnaires.schedule import AnchorEvent

CALLER = Caller(client="demonstration", address="127.0.0.1")
YEAR_OF_BIRTH = 1988


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Where invented people live, and who looks after them.

    `staff` has by part in the story: the full name, the role, and whether it is held at every site.
    User names are the parts, behind `prefix`; numbers to call begin with `phones` and
    `staff_phones`, and mail of staff goes to the domain `mail`.
    """

    site: SiteFacts
    staff: Mapping[str, tuple[str, Role, bool]]
    prefix: str = ""
    phones: str = "+86138001380"
    staff_phones: str = "+86139001390"
    mail: str = "example.org"
    is_training: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.zone)

    def username(self, part: str) -> str:
        """Return the user name of whoever plays a part."""
        return f"{self.prefix}{part}"

    def code(self, story: Story) -> str:
        """Return what a story's participant is called at this site."""
        return f"{self.site.code}-{story.number:03}"

    def actor(self, session: Session, part: str) -> Actor:
        """Return whoever plays a part, to act with."""
        name = self.username(part)
        user = session.scalars(select(User).where(User.username == name)).one()
        grants = tuple(Grant(held.role, held.site_id) for held in user.memberships)
        return Actor(
            kind=ActorKind.USER, id=user.id, name=user.username, grants=grants, client=CALLER.client
        )


class Life:
    """One participant's way through the trial so far, event by event, each at its own time."""

    def __init__(
        self,
        session: Session,
        parts: Parts,
        package: StudyPackage,
        cast: Cast,
        story: Story,
        *,
        now: datetime,
    ) -> None:
        self._session, self._parts, self._story, self._now = session, parts, story, now
        self._package, self._cast = package, cast
        self._zone, self._code = cast.zone, cast.code(story)
        self._today = now.astimezone(self._zone).date()
        self._chance = Random(self._code)  # noqa: S311  invented answers, no secret
        self._catalogue = parts.studies.catalogue(session)
        self._coordinator = cast.actor(session, "coordinator")

    def live(self) -> dict[str, str]:
        """Live it; return what she gets into the app with."""
        story = self._story
        enrolled_at = self._at(-story.enrolled_days_ago, time(9, 0))
        issued = self._enrol(enrolled_at)
        if not story.is_active:
            return {"activation_code": issued.activation_code,
                    "year_of_birth": str(YEAR_OF_BIRTH)}  # fmt: skip
        pin = _pin()
        participant = issued.participant
        her = activation.activate(
            self._session, code=issued.activation_code, year_of_birth=YEAR_OF_BIRTH, pin=pin,
            caller=CALLER, keyring=self._parts.keyring, now=enrolled_at + timedelta(minutes=20),
            wall_now=wall_clock_now(),
        ).actor  # fmt: skip
        if story.planned_in_days is not None:
            self._record(participant, AnchorEvent.INF1_PLANNED, story.planned_in_days, enrolled_at)
        if story.infused_days_ago is not None:
            day = -story.infused_days_ago
            self._record(participant, AnchorEvent.INF1_PLANNED, day, enrolled_at)
            self._answer_what_is_due(her, participant, until=self._at(day, story.infused_at))
            self._record(participant, AnchorEvent.INF1, day, self._at(day, story.infused_at))
        self._answer_what_is_due(her, participant, until=self._now, last=story.complains)
        return {"pin": pin}

    def _at(self, days: int, at: time) -> datetime:
        moment = datetime.combine(self._today + timedelta(days=days), at, tzinfo=self._zone)
        return min(moment, self._now) if days <= 0 else moment

    def _enrol(self, at: datetime) -> enrolment.IssuedCode:
        kinds = [
            consent.kind
            for consent in self._package.consents
            if consent.required or consent.kind is ConsentKind.SMS_PROCESSOR
        ]
        consents = tuple(
            GivenConsent(
                kind=kind, document_version="2.0", given_at=at - timedelta(hours=1),
                explained_by="李敏 Li Min", paper_location="folder A",
            )
            for kind in kinds
        )  # fmt: skip
        return enrolment.enrol(
            self._session, self._coordinator,
            Enrolment(
                code=self._code, site=self._cast.site.code, language=Language.ZH,
                year_of_birth=YEAR_OF_BIRTH,
                phone=f"{self._cast.phones}{self._story.number:02}",
                consents=consents,
            ),
            keyring=self._parts.keyring, catalogue=self._catalogue, now=at,
        )  # fmt: skip

    def _record(
        self, participant: Participant, event: AnchorEvent, days: int, recorded_at: datetime
    ) -> None:
        anchors.record(
            self._session, self._coordinator, participant, event,
            occurred_at=self._at(days, self._story.infused_at), reason=None,
            catalogue=self._catalogue, now=recorded_at + timedelta(minutes=1),
        )  # fmt: skip

    def _answer_what_is_due(
        self,
        her: Actor,
        participant: Participant,
        *,
        until: datetime,
        last: Mapping[str, AnswerValue] = NOTHING,
    ) -> None:
        due = self._session.scalars(
            select(Assessment)
            .where(
                Assessment.participant_id == participant.id,
                Assessment.family.in_(("daily", "morning_check")),
                Assessment.cancelled_at.is_(None),
                Assessment.completed_at.is_(None),
                Assessment.opens_at < until,
            )
            .order_by(Assessment.opens_at)
            .execution_options(populate_existing=True)
        ).all()
        answered: list[tuple[Assessment, datetime]] = []
        for number, assessment in enumerate(due):
            answered_at = assessment.opens_at + timedelta(minutes=self._chance.randint(20, 90))
            if number in self._story.is_late_on:
                answered_at = assessment.closes_at + timedelta(hours=8)
            is_forgotten = number in self._story.forgets or self._said_in(assessment) is None
            if not is_forgotten and answered_at < until:
                answered.append((assessment, answered_at))
        for assessment, answered_at in answered:
            is_last = (assessment, answered_at) == answered[-1]
            but = last if is_last and last else self._pain_on(due.index(assessment))
            but = {**but, **(self._said_in(assessment) or NOTHING)}
            self._answer(her, assessment, answered_at, but=but)

    def _said_in(self, assessment: Assessment) -> Mapping[str, AnswerValue] | None:
        says = self._story.says
        if says is None:
            return NOTHING
        return says(assessment.questionnaire_code, assessment.planned_on)

    def _pain_on(self, number: int) -> Mapping[str, AnswerValue]:
        pain = self._story.pains.get(number)
        return NOTHING if pain is None else {"pain": pain}

    def _answer(
        self,
        her: Actor,
        assessment: Assessment,
        answered_at: datetime,
        *,
        but: Mapping[str, AnswerValue],
    ) -> None:
        code, version = assessment.questionnaire_code, assessment.questionnaire_version
        questionnaire = next(one for one in self._package.questionnaires if one.code == code)
        local = answered_at.astimezone(self._zone)
        answers = calm_answers(questionnaire, answered_at=local, chance=self._chance, but=but)
        submission = Submission(
            assessment_id=assessment.id, questionnaire_code=code, questionnaire_version=version,
            revision=1, status=ResponseStatus.COMPLETED, language=Language.ZH,
            completer=Completer.SELF, mode=EntryMode.OWN_DEVICE, device_answered_at=local,
            answers=list(answers),
        )  # fmt: skip
        sending = Sending(
            answer_age_s=3.0, app_version="demonstration",
            body=json.dumps(answers, ensure_ascii=False).encode(),
        )  # fmt: skip
        responses.submit(
            self._session, her, uuid4(), submission, sending,
            catalogue=self._catalogue, now=answered_at + timedelta(seconds=3),
        )  # fmt: skip


def _pin() -> str:
    while True:
        pin = f"{secrets.randbelow(1_000_000):06d}"
        try:
            refuse_weak_pin(pin, year_of_birth=YEAR_OF_BIRTH)
        except WeakSecret:
            continue
        return pin
