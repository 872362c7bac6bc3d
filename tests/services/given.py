"""A study small enough to be read at a glance, and one participant in it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role
from epro.db import Database
from epro.errors import RecordedRefusal
from epro.models import (
    Assessment,
    Completer,
    EntryMode,
    Participant,
    Quarantine,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    StudyVersion,
)
from epro.services import anchors, journal, responses
from epro.services.responses import StoredResponse
from epro.services.submission import Sending, Submission
from questionnaires.adverse_events import NO_EPISODES
from questionnaires.catalogue import Catalogue
from questionnaires.definition import (
    Clause,
    Ends,
    Item,
    ItemType,
    Language,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    SecondInfusion,
    SecondInfusionMode,
    SilencePolicy,
    StudyPackage,
    Translated,
)
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.factories import (
    add_participant,
    add_site,
    add_study_version,
    participant_actor,
    shipped_package,
)
from tests.questionnaires.trial_schedule import S1, S3, S4, S5, schedule_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
ENROLLED_AT = START - timedelta(days=10)
CALM = ({"link_id": "pain", "value": 2}, {"link_id": "temp", "value": 36.6})


def _words(text: str) -> Translated:
    return Translated(f"{text}（中文）", text)


PAIN = Item(
    link_id="pain", type=ItemType.NRS, text=_words("Pain in the last 24 hours"),
    ends=Ends(_words("none"), _words("worst")),
)  # fmt: skip
TEMPERATURE = Item(
    link_id="temp", type=ItemType.NUMBER, text=_words("Temperature now"), unit="°C", decimals=1,
    hard_min=30.0, hard_max=45.0, soft_min=35.0, soft_max=40.0,
)  # fmt: skip
SHIVERS = Item(
    link_id="shivers", type=ItemType.BOOLEAN, text=_words("Do you shiver?"),
    enable_when=(Clause("temp", Operator.AT_LEAST, 38.0),),
)  # fmt: skip
REMARK = Item(
    link_id="remark", type=ItemType.TEXT, text=_words("Anything else"), optional=True,
    max_length=100,
)  # fmt: skip


def _questionnaire(code: str, kind: QuestionnaireKind, *items: Item) -> Questionnaire:
    return Questionnaire(
        code=code, version="1.0.0", kind=kind, title=_words(code), minutes=2, items=items
    )


DIARY = _questionnaire("diary", QuestionnaireKind.DAILY, PAIN, TEMPERATURE, SHIVERS, REMARK)
SHORT_DIARY = _questionnaire("short_diary", QuestionnaireKind.SHORT, PAIN)
REPORT = _questionnaire("problem_report", QuestionnaireKind.REPORT, replace(REMARK, optional=False))

BLOCKS = ("S1", "S3", "S4", "S5")


def _silence_of_these_blocks() -> SilencePolicy:
    """The shipped policy, without the blocks that the small study does not have."""
    policy = shipped_package().silence
    kept = {
        name: replace(
            getattr(policy, name),
            blocks=tuple(one for one in getattr(policy, name).blocks if one in BLOCKS),
        )
        for name in ("call_now", "missed", "missed_in_a_row", "missed_while_open")
    }
    return replace(policy, call_later=(), **kept)


# What these tests are not about is as the shipped study has it.
SMALL = replace(
    shipped_package(),
    code="SMALL",
    version="1.0.0",
    title=_words("A small study"),
    questionnaires=(DIARY, SHORT_DIARY, REPORT),
    schedule=schedule_of(S1, S3, S4, S5),
    second_infusion=SecondInfusion(SecondInfusionMode.OPEN_BY_DESIGN, "A sponsor's document"),
    block_titles=(),
    adverse_events=replace(
        shipped_package().adverse_events,
        questionnaire=REPORT.code,
        follow_up="",
        linked=(),
        episodes=NO_EPISODES,
    ),
    reminders=replace(shipped_package().reminders, steps=()),
    rules=(),
    trends=(),
    form_modes=(),
    silence=_silence_of_these_blocks(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One participant of the small study, signed in on her phone, and her site's coordinator."""

    site: Site
    version: StudyVersion
    participant: Participant
    actor: Actor
    coordinator: Actor
    catalogue: Catalogue

    def record(
        self,
        session: Session,
        event: AnchorEvent,
        occurred_at: datetime,
        *,
        now: datetime,
        reason: str | None = None,
    ) -> anchors.RecordedAnchor:
        """Record or correct an anchor as the coordinator does."""
        return anchors.record(
            session, self.coordinator, self.participant, event, occurred_at=occurred_at,
            reason=reason, catalogue=self.catalogue, now=now,
        )  # fmt: skip

    def submit(
        self,
        session: Session,
        submission: Submission,
        *,
        now: datetime,
        age_s: float = 0.0,
        response_id: UUID | None = None,
        actor: Actor | None = None,
        body: bytes | None = None,
        how: Sending | None = None,
    ) -> StoredResponse:
        """Send one revision as her phone does."""
        return responses.submit(
            session, actor or self.actor, response_id or uuid4(), submission,
            how or sending(submission, age_s=age_s, body=body), catalogue=self.catalogue, now=now,
        )  # fmt: skip

    def assessments(self, session: Session, *, family: str = "daily") -> list[Assessment]:
        """Return what stands, as the database has it, in order of opening."""
        session.expire_all()
        query = select(Assessment).where(
            Assessment.participant_id == self.participant.id,
            Assessment.family == family,
            Assessment.cancelled_at.is_(None),
        )
        return list(session.scalars(query.order_by(Assessment.opens_at)))

    def diary_on(self, session: Session, on: date) -> Assessment:
        """Return the daily assessment of a local date."""
        return next(one for one in self.assessments(session) if one.planned_on == on)

    def responses(self, session: Session) -> list[QuestionnaireResponse]:
        """Return all that is stored of her answers, in order of answering."""
        session.expire_all()
        return list(
            session.scalars(
                select(QuestionnaireResponse)
                .where(QuestionnaireResponse.participant_id == self.participant.id)
                .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.received_at)
            )
        )


