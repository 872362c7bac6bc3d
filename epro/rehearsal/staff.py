"""The people of a rehearsal's site, as the system knows them: tokens, signatures, requests."""

import time
from dataclasses import dataclass, field
from typing import Any

from pyotp.totp import TOTP

from epro.clock import wall_clock_now
from epro.rehearsal.wire import Answer, Wire

API = "/api/v1"
SPONSOR, SPONSOR_NUMBER = "sponsor", "+8613900139099"
SPONSOR_EMAIL = "safety@example.org"
EDC_CLIENT = "rehearsal-edc"
STEP_S = 30
SIGN_IN_AGAIN_AFTER_S = 9 * 60
LOOK_EVERY_S = 0.2


@dataclass(slots=True)
class Colleague:
    """Somebody of the site, with what signs her in."""

    username: str
    role: str
    number: str
    password: str
    totp_secret: str
    token: str = ""
    signed_in_at: float = 0.0
    last_step: int = 0

    @property
    def email(self) -> str:
        """Where mails to her go."""
        return f"{self.username}@example.org"

    def has_code(self) -> bool:
        """Tell whether a one-time code of hers is still unused at this moment."""
        return self._newest() > self.last_step

    def spend_code(self) -> str:
        """Return a one-time code that was not used before; wait for it where there is none."""
        while not self.has_code():
            time.sleep(LOOK_EVERY_S)
        self.last_step = max(self.last_step + 1, self._newest() - 1)
        return TOTP(self.totp_secret).generate_otp(self.last_step)

    def _newest(self) -> int:
        """Return the newest step whose code is taken now: the one after the present one."""
        return int(wall_clock_now().timestamp()) // STEP_S + 1


@dataclass(slots=True)
class Team:
    """All of them; any request is made by somebody who may make it."""

    wire: Wire
    people: list[Colleague]
    _turn: int = field(default=0)

    def with_role(self, role: str) -> list[Colleague]:
        """Return whoever has a role."""
        return [one for one in self.people if one.role == role]

    def ask(self, who: Colleague, method: str, path: str, **asked: Any) -> Answer:
        """Ask as somebody of the site."""
        return self.wire.ask(method, f"{API}{path}", token=self._token(who), **asked)

    def need(self, status: int, who: Colleague, method: str, path: str, **asked: Any) -> Any:
        """Ask as somebody of the site for something that has to succeed."""
        return self.wire.need(status, method, f"{API}{path}", token=self._token(who), **asked)

    def signer(self) -> Colleague:
        """Return a physician whose next one-time code is ready, or will be soonest."""
        physicians = self.with_role("investigator")
        self._turn += 1
        order = (
            physicians[self._turn % len(physicians) :] + physicians[: self._turn % len(physicians)]
        )
        return next(
            (one for one in order if one.has_code()), min(order, key=lambda one: one.last_step)
        )

    def proof(self, who: Colleague) -> dict[str, str]:
        """Return what signs: password and a fresh one-time code."""
        self._token(who)
        return {"password": who.password, "totp": who.spend_code()}

    def _token(self, who: Colleague) -> str:
        if not who.token or time.monotonic() - who.signed_in_at > SIGN_IN_AGAIN_AFTER_S:
            login = {
                "username": who.username, "password": who.password, "totp": who.spend_code(),
            }  # fmt: skip
            session = self.wire.need(
                200, "POST", f"{API}/sessions/staff", body=login, kind="staff sign-in"
            )
            who.token, who.signed_in_at = session["access_token"], time.monotonic()
        return who.token
