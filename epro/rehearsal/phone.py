"""A participant's phone: what is due on it, and what is still to be sent from it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from epro.rehearsal.population import Person
from epro.rehearsal.wire import Answer, Wire
from questionnaires import canonical
from questionnaires.definition import AnswerValue, Questionnaire
from questionnaires.invented import calm_answers

API = "/api/v1"
PIN = "840271"
# Half the life of an access token; it has to last for a whole batch.
REFRESH_AFTER_S = 7 * 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """One response as the phone keeps it until it was taken."""

    id: UUID
    body: dict[str, Any]
    answered_at: datetime
    assessment: dict[str, Any] | None

    def answers_with(self, but: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return its answers in the shape of the wire, some of them otherwise."""
        return [
            {**one, "value": but[one["link_id"]]} if one["link_id"] in but else one
            for one in self.body["answers"]
        ]


class Forms:
    """The questionnaires, read over HTTP when a phone first needs them."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known: dict[tuple[str, str], Questionnaire] = {}

    def get(self, code: str, version: str, *, token: str) -> Questionnaire:
        """Return a questionnaire as it was published."""
        if (code, version) not in self._known:
            path = f"{API}/questionnaires/{code}/{version}"
            body = self._wire.need(200, "GET", path, token=token, kind="questionnaire")
            self._known[code, version] = canonical.from_text(Questionnaire, json.dumps(body))
        return self._known[code, version]


@dataclass(slots=True)
class Phone:
    """An activated phone. `zone` is where she is; the phone's clock is right."""

    wire: Wire
    forms: Forms
    person: Person
    zone: ZoneInfo
    due: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    _tokens: Mapping[str, str] = field(default_factory=dict)
    _signed_in_at: float = 0.0

    def activate(self, code: str) -> None:
        """Trade an activation code for a session of this phone."""
        typed = {"code": code, "year_of_birth": self.person.year_of_birth, "pin": PIN}
        self._keep(
            self.wire.need(200, "POST", f"{API}/sessions/activation", body=typed, kind="activation")
        )

    def token(self) -> str:
        """Return an access token that is good for a while."""
        if time.monotonic() - self._signed_in_at > REFRESH_AFTER_S:
            self._keep(
                self.wire.need(
                    200, "POST", f"{API}/sessions/refresh", token=self._tokens["refresh_token"],
                    kind="refresh",
                )
            )  # fmt: skip
        return self._tokens["access_token"]

    def look(self) -> None:
        """Ask what is due, as the app does when it is opened."""
        diary = self.wire.need(
            200, "GET", f"{API}/me/assessments", token=self.token(), kind="diary"
        )
        self.due = {
            one["id"]: one
            for one in diary["items"]
            if one["answered_by"] == "participant" and one["id"] not in self.answered
        }
        self.reports = {one["code"]: one["version"] for one in diary["always_open"]}

    def fill_in(
        self,
        assessment: dict[str, Any] | None,
        code: str,
        version: str,
        *,
        id_: UUID,
        answered_at: datetime,
        but: Mapping[str, AnswerValue],
        chance: Random,
    ) -> Sheet:
        """Fill in a form as on a good day, but for what is named; nothing is sent yet."""
        questionnaire = self.forms.get(code, version, token=self.token())
        local = answered_at.astimezone(self.zone)
        answers = calm_answers(questionnaire, answered_at=local, chance=chance, but=but)
        body = {
            "assessment_id": assessment["id"] if assessment else None,
            "questionnaire": {"code": code, "version": version},
            "revision": 1,
            "status": "completed",
            "language": "zh",
            "answered_at": local.isoformat(),
            "answers": answers,
        }
        return Sheet(id_, body, answered_at, assessment)

    def send(self, sheet: Sheet, *, now: datetime) -> Answer:
        """Send a sheet, saying how long ago it was filled in."""
        age_s = (now - sheet.answered_at).total_seconds()
        return self.wire.ask(
            "PUT", f"{API}/me/responses/{sheet.id}", token=self.token(), body=sheet.body,
            headers={"Answer-Age": f"{age_s:.1f}", "App-Version": "rehearsal"}, kind="response",
        )  # fmt: skip

    def correct(
        self, sheet: Sheet, *, id_: UUID, but: Mapping[str, AnswerValue], now: datetime
    ) -> Answer:
        """Correct a form that was taken, with a reason."""
        body = {
            "questionnaire": sheet.body["questionnaire"], "corrected_revision": 1,
            "answers": sheet.answers_with(but), "reason": "选错了",
            "corrected_at": now.astimezone(self.zone).isoformat(),
        }  # fmt: skip
        return self.wire.ask(
            "PUT", f"{API}/me/responses/{sheet.id}/corrections/{id_}",
            token=self.token(), body=body, kind="correction",
            headers={"Answer-Age": "0", "App-Version": "rehearsal"},
        )  # fmt: skip

    def instant(self, assessment: Mapping[str, Any], name: str) -> datetime:
        """Return one of the four instants of an assessment."""
        return datetime.fromisoformat(assessment[name])

    def local_day(self, at: datetime) -> date:
        """Return the day it is where she is."""
        return at.astimezone(self.zone).date()

    def _keep(self, session: Mapping[str, Any]) -> None:
        self._tokens = session
        self._signed_in_at = time.monotonic()
