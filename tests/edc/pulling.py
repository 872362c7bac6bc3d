"""Somebody who pulls the feed over HTTP: in process, page by page."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from epro.access import Role, Scope
from questionnaires.definition import ItemType
from questionnaires.invented import calm_answers
from tests.api.world import API, EVENING, PARTICIPANT, World, submission
from tests.factories import shipped_package

EDC = "/api/edc/v1"
WORDS = "夜里觉得胸闷，邻居送我去医院"
READ = (Scope.READ,)


@dataclass(slots=True)
class Puller:
    """A machine with a token."""

    world: World
    headers: dict[str, str]

    @classmethod
    def of(cls, world: World, *scopes: Scope) -> "Puller":
        return cls(world, world.sign_in_client(*(scopes or READ)))

    def ask(self, path: str, **query: str | int) -> TestResponse:
        return self.world.request("GET", f"{EDC}{path}", headers=self.headers, query_string=query)

    def page(self, **query: str | int) -> dict[str, Any]:
        answer = self.ask("/changes", **query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.get_json()
        return page

    def pages(self, **query: str | int) -> list[dict[str, Any]]:
        """Return every page, from the beginning until there is no more."""
        pages = [self.page(**query)]
        while pages[-1]["has_more"]:
            pages.append(self.page(**query, cursor=pages[-1]["next_cursor"]))
        return pages

    def items(self, **query: str | int) -> list[dict[str, Any]]:
        return [item for page in self.pages(limit=1000, **query) for item in page["items"]]

    def lines(self, **query: str | int) -> list[str]:
        """Return one page as NDJSON, a line each; the last one is the page's end."""
        answer = self.ask("/changes", format="ndjson", **query)
        assert answer.mimetype == "application/x-ndjson", answer.text
        return answer.text.splitlines()

    def manifest(self, **query: str | int) -> dict[str, Any]:
        answer = self.ask("/manifest", **query)
        assert answer.status_code == 200, answer.text
        manifest: dict[str, Any] = answer.get_json()
        return manifest

    def acknowledge(self, cursor: str, *, consumer: str = "main") -> TestResponse:
        return self.world.request(
            "PUT", f"{EDC}/consumers/{consumer}/ack", json={"cursor": cursor}, headers=self.headers
        )


def refusal_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def report_in_own_words(world: World, words: str = WORDS) -> str:
    """Have the participant report something in her own words; return the response's id."""
    questionnaire = shipped_package().questionnaire("ae_report")
    assert questionnaire
    answers = calm_answers(questionnaire, answered_at=EVENING, chance=Random(3))
    in_words = {item.link_id for item in questionnaire.items if item.type is ItemType.TEXT}
    for answer in answers:
        if answer["link_id"] in in_words:
            answer["value"] = words
    report = {"id": None, "questionnaire": {"code": "ae_report", "version": questionnaire.version}}
    response_id = str(uuid4())
    stored = world.request(
        "PUT", f"{API}/me/responses/{response_id}", json=submission(report, answers=answers),
        headers={**world.sign_in(PARTICIPANT), "Answer-Age": "1"},
    )  # fmt: skip
    assert stored.status_code == 201, stored.text
    return response_id


def look_at_identity(world: World) -> None:
    path = f"{API}/participants/{PARTICIPANT}/identity"
    answer = world.request("GET", path, headers=world.sign_in(Role.COORDINATOR))
    assert answer.status_code == 200


def canonical(value: object) -> str:
    """Return what checksums are over, written down a second time on purpose."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
