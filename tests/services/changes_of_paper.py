"""Successful requests about a sheet of paper, with their verbs."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from epro.access import Role
from questionnaires.definition import AnswerValue
from questionnaires.invented import calm_answers
from tests.api.world import API, EVENING, PARTICIPANT, World
from tests.factories import shipped_package

WRITTEN = EVENING - timedelta(hours=2)


def sheet(**said: Any) -> dict[str, Any]:
    """Return a body that types in a report of a problem on a good day."""
    return {
        "questionnaire": {"code": "ae_report", "version": "1.0.0"}, "language": "zh",
        "completer": "self", "written_at": WRITTEN.isoformat(), "reason": "手机送修",
        "source_reference": "文件夹 3，第 12 页", "answers": report_answers(), **said,
    }  # fmt: skip


def report_answers(**but: AnswerValue) -> list[dict[str, Any]]:
    """Return the answers of such a report, but for what is named."""
    form = shipped_package().questionnaire("ae_report")
    assert form
    return list(calm_answers(form, answered_at=WRITTEN, chance=Random(1), but=but))


def transcribe(world: World, **said: Any) -> TestResponse:
    return world.request(
        "PUT", f"{API}/participants/{PARTICIPANT}/transcriptions/{uuid4()}", json=sheet(**said),
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip


def about(world: World, typed: dict[str, Any], what: str, role: Role, **body: Any) -> TestResponse:
    """Send something about a sheet that was typed in."""
    body = {"revision": typed["revision"], **body}
    path = f"{API}/transcriptions/{typed['response_id']}/{what}"
    return world.request("POST", path, json=body, headers=world.sign_in(role))


def check(world: World, **found: Any) -> TestResponse:
    typed = transcribe(world).get_json()
    return about(world, typed, "check", Role.INVESTIGATOR, **({"is_equal": True} | found))


def put_right(world: World) -> TestResponse:
    returned = check(world, is_equal=False, differences="影响：纸上是“要休息”").get_json()
    return about(
        world, returned, "corrections", Role.COORDINATOR, reason="看错一行",
        answers=report_answers(effect="rest"),
    )  # fmt: skip


CASES_OF_PAPER: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "PUT /api/v1/participants/{code}/transcriptions/{response_id}": (
        transcribe, "transcription.entered",
    ),
    "POST /api/v1/transcriptions/{response_id}/check": (check, "transcription.confirmed"),
    "POST /api/v1/transcriptions/{response_id}/corrections": (
        put_right, "transcription.put_right",
    ),
}  # fmt: skip
