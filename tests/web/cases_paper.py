"""Each form about a sheet of paper, sent so that it is taken."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from epro.access import Role
from epro.web.console.item_forms import HERS, filled_in
from tests.api.world import PARTICIPANT, World
from tests.factories import shipped_package
from tests.services.changes_of_paper import report_answers
from tests.web.pages import send

FORM = f"/participants/{PARTICIPANT}/paper/form?form=ae_report"


def fields_of(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
    """Return answers to a report as the fields of the page hold them."""
    form = shipped_package().questionnaire("ae_report")
    assert form
    return filled_in(form, answers, prefix=HERS, zone="Asia/Shanghai")


def sheet_of(**said: str) -> dict[str, str]:
    """Return what is typed from a sheet on which she reports a problem."""
    answers = fields_of(report_answers())
    return {
        **{name: values[0] for name, values in answers.items()},
        # By the clock where she is, two hours before the evening of these tests.
        "written_at": "2026-03-01T17:00", "completer": "self", "language": "zh",
        "reason": "手机送修 <b>", "source_reference": "文件夹 3", "response_id": str(uuid4()),
        **said,
    }  # fmt: skip


def transcribe(world: World, **said: str) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), FORM, **sheet_of(**said))


def typed(world: World, **said: str) -> str:
    """Have a sheet typed in; return the path of its page."""
    answer = transcribe(world, **said)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).removeprefix("/console")


def check(world: World) -> TestResponse:
    path = f"{typed(world)}/check"
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, path, revision="1", is_equal="yes", differences="")


def put_right(world: World) -> TestResponse:
    path = typed(world)
    fields = {name: values[0] for name, values in fields_of(report_answers(effect="rest")).items()}
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"{path}/correction", revision="1", reason="看错一行 <b>", **fields)


PAPER_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/participants/{code}/paper/form": (transcribe, "transcription.entered"),
    "POST /console/transcriptions/{response_id}/check": (check, "transcription.confirmed"),
    "POST /console/transcriptions/{response_id}/correction": (
        put_right, "transcription.put_right",
    ),
}  # fmt: skip
