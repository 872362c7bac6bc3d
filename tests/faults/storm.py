"""A trial in which everybody is due at once, and a storm over it: providers fail, workers die.

Trial time is the wall's here. So that the evening's reminder is due now, wherever the machine is,
the participants live in the zone in which it has just struck six.
"""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from epro.clock import wall_clock_now
from epro.db import Base, Database
from epro.models import Assessment, Consent, Participant, ParticipantIdentity, Reminder, WorkItem
from notifications import outbox
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from questionnaires.definition import ConsentKind, Language, ThermometerRoute
from tests.factories import (
    FIELD_KEY,
    LOOKUP_KEY,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
)
from tests.faults import worker
from tests.standins.twilio import (
    ACCEPTS_THEN_DROPS,
    ACCOUNT_SID,
    AUTH_TOKEN,
    DROPS,
    SENDER,
    SERVER_ERROR,
    Fault,
    TwilioStandIn,
    refuses,
)

# Longer than any call of the storm takes, so that a lease is over only when its worker is gone.
LEASE_S, SETTLE_S = 6, 2
STAFF_NUMBER = "+8613900139001"
# A worker is a process of its own, forked from one that has imported all it needs: starting Python
# anew for each would cost more than the storm itself.
NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload([worker.__name__])
IN_DOUBT = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
# What a call of the provider meets while the storm lasts, and how often of a hundred.
WEATHER: Sequence[tuple[int, Fault | None]] = (
    (82, None),
    (6, Fault(accepts=True, delay_s=0.3)),  # slow
    (1, Fault(status=429, code=20429, retry_after_s=1)),
    (1, SERVER_ERROR),
    (1, DROPS),
    (6, ACCEPTS_THEN_DROPS),
    (1, Fault(accepts=True, status=500, code=20500)),
    (1, Fault(accepts=True, drops=True, delay_s=2.0)),  # times out after having taken it
    (1, refuses(21211)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is left after the storm, counted by what each number received and what is on record."""

    reminders: int
    left_once: int
    listed: Counter[str]
    doubled: int
    lost_unseen: int
    unsaid: int
    alerts: int
    alerts_without: int
    alerts_more_than_once: int
    kills: int
    asked: int
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Every reminder once, or listed with its reason; every alert at least once."""
        return not (self.doubled or self.lost_unseen or self.unsaid or self.alerts_without)

    def __str__(self) -> str:
        listed = ", ".join(f"{reason}: {count}" for reason, count in sorted(self.listed.items()))
        return (
            f"{self.reminders} reminders: {self.left_once} left once, "
            f"{self.doubled} twice or more, "
            f"{self.listed.total()} listed ({listed or 'none'}), {self.lost_unseen} lost unseen, "
            f"{self.unsaid} listed without a line on the work list. "
            f"{self.alerts} alerts: {self.alerts_without} never, "
            f"{self.alerts_more_than_once} more than once. {self.kills} workers killed, "
            f"the provider was asked {self.asked} times, {self.seconds:.0f} s."
        )


class Storm:
    """One database, one provider, and workers that are killed and started again."""

    def __init__(self, url: str, twilio: TwilioStandIn, folder: Path, *, seed: int) -> None:
        self.database = Database(url)
        self._url, self._twilio, self._folder = url, twilio, folder
        self._chance = Random(seed)
        self._workers: list[BaseProcess] = []
        self._kills = 0
        twilio.clock = wall_clock_now

    def furnish(self, *, reminders: int, alerts: int) -> None:
        """Enrol so many participants whose evening reminder is due now, and write the alerts."""
        now = wall_clock_now()
        zone = _zone_at_six(now)
        keyring = make_keyring()
        with self.database.transaction() as session:
            site = add_site(session)
            version = add_study_version(session, site)
            user = add_user(session, keyring=keyring).user
            user.phone_sealed = keyring.seal(STAFF_NUMBER)
            ids = [uuid4() for _ in range(reminders)]
            rows = [_rows_of(one, number, now, zone) for number, one in enumerate(ids)]
            for participant, identity, _consents, assessment in rows:
                participant["site_id"] = site.id
                phone = str(identity.pop("number"))
                identity["phone_sealed"] = keyring.seal(phone)
                identity["phone_lookup"] = keyring.lookup("phone", phone)
                identity["year_of_birth_sealed"] = "unread"
                assessment["study_version_id"] = version.id
            tables: Sequence[tuple[type[Base], list[dict[str, object]]]] = (
                (Participant, [row[0] for row in rows]),
                (ParticipantIdentity, [row[1] for row in rows]),
                (Consent, [one for row in rows for one in row[2]]),
                (Assessment, [row[3] for row in rows]),
            )
            for table, values in tables:
                session.execute(insert(table), values)
            for alert in (_alert(one, user.id, version.id) for one in range(alerts)):
                outbox.enqueue(session, alert, now=now)

    # --- workers ----------------------------------------------------------------------------------

    def start_workers(self, count: int, *, is_asking: bool = True) -> None:
        self._workers = [self._start(is_asking=is_asking) for _ in range(count)]

    def rage(
        self,
        *,
        kills: int,
        every_requests: tuple[int, int],
        at_least_s: float = 0.0,
        is_asking: bool = True,
    ) -> None:
        """Let calls fail, and kill workers with -9 in the middle of their work.

        One is killed each time the provider was called so many times more, chosen by chance: so a
        slow machine weathers the same storm as a fast one.
        """
        faults = [fault for of_hundred, fault in WEATHER for _ in range(of_hundred)]
        self._twilio.weather = lambda: self._chance.choice(faults)
        ends_at = time.monotonic() + at_least_s
        while self._kills < kills or time.monotonic() < ends_at:
            mark = self._twilio.request_count + self._chance.randint(*every_requests)
            self._wait_for_request(mark)
            victim = self._chance.randrange(len(self._workers))
            self._workers[victim].kill()
            self._workers[victim].join()
            self._kills += 1
            self._workers[victim] = self._start(is_asking=is_asking)
        self._twilio.weather = lambda: None

    def _wait_for_request(self, mark: int) -> None:
        """Wait until the provider was called so often, or nothing is left to call it for."""
        while self._open_count():
            for _ in range(20):
                if self._twilio.request_count >= mark:
                    return
                time.sleep(0.02)

    def settle(self, *, longest_s: float) -> None:
        """Wait until nothing is due and nothing in doubt any more."""
        ends_at = time.monotonic() + longest_s
        while self._open_count() and time.monotonic() < ends_at:
            time.sleep(0.3)
        assert self._open_count() == 0, f"{self._open_count()} messages are still open."

    def stop(self) -> None:
        """End the workers that run, in good order."""
        for one in self._workers:
            one.terminate()
        for one in self._workers:
            one.join(40)

    def close(self) -> None:
        for one in self._workers:
            if one.is_alive():
                one.kill()
                one.join()
        self.database.engine.dispose()

    def second_worker(self) -> tuple[int | None, str]:
        """Start one more and wait for its end; return its exit code and what it said."""
        log = self._folder / "second.log"
        one = self._start(is_asking=True, log=log)
        one.join(60)
        return one.exitcode, log.read_text()

    def _start(self, *, is_asking: bool, log: Path | None = None) -> BaseProcess:
        log = log or self._folder / "workers.log"
        started = NURSERY.Process(
            target=worker.live, args=(self._environment, log), kwargs={"is_asking": is_asking},
            daemon=True,
        )  # fmt: skip
        started.start()
        return started

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "EPRO_VAR": str(self._folder),
            "EPRO_DATABASE_URL": self._url,
            "EPRO_TOKEN_KEY": "a token key that nobody but the tests knows",
            "EPRO_FIELD_KEYS": FIELD_KEY,
            "EPRO_LOOKUP_KEY": LOOKUP_KEY.decode(),
            "EPRO_SMS_CHANNEL": "twilio",
            "EPRO_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "EPRO_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "EPRO_TWILIO_FROM": SENDER,
            "EPRO_TWILIO_BASE_URL": self._twilio.base_url,
            "EPRO_SMS_PER_SECOND": "0",
            "EPRO_LEASE_S": str(LEASE_S),
            "EPRO_SETTLE_S": str(SETTLE_S),
        }

    # --- what is left -----------------------------------------------------------------------------

    def _open_count(self) -> int:
        with self.database.reading() as session:
            due = session.scalar(
                select(func.count())
                .select_from(Assessment)
                .where(Assessment.next_reminder_at <= wall_clock_now())
            )
            waiting = session.scalar(
                select(func.count())
                .select_from(OutboxMessage)
                .where(OutboxMessage.state.in_(IN_DOUBT))
            )
        return (due or 0) + (waiting or 0)

    def outcome(self, *, seconds: float) -> Outcome:
        """Compare what the provider took with what is on record, participant by participant."""
        arrived = Counter(message.to for message in self._twilio.messages)
        alerts = Counter(
            message.body for message in self._twilio.messages if message.to == STAFF_NUMBER
        )
        listed: Counter[str] = Counter()
        once = doubled = lost = unsaid = total = 0
        with self.database.reading() as session:
            to_call = set(session.scalars(select(WorkItem.participant_id)))
            bodies = {
                " ".join(message.params[name] for name in ("code", "tier", "time"))
                for message in session.scalars(
                    select(OutboxMessage).where(OutboxMessage.purpose == "safety")
                )
            }
            rows = session.execute(
                select(
                    Participant.code,
                    Participant.id,
                    func.coalesce(Reminder.skipped_reason, Reminder.not_sent_reason),
                    Reminder.sent_at,
                )
                .join(Assessment, Assessment.participant_id == Participant.id)
                .outerjoin(Reminder, Reminder.assessment_id == Assessment.id)
            ).all()
        for code, participant_id, reason, sent_at in rows:
            total += 1
            count = arrived[_number_of(int(code[5:]))]
            if count > 1:
                doubled += 1
            elif reason:
                listed[reason] += 1
                unsaid += participant_id not in to_call
            elif sent_at is not None and count == 1:
                once += 1
            else:
                lost += 1
        heard = {body: count for body, count in alerts.items() if any(map(body.startswith, bodies))}
        return Outcome(
            reminders=total, left_once=once, listed=listed, doubled=doubled, lost_unseen=lost,
            unsaid=unsaid, alerts=len(bodies), alerts_without=len(bodies) - len(heard),
            alerts_more_than_once=sum(count > 1 for count in heard.values()),
            kills=self._kills, asked=self._twilio.list_count, seconds=seconds,
        )  # fmt: skip


def _zone_at_six(now: datetime) -> ZoneInfo:
    """Return a zone without clock changes in which the local hour is 18."""
    ahead = (18 - now.hour + 12) % 24 - 12
    return ZoneInfo(f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT")


def _number_of(number: int) -> str:
    return f"+86138{number:08d}"


Row = dict[str, object]


def _rows_of(
    id_: UUID, number: int, now: datetime, zone: ZoneInfo
) -> tuple[Row, Row, list[Row], Row]:
    today = now.astimezone(zone).date()
    block = next(one for one in shipped_package().schedule.blocks if one.code == "S1")
    questionnaire = shipped_package().questionnaire(block.questionnaire)
    assert questionnaire

    def at(hour: int) -> datetime:
        whole = datetime.combine(today, clock_time(), tzinfo=zone) + timedelta(hours=hour)
        return whole.astimezone(UTC)

    participant: Row = {
        "id": id_, "code": f"SZ01-{number}", "language": Language.ZH, "zone": zone.key,
        "thermometer_route": ThermometerRoute.AXILLARY, "enrolled_at": now - timedelta(days=1),
        "activated_at": now - timedelta(days=1),
    }  # fmt: skip
    identity: Row = {"participant_id": id_, "number": _number_of(number), "recorded_at": now}
    consents: list[Row] = [
        {
            "id": uuid4(), "participant_id": id_, "kind": kind, "document_version": "1",
            "given_at": now, "explained_by": "Dr Li", "paper_location": "folder 1",
        }
        for kind in (ConsentKind.SMS_PROCESSOR, ConsentKind.CROSS_BORDER)
    ]  # fmt: skip
    assessment: Row = {
        "id": uuid4(), "participant_id": id_, "family": "daily", "occurrence": today.isoformat(),
        "block": block.code, "questionnaire_code": questionnaire.code,
        "questionnaire_version": questionnaire.version, "planned_on": today,
        "opens_at": at(17), "due_at": at(21), "closes_at": at(24), "late_until": at(36),
        "planned_at": now, "next_reminder_at": at(18),
    }  # fmt: skip
    return participant, identity, consents, assessment


def _alert(number: int, user_id: UUID, version_id: int) -> NewMessage:
    return NewMessage(
        purpose="safety", is_vital=True, channel=ChannelName.SMS, template="alert_sms",
        template_version=str(version_id), language="zh", recipient_ref=f"user:{user_id}",
        params={"code": f"SZ01-{number:03d}", "tier": "RED_A", "time": "19:04"},
    )  # fmt: skip


def timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
