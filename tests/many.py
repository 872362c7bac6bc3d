"""A trial with many participants, their diaries and messages: for what is slow only then."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text

from epro.models import (
    AdverseEvent,
    Anchor,
    Assessment,
    Completer,
    DeviceSession,
    EntryMode,
    EventSource,
    JournalEntry,
    JournalKind,
    LifeCycle,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SessionPlace,
    StudyVersion,
    Timeliness,
)
from epro.services import journal, reckoning
from epro.services.journal import Subject
from notifications.messages import ChannelName, MessageState, OutboxMessage
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.schedule import AnchorEvent, AnsweredBy, DiarySlot
from tests.api.world import HERE, World
from tests.factories import SYSTEM, event_facts, shipped_package

FIRST_NUMBER = 100
CHUNK = 2_000


def add_many(
    world: World, people: int, *, days: int, first: int = FIRST_NUMBER, failed_of: int = 50
) -> None:
    """Add participants whose diary began `days` ago: two of three days answered, all reminded of.

    Of `failed_of` messages one did not arrive.
    Rows are inserted as they are: going through the services would take hours for thousands.
    """
    now = world.clock.now()
    block = next(one for one in shipped_package().schedule.blocks if one.code == "S1")
    form = shipped_package().questionnaire(block.questionnaire)
    assert form
    with world.database.transaction() as session:
        site = session.scalars(
            select(Participant.site_id).where(Participant.code == f"{HERE}-014")
        ).one()
        version = session.scalars(select(StudyVersion.id)).first()
        rows: dict[Any, list[dict[str, Any]]] = {
            table: []
            for table in (Participant, DeviceSession, Anchor, Assessment, QuestionnaireResponse,
                          ResponseRevision, OutboxMessage, SessionPlace, JournalEntry)
        }  # fmt: skip
        for number in range(people):
            who, device, code = uuid4(), uuid4(), f"{HERE}-{number + first}"
            begun = now - timedelta(days=days)
            rows[Participant].append(
                {"id": who, "code": code, "site_id": site, "language": Language.ZH,
                 "zone": "Asia/Shanghai", "thermometer_route": ThermometerRoute.AXILLARY,
                 "enrolled_at": begun, "activated_at": begun, "life_cycle": LifeCycle.ACTIVE,
                 "diary_slot": DiarySlot.EVENING, "version": 1}
            )  # fmt: skip
            rows[DeviceSession].append(
                {"id": device, "participant_id": who, "client": "bench", "started_at": begun,
                 "last_seen_at": now, "refresh_generation": 1}
            )  # fmt: skip
            rows[SessionPlace].append(
                {"device_session_id": device, "device_tag": f"{number:016}",
                 "address_tag": f"{number // 20:016}", "first_seen_at": begun, "last_seen_at": now}
            )  # fmt: skip
            rows[JournalEntry] += [
                journal.entry(
                    SYSTEM, "device_session.started",
                    Subject(entity_type="device_session", entity_id=str(device),
                            participant_code=code, site_code=HERE),
                    after={}, kind=JournalKind.ACCESS, now=begun + timedelta(weeks=week),
                )
                for week in range(days // 7)
            ]  # fmt: skip
            rows[Anchor].append(
                {"id": uuid4(), "participant_id": who, "event": AnchorEvent.INF1, "version": 1,
                 "occurred_at": begun, "zone": "Asia/Shanghai", "utc_offset_minutes": 480,
                 "recorded_at": begun}
            )  # fmt: skip
            for day in range(days):
                opens = begun + timedelta(days=day)
                planned, response = uuid4(), uuid4()
                at = opens + timedelta(hours=2) if day % 3 else None
                rows[Assessment].append(
                    {"id": planned, "participant_id": who, "study_version_id": version,
                     "version": 1, "family": "daily", "occurrence": str(opens.date()),
                     "block": "S1", "questionnaire_code": form.code,
                     "questionnaire_version": form.version, "planned_on": opens.date(),
                     "opens_at": opens, "due_at": opens + timedelta(hours=4),
                     "closes_at": opens + timedelta(hours=6),
                     "late_until": opens + timedelta(hours=18),
                     "answered_by": AnsweredBy.PARTICIPANT, "planned_at": begun,
                     "not_offered": False, "completed_at": at}
                )  # fmt: skip
                rows[OutboxMessage].append(
                    _reminder(who, opens, arrived=(number * days + day) % failed_of > 0)
                )
                if at is None:
                    continue
                answers = [{"link_id": "temp", "value": 36.5}, {"link_id": "pain", "value": 3},
                           {"link_id": "fatigue", "value": 4}]  # fmt: skip
                rows[QuestionnaireResponse].append(
                    {"id": response, "participant_id": who, "assessment_id": planned,
                     "study_version_id": version, "questionnaire_code": form.code,
                     "questionnaire_version": form.version, "revision": 1, "version": 1,
                     "status": ResponseStatus.COMPLETED, "language": Language.ZH,
                     "completer": Completer.SELF, "mode": EntryMode.OWN_DEVICE,
                     "answers": answers, "hidden": [], "not_reached": [], "cleared": [],
                     "scores": [], "opened_at": at - timedelta(minutes=2), "answered_at": at,
                     "utc_offset_minutes": 480,
                     "zone": "Asia/Shanghai", "clock_unsure": False, "received_at": at,
                     "received_late": False, "timeliness": Timeliness.ON_TIME, "counts": True,
                     "device_session_id": device, "app_version": "1"}
                )  # fmt: skip
                rows[ResponseRevision].append(
                    {"response_id": response, "revision": 1, "status": ResponseStatus.COMPLETED,
                     "digest": "", "answers": answers, "cleared": [], "scores": [],
                     "answered_at": at, "device_answered_at": at, "received_at": at, "reply": {}}
                )  # fmt: skip
        for table, values in rows.items():
            for begin in range(0, len(values), CHUNK):
                session.execute(insert(table), values[begin : begin + CHUNK])
    with world.database.transaction() as session:
        # What the database does by itself after a while; a planner that knows nothing guesses.
        session.execute(text("ANALYZE"))


def add_events(world: World) -> None:
    """Add an event of yesterday to everybody who has none."""
    now = world.clock.now()
    with world.database.transaction() as session:
        version = session.scalars(select(StudyVersion.id)).first()
        without = select(Participant).where(
            Participant.id.not_in(select(AdverseEvent.participant_id))
        )
        session.add_all(
            AdverseEvent(
                participant_id=one.id, site_id=one.site_id, study_version_id=version, number=1,
                source=EventSource.INVESTIGATOR, linked_responses=[], recorded_at=now,
                **event_facts((now - timedelta(days=1)).date()).values(),
            )
            for one in session.scalars(without)
        )  # fmt: skip


def keep_candidates(world: World) -> None:
    """Have the worker come round until every list can read what is kept."""
    studies, now = world.app.extensions["epro"].studies, world.clock.now()
    left = 1
    while left:
        with world.database.transaction() as session:
            left = reckoning.reckon(session, catalogue=studies.catalogue(session), now=now)


def _reminder(who: UUID, at: datetime, *, arrived: bool) -> dict[str, Any]:
    """Return the row of a message to a participant."""
    return {
        "id": uuid4(), "purpose": "reminder", "is_vital": False, "channel": ChannelName.SMS,
        "template": "diary_due", "template_version": "1.0.0", "params": {}, "language": "zh",
        "recipient_ref": f"participant:{who}", "about": None, "created_at": at, "not_before": at,
        "state": MessageState.SENT if arrived else MessageState.FAILED, "next_attempt_at": at,
        "attempt_count": 1, "doubt_count": 0, "ask_count": 0, "sent_at": at,
    }  # fmt: skip
