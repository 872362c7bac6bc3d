"""The demonstration: one site, its staff, and participants at different points of the trial.

Everything is done by the same services that serve real requests, at instants of the past; only the
people are invented. Passwords and PINs are made anew for each installation and kept in
`var/demo/logins.json`, readable by its owner alone.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, system_actor
from epro.clock import wall_clock_now
from epro.demo import events
from epro.demo.stories import Story, stories
from epro.errors import WeakSecret
from epro.models import (
    Assessment,
    Completer,
    Duty,
    EntryMode,
    Participant,
    ResponseStatus,
    SafetyFlag,
    Site,
    StudyVersion,
    Task,
    User,
)
from epro.parts import Parts
from epro.services import (
    activation,
    anchors,
    delegation,
    enrolment,
    flags,
    responses,
    roster,
    sites,
    staff,
    studies,
)
from epro.services.delegation import NewDelegation
from epro.services.enrolment_form import Enrolment, GivenConsent
from epro.services.roster import NewRoster, NewShift
from epro.services.sessions import Caller
from epro.services.signing_in import TOTP_STEP_S, Proof
from epro.services.sites import SiteFacts
from epro.services.strength import refuse_weak_pin
from epro.services.submission import Sending, Submission
from questionnaires.definition import AnswerValue, ConsentKind, Language, StudyPackage
from questionnaires.invented import NOTHING, calm_answers
from questionnaires.schedule import AnchorEvent

SITE = SiteFacts(
    code="SZ01",
    name_zh="深圳示范中心",
    name_en="Shenzhen demonstration site",
    zone="Asia/Shanghai",
    phone="0755-00000001",
    phone_24h="0755-00000024",
)
ZONE = ZoneInfo(SITE.zone)
STAFF = {
    "coordinator": ("李敏 Li Min", Role.COORDINATOR, SITE.code),
    "principal": ("刘洋 Liu Yang", Role.PRINCIPAL_INVESTIGATOR, SITE.code),
    "investigator": ("王芳 Wang Fang", Role.INVESTIGATOR, SITE.code),
    "deputy": ("周敏 Zhou Min", Role.INVESTIGATOR, SITE.code),
    "monitor": ("陈静 Chen Jing", Role.MONITOR, SITE.code),
    "inspector": ("赵强 Zhao Qiang", Role.INSPECTOR, None),
}
PHYSICIANS = ("investigator", "deputy")
ROSTER_WEEKS = 60
CALLER = Caller(client="demonstration", address="127.0.0.1")
YEAR_OF_BIRTH = 1988


def seed(parts: Parts, package: StudyPackage, *, logins: Path, echo: Callable[[str], None]) -> None:
    """Fill an empty database with the demonstration; one that is filled is left as it is."""
    with parts.database.reading() as session:
        if session.scalars(select(Site).where(Site.code == SITE.code)).first():
            return
    actor = system_actor("demonstration")
    now = parts.clock.now()
    known: dict[str, dict[str, str]] = {}
    with parts.database.transaction() as session:
        version = studies.publish(session, actor, package, now=now - timedelta(days=60))
        _open_site(session, actor, version, parts, known, now=now)
    everybody = stories(now.astimezone(ZONE).date())
    for number, story in enumerate(everybody, start=1):
        echo(f"  [{number}/{len(everybody)}] {story.code}: {story.what}")
        with parts.database.transaction() as session:
            known[story.code] = _Life(session, parts, package, story, now=now).live()
    # What they complain of is told first and taken then, as it would be.
    parts.messaging.dispatcher.run()
    with parts.database.transaction() as session:
        _take_flags(session, everybody, now=parts.clock.now())
        events.decide_about(
            session, _user(session, "principal"),
            catalogue=parts.studies.catalogue(session), now=parts.clock.now(),
        )  # fmt: skip
    logins.parent.mkdir(parents=True, exist_ok=True)
    logins.touch(mode=0o600)
    logins.write_text(json.dumps(known, indent=2), encoding="utf-8")


def _take_flags(session: Session, everybody: Sequence[Story], *, now: datetime) -> None:
    taken = [story.code for story in everybody if story.is_taken]
    for flag_id in session.scalars(
        select(SafetyFlag.id)
        .join(Participant, Participant.id == SafetyFlag.participant_id)
        .where(Participant.code.in_(taken), SafetyFlag.acknowledged_at.is_(None))
    ).all():
        flags.acknowledge(session, _user(session, "investigator"), flag_id, now=now)


def _user(session: Session, username: str) -> Actor:
    user = session.scalars(select(User).where(User.username == username)).one()
    grants = tuple(Grant(held.role, held.site_id) for held in user.memberships)
    return Actor(
        kind=ActorKind.USER, id=user.id, name=user.username, grants=grants, client=CALLER.client
    )


def read_logins(logins: Path) -> dict[str, dict[str, str]]:
    """Return what `seed` wrote: for each name its secrets. Raises FileNotFoundError."""
    known: dict[str, dict[str, str]] = json.loads(logins.read_text(encoding="utf-8"))
    return known


def one_time_code(login: dict[str, str]) -> str:
    """Return the six digits that an authenticator would show for a demo user now."""
    return TOTP(login["totp_secret"]).at(wall_clock_now())


def _open_site(
    session: Session,
    actor: Actor,
    version: StudyVersion,
    parts: Parts,
    known: dict[str, dict[str, str]],
    *,
    now: datetime,
) -> None:
    opened_at = now - timedelta(days=60)
    site = sites.add_site(session, actor, SITE, now=opened_at)
    studies.activate(
        session, actor, site, version,
        from_on=opened_at.astimezone(ZONE).date(), now=opened_at,
    )  # fmt: skip
    for number, (username, (full_name, role, site_code)) in enumerate(STAFF.items(), start=1):
        password = secrets.token_urlsafe(12)
        added = staff.add_user(
            session, actor, username=username, full_name=full_name,
            email=f"{username}@example.org", phone=f"+86139001390{number:02d}",
            password=password, roles=[role], site=site_code,
            keyring=parts.keyring, now=opened_at,
        )  # fmt: skip
        known[username] = {"password": password, "totp_secret": added.totp_secret}
    _delegate(session, parts, known["principal"], now=opened_at)
    _enter_roster(session, now=opened_at)


def _delegate(session: Session, parts: Parts, login: dict[str, str], *, now: datetime) -> None:
    """Have the principal investigator sign who does what, each line with a code of its own."""
    tasks = [(person, task) for task in Task for person in PHYSICIANS]
    for number, (person, task) in enumerate([*tasks, ("coordinator", Task.DATA_REVIEW)]):
        signed_at = now + timedelta(seconds=TOTP_STEP_S * number)
        code = TOTP(login["totp_secret"]).at(signed_at)
        delegation.delegate(
            session, _user(session, "principal"),
            NewDelegation(
                site=SITE.code, person=person, task=task, from_on=now.astimezone(ZONE).date()
            ),
            Proof(password=login["password"], totp=code, caller=CALLER, wall_now=signed_at),
            keyring=parts.keyring, now=signed_at,
        )  # fmt: skip


def _enter_roster(session: Session, *, now: datetime) -> None:
    """Have both physicians take turns, a week each; whoever is not on call is the backup."""
    first_on = now.astimezone(ZONE).date()
    begin = datetime.combine(first_on, time(), tzinfo=ZONE)
    weeks = [begin + timedelta(weeks=number) for number in range(ROSTER_WEEKS)]
    shifts = tuple(
        NewShift(
            duty=duty, person=PHYSICIANS[(number + offset) % len(PHYSICIANS)],
            begins_at=week, ends_at=week + timedelta(weeks=1),
        )
        for number, week in enumerate(weeks)
        for offset, duty in enumerate(Duty)
    )  # fmt: skip
    last_on = first_on + timedelta(weeks=ROSTER_WEEKS, days=-1)
    roster.enter(
        session, _user(session, "coordinator"),
        NewRoster(site=SITE.code, from_on=first_on, to_on=last_on, shifts=shifts), now=now,
    )  # fmt: skip


class _Life:
    """One participant's way through the trial so far, event by event, each at its own time."""

    def __init__(
        self, session: Session, parts: Parts, package: StudyPackage, story: Story, *, now: datetime
    ) -> None:
        self._session, self._parts, self._story, self._now = session, parts, story, now
        self._package = package
        self._today = now.astimezone(ZONE).date()
        self._chance = Random(story.code)  # noqa: S311  invented answers, no secret
        self._catalogue = parts.studies.catalogue(session)
        self._coordinator = _user(session, "coordinator")

    def live(self) -> dict[str, str]:
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
        moment = datetime.combine(self._today + timedelta(days=days), at, tzinfo=ZONE)
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
                code=self._story.code, site=SITE.code, language=Language.ZH,
                year_of_birth=YEAR_OF_BIRTH, phone=f"+86138001380{self._story.code[-2:]}",
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
        local = answered_at.astimezone(ZONE)
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
