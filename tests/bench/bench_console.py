"""How long each page of the console takes, and what it weighs, in a trial and in a huge one."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from gzip import compress
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, text

from epro.access import Role
from epro.models import (
    Anchor,
    Assessment,
    Completer,
    DeviceSession,
    EntryMode,
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
from epro.services import journal
from epro.services.journal import Subject
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.schedule import AnchorEvent, AnsweredBy, DiarySlot
from tests.api.world import HERE, World
from tests.bench.section import Section
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import SYSTEM, shipped_package

RUNS = 10
SIZES = ((60, 168), (5_000, 28))
FIRST = f"{HERE}-100"
PAGES = (
    "/today", "/participants", "/participants?sort=compliance&down=1",
    f"/participants/{FIRST}", f"/participants/{FIRST}/timeline?days=180",
    "/compliance?days=28", "/messages", "/reviews", "/contacts", f"/journal?participant={FIRST}",
    "/corrections", "/flags", "/audit-review?by=participant&from=2020-01-01",
)  # fmt: skip
# Who reads a page that coordinators do not.
READERS = {"/audit-review": Role.PRINCIPAL_INVESTIGATOR}
CHUNK = 2_000


def measure() -> Section:
    """Ask for every page again and again, in one process without a network."""
    found = {size: dict(_measured(*size)) for size in SIZES}
    small, large = (found[size] for size in SIZES)
    return Section(
        title="Console pages",
        how=f"GET of each page as a coordinator on PostgreSQL (the audit review, over all days, as "
        f"the principal investigator), {RUNS} times, server time alone: "
        "60 participants with 24 weeks of diary, and 5,000 participants with four weeks. Two of "
        "three days are answered. Weight is the HTML, compressed.",
        columns=(
            "page", "60 × 24 weeks: p50", "p95", "KB", "5,000 × 4 weeks: p50", "p95", "KB", "ratio"
        ),
        rows=[
            (path, *small[path][:3], *large[path][:3],
             f"{large[path][3] / small[path][3]:.1f}")
            for path in PAGES
        ],
        finding="A page may take 200 ms (p95) and weigh 25 KB.",
    )  # fmt: skip


def _measured(people: int, days: int) -> Iterator[tuple[str, tuple[str, str, str, float]]]:
    with (
        TemporaryDirectory() as folder,
        DatabaseShelf(Path(folder)) as shelf,
        World(shelf.new(DatabaseKind.POSTGRESQL)) as world,
    ):
        _fill(world, people, days)
        for path in PAGES:
            reader = READERS.get(path.partition("?")[0], Role.COORDINATOR)
            browser = world.sign_in_to_console(reader)
            times = []
            for _ in range(RUNS + 2):
                begun = perf_counter()
                answer = browser.get(f"/console{path}")
                times.append(perf_counter() - begun)
                if answer.status_code != 200:
                    raise RuntimeError(f"{path}: {answer.text}")
            times = times[2:]
            weight = len(compress(answer.data)) / 1024
            yield path, (_ms(median(times)), _ms(_p95(times)), f"{weight:.1f}", median(times))


def _fill(world: World, people: int, days: int) -> None:
    """Add participants whose diary began `days` ago, two of three days answered."""
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
                          ResponseRevision, SessionPlace, JournalEntry)
        }  # fmt: skip
        for number in range(people):
            who, device, code = uuid4(), uuid4(), f"{HERE}-{number + 100}"
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


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
