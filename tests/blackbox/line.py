"""The whole line: a deployment whose messages leave, to a mail server and to Twilio's stand-in.

Trial time is moved by hand and flows on between. What staff are told names the participant's code,
so each test looks at the messages about its own people.
"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Self

import httpx

from epro.clock import wall_clock_now
from questionnaires.definition import AnswerValue
from questionnaires.invented import NOTHING
from tests.blackbox.people import (
    DIARIES,
    PHONE_NUMBERS_FROM,
    ZONE,
    Phone,
    Sheet,
    enrolled_phone,
    record_anchor,
)
from tests.blackbox.system import (
    API,
    COORDINATOR,
    COORDINATOR_NUMBER,
    REQUEST_TIMEOUT_S,
    System,
    wait_for,
)
from tests.databases import DatabaseKind, DatabaseShelf
from tests.standins.smtp import Received, SmtpStandIn, running_smtp
from tests.standins.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SENDER,
    StoredMessage,
    TwilioStandIn,
    running_twilio,
)

# On the wall's clock: how soon a message that a dead worker held is asked about.
LEASE_S = SETTLE_S = 1
EDC_CLIENT = "sponsor-edc"
BREATHLESS: Mapping[str, AnswerValue] = {"urgent": ("breathing",), "breathing": ("at-rest",)}
MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the site's staff, and where messages reach her."""

    username: str
    full_name: str
    number: str
    totp_secret: str = ""

    @property
    def mailbox(self) -> str:
        return f"{self.username}@example.org"


