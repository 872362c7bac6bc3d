"""What browser tests work with: a desk at a site, pages that are watched, and axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from random import Random
from typing import Any, Self
from uuid import uuid4

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from pyotp.totp import TOTP
from sqlalchemy import select

from epro.clock import wall_clock_now
from epro.db import Database
from epro.models import User
from questionnaires.invented import calm_answers
from tests.blackbox.people import ZONE, Phone, enrolled_phone
from tests.blackbox.system import API, PASSWORD, SITE, System, as_bytes
from tests.factories import shipped_package

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
        found = Axe().run(self.page, options=AXE).response["violations"]
        return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


@dataclass
class Desk:
    """A running site, and the browsers of the people who work there.

    Coming in by the form takes a while; most tests share one who is in already.
    """

    system: System
    chromium: Browser
    came_in: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    signed_in: StorageState | None = None

    @classmethod
    def open(cls, system: System, chromium: Browser) -> Self:
        desk = cls(system, chromium)
        for number in range(1, STAFF_COUNT + 1):
            name = f"desk.{number}"
            desk.secrets[name] = system.add_staff(
                name, f"工位 Desk {number}", "coordinator", phone=f"+8613900139{number:03}"
            )
        return desk

    def newcomer(self) -> str:
        """Return a coordinator who has not signed in yet."""
        return next(name for name in self.secrets if name not in self.came_in)

    @contextmanager
    def desktop(self, **how: Any) -> Iterator[Watched]:
        """Open a browser in which a coordinator has signed in."""
        if self.signed_in is None:
            with self.browser() as first:
                self.sign_in(first.page, self.newcomer())
                self.signed_in = first.page.context.storage_state()
        with self.browser(storage_state=self.signed_in, **how) as watched:
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
        return phone

    def delegate_to_a_physician(self) -> None:
        """Have the principal investigator entrust a physician with assessing and closing."""
        roles = {PHYSICIAN: "investigator", PRINCIPAL: "principal_investigator"}
        for number, (name, role) in enumerate(roles.items()):
            self.secrets[name] = self.system.add_staff(
                name, f"{role} 王医生", role, phone=f"+8613900138{number:03}"
            )
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
        self._database.engine.dispose()

    def later(self, **by: float) -> None:
        """Let trial time pass."""
        self.system.move_to(self.system.now() + timedelta(**by))

    def fresh_code(self, name: str) -> str:
        """Return a one-time code, as if this person had not used one in this half minute."""
        with self._database.transaction() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            user.totp_last_step = 0
        self.came_in.add(name)
        return TOTP(self.secrets[name]).at(wall_clock_now())

    @cached_property
    def _database(self) -> Database:
        return Database(self.system.database_url)
