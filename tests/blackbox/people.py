"""Participants at a running system, as far as it can know them: a phone that speaks HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx

from questionnaires.definition import AnswerValue, Questionnaire
from questionnaires.invented import NOTHING, calm_answers
from questionnaires.reading import read_package
from tests.blackbox.system import API, SITE, STUDY, System, as_bytes
from tests.threads import at_once

ZONE = ZoneInfo("Asia/Shanghai")
PIN = "840271"
PHONE_NUMBERS_FROM = 13_812_340_000
ACKNOWLEDGED = (200, 201)
DIARIES = frozenset({"infusion_evening", "morning_check", "daily"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One response as the phone keeps it until it is acknowledged: its id and its bytes."""

    response_id: UUID
    body: bytes
    answered_at: datetime


@dataclass(slots=True)
class Phone:
    """An enrolled participant's phone. Times are trial times; the phone's clock is right."""

    system: System
    code: str
    access_token: str
    refresh_token: str

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access_token}"} | request.pop("headers", {})
        return self.system.http.request(method, f"{API}{path}", headers=headers, **request)

    def put(
        self, response_id: UUID, body: bytes, *, age_s: float | str, **headers: str
    ) -> httpx.Response:
        """Send the bytes of a response once."""
        sent_with = {"Content-Type": "application/json", "Answer-Age": str(age_s)} | headers
        return self.request("PUT", f"/me/responses/{response_id}", content=body, headers=sent_with)

    def send(self, sheet: Sheet, *, now: datetime) -> httpx.Response:
        """Send a sheet once, saying how long ago it was filled in."""
        age_s = (now - sheet.answered_at).total_seconds()
        return self.put(sheet.response_id, sheet.body, age_s=age_s)

    def fill_in(
        self,
        assessment: dict[str, Any],
        *,
        answered_at: datetime,
        but: Mapping[str, AnswerValue] = NOTHING,
    ) -> Sheet:
        """Answer one assessment as on a good day, but for what is named."""
        code = assessment["questionnaire"]["code"]
        return self._sheet(assessment["id"], code, answered_at=answered_at, but=but)

    def report(
        self,
        *,
        answered_at: datetime,
        note: str | None = None,
        but: Mapping[str, AnswerValue] = NOTHING,
    ) -> Sheet:
        """Report a problem, which is possible at any hour; `note` is free text."""
        return self._sheet(None, "ae_report", answered_at=answered_at, note=note, but=but)

    def _sheet(
        self,
        assessment_id: str | None,
        code: str,
        *,
        answered_at: datetime,
        note: str | None = None,
        but: Mapping[str, AnswerValue] = NOTHING,
    ) -> Sheet:
        local = answered_at.astimezone(ZONE)
        questionnaire = questionnaire_of(code)
        answers = calm_answers(questionnaire, answered_at=local, chance=Random(code), but=but)
        for answer in answers:
            if answer["link_id"] == "note" and note is not None:
                answer["value"] = note
        body = {
            "assessment_id": assessment_id,
            "questionnaire": {"code": code, "version": questionnaire.version},
            "revision": 1,
            "status": "completed",
            "language": "zh",
            "answered_at": local.isoformat(),
            "answers": answers,
        }
        return Sheet(uuid4(), as_bytes(body), answered_at)


@cache
def questionnaire_of(code: str) -> Questionnaire:
    found = read_package(STUDY).questionnaire(code)
    assert found is not None
    return found


def enrolment_form(system: System, *consents_as_well: str) -> dict[str, Any]:
    """Fill in the form for somebody new; what identifies her is noted as secret."""
    number = next(system.participant_numbers)
    phone_number, year = f"+86{PHONE_NUMBERS_FROM + number}", 1930 + number % 60
    system.said.secrets.add(phone_number.removeprefix("+86"))
    system.said.years_of_birth.add(year)
    consents = [
        {
            "kind": kind, "document_version": "2.0", "explained_by": "李敏 Li Min",
            "given_at": system.now().isoformat(), "paper_location": "binder 1",
        }
        for kind in ("trial", "sensitive_data", "partial_answers", *consents_as_well)
    ]  # fmt: skip
    return {
        "code": f"{SITE}-{number}", "site": SITE, "language": "zh", "zone": ZONE.key,
        "phone": phone_number, "year_of_birth": year, "consents": consents,
    }  # fmt: skip


def activation_form(system: System, *consents_as_well: str) -> dict[str, Any]:
    """Enrol somebody and return what she types on her phone."""
    form = enrolment_form(system, *consents_as_well)
    enrolled = system.staff("POST", "/participants", json=form)
    assert enrolled.status_code == 201, enrolled.text
    code = enrolled.json()["activation_code"]
    system.said.secrets |= {code, PIN}
    return {
        "participant": form["code"],
        "typed": {"code": code, "year_of_birth": form["year_of_birth"], "pin": PIN},
    }


def enrolled_phone(system: System, *consents_as_well: str) -> Phone:
    """Enrol somebody new, who then activates her diary on her phone."""
    form = activation_form(system, *consents_as_well)
    answer = system.http.post(f"{API}/sessions/activation", json=form["typed"])
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    system.said.secrets |= {tokens["access_token"], tokens["refresh_token"]}
    return Phone(system, form["participant"], tokens["access_token"], tokens["refresh_token"])


def record_anchor(
    phone: Phone, event: str, occurred_at: datetime, reason: str | None = None
) -> dict[str, Any]:
    """Record or correct an anchor, as the coordinator."""
    anchor = {"event": event, "occurred_at": occurred_at.isoformat(), "reason": reason}
    answer = phone.system.staff("POST", f"/participants/{phone.code}/anchors", json=anchor)
    assert answer.status_code == 201, answer.text
    recorded: dict[str, Any] = answer.json()
    return recorded


def assessments_of(phone: Phone) -> list[dict[str, Any]]:
    """Return what she is to answer, in order of opening, as her site sees it.

    The outcomes assessor's ratings stand there as well; they are nobody's to send from a phone.
    """
    items = phone.system.read(f"/participants/{phone.code}/assessments")["items"]
    return [one for one in items if one["answered_by"] == "participant"]


def responses_of(phone: Phone) -> list[dict[str, Any]]:
    """Return every response on record, as the site sees it."""
    items: list[dict[str, Any]] = phone.system.read(f"/participants/{phone.code}/responses")[
        "items"
    ]
    return items


def heard_at_once(*sendings: Callable[[], object]) -> list[httpx.Response]:
    """Send several requests in the same moment; every one of them has to be answered."""
    heard = at_once(*sendings)
    answers = [one for one in heard if isinstance(one, httpx.Response)]
    assert len(answers) == len(heard), heard
    return answers


def first_open_diary(phone: Phone) -> dict[str, Any]:
    """Have her infused now, and wait until that evening's diary is open."""
    record_anchor(phone, "INF1", phone.system.now())
    due = assessments_of(phone)
    diary = next(one for one in due if one["questionnaire"]["code"] in DIARIES)
    opens_at = datetime.fromisoformat(diary["opens_at"])
    phone.system.move_to(opens_at + timedelta(minutes=1))
    return diary
