"""What browser tests work with: a desk at a site, pages that are watched, and axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import inf
from random import Random
from time import monotonic
from typing import Any, Self
from uuid import uuid4

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from pyotp.totp import TOTP
from sqlalchemy import select

from epro.access import Role
from epro.clock import wall_clock_now
from epro.models import User
from epro.parts import Parts, build_parts
from epro.services import staff
from epro.settings import Settings
from epro.web.console.session import COOKIE
from questionnaires.invented import calm_answers
from tests.blackbox.people import ZONE, Phone, enrolled_phone
from tests.blackbox.system import (
    API,
    PASSWORD,
    SIGN_IN_AGAIN_AFTER_S,
    SITE,
    System,
    as_bytes,
)
from tests.factories import SYSTEM, shipped_package

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
# What a page must pass: WCAG 2.2 A and AA, and what the makers of axe call good practice.
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# Only what is wrong comes back: all that axe has looked at is a hundred times as much.
FIND = """(options) => axe.run(options).then(({ violations }) => violations.flatMap(
  ({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`)))"""
STAFF_COUNT = 4
PHYSICIAN, PRINCIPAL = "desk.physician", "desk.principal"


@dataclass
class Watched:
    """A page, and everything that went wrong in it."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on(
            "console",
            lambda said: self.faults.append(said.text) if said.type == "error" else None,
        )

    def findings(self) -> list[str]:
        """Return what axe finds on the page as it stands: rule and place."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found: list[str] = self.page.evaluate(FIND, AXE)
        return found


@dataclass
class Desk:
    """A running site, and the browsers of the people who work there.

    Coming in by the form takes a while; most tests share one who is in already.
    """

    system: System
    chromium: Browser
    came_in: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    signed_in: str | None = None
    _cookies: dict[str, str] = field(default_factory=dict)
    _came_in_at: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, system: System, chromium: Browser) -> Self:
        desk = cls(system, chromium)
        for number in range(1, STAFF_COUNT + 1):
            desk.add_staff(f"desk.{number}", f"工位 Desk {number}", Role.COORDINATOR)
        return desk

    def add_staff(self, name: str, full_name: str, role: Role) -> None:
        """Open an account at the site, as `epro staff add` does, without a process for each."""
        with self._parts.database.transaction() as session:
            added = staff.add_user(
                session, SYSTEM, username=name, full_name=full_name, email=f"{name}@example.org",
                phone=f"+8613900139{len(self.secrets):03}", password=PASSWORD, roles=[role],
                site=SITE, keyring=self._parts.keyring, now=self.system.now(),
            )  # fmt: skip
        self.system.said.secrets.add(added.totp_secret)
        self.secrets[name] = added.totp_secret

    def newcomer(self) -> str:
        """Return a coordinator who has not signed in yet."""
        return next(name for name in self.secrets if name not in self.came_in)

    @contextmanager
    def desktop(self, **how: Any) -> Iterator[Watched]:
        """Open a browser in which a coordinator has signed in."""
        if self.signed_in is None:
            self.signed_in = self.newcomer()
        with self.browser_of(self.signed_in, **how) as watched:
            yield watched

    @contextmanager
    def browser_of(self, name: str, **how: Any) -> Iterator[Watched]:
        """Open a browser in which somebody has signed in; the form was sent without drawing it."""
        if monotonic() - self._came_in_at.get(name, -inf) > SIGN_IN_AGAIN_AFTER_S:
            self._came_in_at[name] = monotonic()
            proof = {"username": name, "password": PASSWORD, "totp": self.fresh_code(name)}
            with self.system.new_client() as client:
                answer = client.post("/console/sign-in", data=proof)
                assert answer.status_code == 303, answer.text
                self._cookies[name] = client.cookies[COOKIE]
        with self.browser(**how) as watched:
            watched.page.context.add_cookies(
                [{"name": COOKIE, "value": self._cookies[name], "domain": "127.0.0.1",
                  "path": "/console", "httpOnly": True, "sameSite": "Lax"}]
            )  # fmt: skip
            yield watched

    @contextmanager
    def browser(self, *, width: int = 1280, height: int = 900, **how: Any) -> Iterator[Watched]:
        """Open a browser of its own; whatever its content policy refuses is a fault."""
        context: BrowserContext = self.chromium.new_context(
            base_url=self.system.url, viewport={"width": width, "height": height}, **how
        )
        watched = Watched(context.new_page())
        try:
            yield watched
        finally:
            context.close()

    def sign_in(self, page: Page, name: str, *, to: str = "/console/flags") -> None:
        """Sign in as a person does, by the form."""
        page.goto(to)
        page.fill("#username", name)
        page.fill("#password", PASSWORD)
        page.fill("#totp", self.fresh_code(name))
        page.click("main button")
        page.wait_for_url(f"**{to}")

    def complaint(self, **but: Any) -> Phone:
        """Have somebody new report a problem that alarms."""
        phone = enrolled_phone(self.system)
        self.report(phone, **but)
        return phone

    def report(self, phone: Phone, **but: Any) -> None:
        """Have a participant report a problem."""
        report = shipped_package().questionnaire("ae_report")
        assert report
        now = self.system.now()
        body = as_bytes(
            {
                "questionnaire": {"code": report.code, "version": report.version},
                "revision": 1, "status": "completed", "language": "zh",
                "answered_at": now.isoformat(),
                "answers": calm_answers(report, answered_at=now, chance=Random(3), but=but),
            }
        )  # fmt: skip
        answered = phone.put(uuid4(), body, age_s=1)
        assert answered.status_code == 201, answered.text

    def delegate_to_a_physician(self) -> None:
        """Have the principal investigator entrust a physician with assessing and closing."""
        if PHYSICIAN in self.secrets:
            return
        self.add_staff(PHYSICIAN, "investigator 王医生", Role.INVESTIGATOR)
        self.add_staff(PRINCIPAL, "principal 王医生", Role.PRINCIPAL_INVESTIGATOR)
        proof = {"username": PRINCIPAL, "password": PASSWORD, "totp": self.fresh_code(PRINCIPAL)}
        signed_in = self.system.http.post(f"{API}/sessions/staff", json=proof).json()
        for task in ("assess_event", "close_flag"):
            signature = {"password": PASSWORD, "totp": self.fresh_code(PRINCIPAL)}
            answer = self.system.http.post(
                f"{API}/sites/{SITE}/delegations",
                json={
                    "person": PHYSICIAN, "task": task, "signature": signature,
                    "from_on": self.system.now().astimezone(ZONE).date().isoformat(),
                },
                headers={"Authorization": f"Bearer {signed_in['access_token']}"},
            )  # fmt: skip
            assert answer.status_code == 201, answer.text

    def close(self) -> None:
        """Let go of the system's database."""
        self._parts.database.engine.dispose()

    def later(self, **by: float) -> None:
        """Let trial time pass."""
        self.system.move_to(self.system.now() + timedelta(**by))

    def fresh_code(self, name: str) -> str:
        """Return a one-time code, as if this person had not used one in this half minute."""
        with self._parts.database.transaction() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            user.totp_last_step = 0
        self.came_in.add(name)
        return TOTP(self.secrets[name]).at(wall_clock_now())

    @cached_property
    def _parts(self) -> Parts:
        """What the system's own processes are made of: its database, and the keys it has made."""
        return build_parts(Settings.from_env(self.system.environment))