def begin(
    session: Session,
    *,
    package: StudyPackage = SMALL,
    site_code: str = "SZ01",
    code: str = "SZ01-014",
    **facts: Any,
) -> Given:
    """Publish the study, enrol one participant and sign her in."""
    site = add_site(session, site_code)
    version = add_study_version(session, site, package=package)
    known: dict[str, Any] = {"enrolled_at": ENROLLED_AT, "activated_at": ENROLLED_AT}
    participant = add_participant(session, site, code, **(known | facts))
    given = Given(
        site=site,
        version=version,
        participant=participant,
        actor=participant_actor(session, participant),
        coordinator=coordinator_at(site),
        catalogue=Catalogue({version.id: package}),
    )
    given.record(session, AnchorEvent.ENR, participant.enrolled_at, now=participant.enrolled_at)
    return given


def begin_after_infusion(session: Session, *, at: datetime = START, **facts: Any) -> Given:
    """The same, with the first infusion recorded as it happened."""
    given = begin(session, **facts)
    given.record(session, AnchorEvent.INF1, at, now=at)
    return given


def coordinator_at(site: Site) -> Actor:
    """Return somebody of the site's staff."""
    return Actor(
        kind=ActorKind.USER, id=uuid4(), name="li", grants=(Grant(Role.COORDINATOR, site.id),)
    )


def local(on: date, hour: int, minute: int = 0) -> datetime:
    """Return a wall-clock time in Shenzhen as an instant, in UTC."""
    return datetime.combine(on, time(hour, minute), tzinfo=SHANGHAI).astimezone(UTC)


def answered(
    assessment: Assessment | None = None,
    *answers: Mapping[str, Any],
    code: str | None = None,
    **changes: Any,
) -> Submission:
    """Return a submission as a phone makes it: complete and calm unless said otherwise."""
    asked = code or (assessment.questionnaire_code if assessment else REPORT.code)
    usual: Mapping[str, Sequence[Mapping[str, Any]]] = {
        "diary": CALM,
        "short_diary": CALM[:1],
        "problem_report": ({"link_id": "remark", "value": "头痛 😀"},),
    }
    submission = Submission(
        assessment_id=assessment.id if assessment else None,
        questionnaire_code=asked,
        questionnaire_version="1.0.0",
        revision=1,
        status=ResponseStatus.COMPLETED,
        language=Language.ZH,
        completer=Completer.SELF,
        mode=EntryMode.OWN_DEVICE,
        device_answered_at=START,
        answers=list(answers or usual.get(asked, CALM)),
    )
    return replace(submission, **changes)


def sending(
    submission: Submission, *, age_s: float | None = 0.0, body: bytes | None = None
) -> Sending:
    """Return how a submission travels; its bytes stand for what the phone wrote."""
    return Sending(answer_age_s=age_s, app_version="test", body=body or repr(submission).encode())


def quarantined(session: Session) -> list[Quarantine]:
    """Return the bodies that were refused and kept."""
    return list(session.scalars(select(Quarantine).order_by(Quarantine.received_at)))


@contextmanager
def refused(kind: type[RecordedRefusal]) -> Iterator[pytest.ExceptionInfo[RecordedRefusal]]:
    """Expect a refusal that is meant to be committed."""
    with pytest.raises(kind) as caught:
        yield caught


def story_of(database: Database) -> list[dict[str, Any]]:
    """Give every entry its place and return the whole record in order."""
    with database.transaction() as session:
        journal.sequence(session)
    with database.reading() as session:
        linked = journal.read_after(session, 0, limit=10_000, kind=None)
        assert journal.verify(session).first_break is None
    return [entry.content for entry in linked]