class Line:
    """One deployment with web and worker, a coordinator and an investigator on duty."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.system = System(folder, database_url)
        self.coordinator = Colleague(COORDINATOR, "李娜 Li Na", COORDINATOR_NUMBER)
        self.staff = [self.coordinator]
        self._phones: list[Phone] = []
        self._goes_on_until = wall_clock_now()
        self._opened, self._mail_up = ExitStack(), ExitStack()
        self._mail_servers: list[SmtpStandIn] = []
        self._is_mail_up = False

    def __enter__(self) -> Self:
        self.twilio: TwilioStandIn = self._opened.enter_context(running_twilio(wall_clock_now()))
        self._opened.callback(self._mail_up.close)
        self._opened.enter_context(self.system)
        self.start_mail()
        self.system.environment |= {
            "EPRO_PUBLIC_URL": self.system.url,
            "EPRO_MAIL_CHANNEL": "smtp",
            "EPRO_SMTP_URL": f"smtp://127.0.0.1:{self.mail.port}?tls=none",
            "EPRO_MAIL_FROM": "epro@example.org",
            "EPRO_SMS_CHANNEL": "twilio",
            "EPRO_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "EPRO_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "EPRO_TWILIO_FROM": SENDER,
            "EPRO_TWILIO_BASE_URL": self.twilio.base_url,
            "EPRO_LEASE_S": str(LEASE_S),
            "EPRO_SETTLE_S": str(SETTLE_S),
        }
        self.system.prepare()
        self.investigator = self.add_colleague("wang.fang", "王芳 Wang Fang", "investigator")
        self.system.start_apart()
        return self

    def __exit__(self, *failure: Any) -> None:
        self.release()
        self._opened.close()

    # --- people ----------------------------------------------------------------------------------

    def add_colleague(self, username: str, full_name: str, role: str) -> Colleague:
        """Open an account by an operator's command; from then on she is told with the others."""
        number = f"+86139001390{len(self.staff) + 1:02d}"
        secret = self.system.add_staff(username, full_name, role, phone=number)
        colleague = Colleague(username, full_name, number, secret)
        self.staff.append(colleague)
        return colleague

    def new_phone(self) -> Phone:
        """Enrol somebody who agrees to text messages; her diary is not planned yet."""
        phone = enrolled_phone(self.system, "sms_processor", "cross_border")
        self._phones.append(phone)
        return phone

    def expecting(self, *, days: int = 1) -> Phone:
        """Enrol somebody to be infused in so many days; until then she has a diary each evening.

        It is open from 17:00 on; reminders go at 18:00 and 21:00. How she usually is she has told
        already, so that nothing else reminds.
        """
        phone = self.new_phone()
        record_anchor(phone, "INF1_PLANNED", self.at("10:00", days=days))
        items = phone.request("GET", "/me/assessments").json()["items"]
        for one in items:
            if one["questionnaire"]["code"] == "baseline" and one["state"] == "open":
                now = self.system.now()
                phone.send(phone.fill_in(one, answered_at=now), now=now)
        self._goes_on_until = max(self._goes_on_until, self.at("12:30", days=days + 1))
        return phone

    def infused(self) -> Phone:
        """Enrol somebody who is infused at 10:00 today; her diary goes on for eight weeks."""
        phone = self.new_phone()
        record_anchor(phone, "INF1", self.at("10:00"))
        self._goes_on_until = max(self._goes_on_until, self.at("12:30", days=57))
        return phone

    def answer(
        self, phone: Phone, code: str | None = None, but: Mapping[str, AnswerValue] = NOTHING
    ) -> None:
        """Send the form that is due now, or a report, from a good day but for what is named."""
        now = self.system.now()
        sheet: Sheet
        if code == "ae_report":
            sheet = phone.report(answered_at=now, but=but)
        else:
            items = phone.request("GET", "/me/assessments").json()["items"]
            open_now = [one for one in items if one["state"] in {"open", "late"}]
            [due] = [one for one in open_now if one["questionnaire"]["code"] in DIARIES]
            sheet = phone.fill_in(due, answered_at=now, but=but)
        stored = phone.send(sheet, now=self.system.now())
        assert stored.status_code == 201, stored.text

    def acknowledge(self, flag: dict[str, Any], colleague: Colleague) -> httpx.Response:
        """Take a flag over HTTP."""
        path = f"/flags/{flag['id']}/acknowledgement"
        if colleague is self.coordinator:
            return self.system.staff("POST", path)
        token = self.system.sign_in(colleague.username, colleague.totp_secret)
        headers = {"Authorization": f"Bearer {token}"}
        return self.system.http.post(f"{API}{path}", headers=headers)

    # --- time ------------------------------------------------------------------------------------

    def at(self, clock: str, *, days: int = 0) -> datetime:
        """Return a local time of today, or of so many days later."""
        today = self.system.now().astimezone(ZONE).date()
        return datetime.combine(today + timedelta(days), time.fromisoformat(clock), tzinfo=ZONE)

    def move_to(self, instant: datetime) -> None:
        """Move ahead to a moment past an instant; all that fell due by then is done."""
        self.twilio.wall_now = wall_clock_now()
        self.system.move_to(instant + MOMENT)

    def begin_day(self, clock: str = "10:00") -> None:
        """Go to the next morning."""
        self.move_to(self.at(clock, days=1))

    @contextmanager
    def moving_to(self, instant: datetime) -> Iterator[None]:
        """Move while something happens to the worker, which need not answer for it itself."""
        self.twilio.wall_now = wall_clock_now()
        ahead = {"to": (instant + MOMENT).isoformat()}
        with ThreadPoolExecutor(1) as pool:
            moved = pool.submit(self.system.http.post, "/dev/clock", json=ahead)
            yield
            assert moved.result(REQUEST_TIMEOUT_S).status_code in {200, 503}
        self.move_to(self.system.now())

    # --- faults ----------------------------------------------------------------------------------

    @property
    def mail(self) -> SmtpStandIn:
        return self._mail_servers[-1]

    def start_mail(self) -> None:
        """Let the mail server listen, where it listened before; again is harmless."""
        if not self._is_mail_up:
            port = self.mail.port if self._mail_servers else 0
            self._mail_servers.append(self._mail_up.enter_context(running_smtp(port=port)))
            self._is_mail_up = True

    def stop_mail(self) -> None:
        """Let nobody listen on the mail server's port."""
        self._mail_up.close()
        self._is_mail_up = False

    def kill_worker(self) -> None:
        self.system.processes["worker"].kill()

    def release(self) -> None:
        """Let go of every call that the stand-in holds."""
        self.twilio.is_released.set()
        self.twilio.is_released.clear()

    def quiet(self) -> None:
        """Leave nothing of an earlier test: nobody to remind, no flag that climbs, no fault.

        The last diary of everybody has passed then: what was left open is missed, and taken.
        """
        self.twilio.faults.clear()
        self.release()
        self.start_mail()
        self.system.mend()
        if self.system.now() < self._goes_on_until:
            self.move_to(self._goes_on_until)
        for flag in self.flags():
            assert self.acknowledge(flag, self.coordinator).status_code == 200
        # The protocol asks for 24 weeks; whoever an earlier test enrolled has left the trial.
        while self._phones:
            left = self.system.staff(
                "PUT", f"/participants/{self._phones.pop().code}/life-cycle",
                json={
                    "life_cycle": "withdrawn_from_all", "reason": "the next test begins",
                    "occurred_at": self.system.now().isoformat(),
                },
            )  # fmt: skip
            assert left.status_code == 200, left.text

    # --- what came of it -------------------------------------------------------------------------

    def texts_to(self, phone: Phone) -> list[str]:
        """Return the text messages on a participant's phone."""
        return [message.body for message in self.kept_for(phone)]

    def kept_for(self, phone: Phone) -> list[StoredMessage]:
        """Return what Twilio has for a participant."""
        number = PHONE_NUMBERS_FROM + int(phone.code.rpartition("-")[2])
        return self.twilio.to(f"+86{number}")

    def texts_about(self, phone: Phone) -> list[tuple[str, str]]:
        """Return who of the staff was texted about a participant, and what."""
        names = {one.number: one.username for one in self.staff}
        return [(names[one.to], one.body) for one in self.twilio.messages if phone.code in one.body]

    def mails_about(self, phone: Phone) -> list[tuple[str, str]]:
        """Return who was written to about a participant, and the subject."""
        names = {one.mailbox: one.username for one in self.staff}
        return [
            (names[recipient], str(mail.message["Subject"]))
            for mail in self.mails
            for recipient in mail.recipients
            if phone.code in str(mail.message["Subject"])
        ]

    @property
    def mails(self) -> list[Received]:
        return [mail for server in self._mail_servers for mail in server.mails]

    def flags(self, phone: Phone | None = None) -> list[dict[str, Any]]:
        """Return the flags that nobody has taken: all, or one participant's."""
        items = self.system.read("/flags", unacknowledged="true", limit=200)["items"]
        return [one for one in items if phone is None or one["participant"] == phone.code]

    def journal(self, phone: Phone, *verbs: str) -> list[dict[str, Any]]:
        """Return what is on record about a participant under these verbs, in order."""
        entries = self.system.journal_of(participant=phone.code)
        return [entry for entry in entries if entry["verb"] in verbs]

    def wait_for_mails(self, phone: Phone, count: int) -> None:
        wait_for(lambda: len(self.mails_about(phone)) >= count, f"{count} mails have come")

    def wait_for_texts(self, phone: Phone, count: int) -> None:
        wait_for(lambda: len(self.texts_about(phone)) >= count, f"{count} texts have come")


class LineShelf:
    """Opens a line for each kind of database when it is first asked for, and only once."""

    def __init__(self, folder: Path, databases: DatabaseShelf) -> None:
        self._folder, self._databases = folder, databases
        self._opened = ExitStack()
        self._open: dict[DatabaseKind, Line] = {}

    def quiet(self, kind: DatabaseKind) -> Line:
        """Return a line on which nothing goes on."""
        if kind not in self._open:
            line = Line(self._folder / kind, self._databases.new(kind))
            self._opened.callback(self._databases.discard, line.system.database_url)
            self._open[kind] = self._opened.enter_context(line)
        self._open[kind].quiet()
        return self._open[kind]

    def close(self) -> None:
        self._opened.close()


def secret_of_new_client(system: System, *scopes: str) -> str:
    """Add a client of the feed by an operator's command; return its secret."""
    chosen = [part for scope in scopes for part in ("--scope", scope)]
    printed = system.command("edc", "client", "add", EDC_CLIENT, *chosen)
    found = re.search(r"^Secret +(\S+)$", printed, re.M)
    assert found, printed
    system.said.secrets.add(found[1])
    return found[1]
