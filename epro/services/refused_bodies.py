"""What a phone sent and the server refused, as people read it: when, why, and what it says.

Nothing here is an answer on record: it was refused. It is read, as far as it can be, with the form
that it names; what no form takes is shown as it came.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from epro.models import DeviceSession, Participant, Quarantine
from epro.services import safety_questions
from epro.services.paging import Paged, Wanted, by_column, read_page
from epro.services.safety_questions import HelpAnswer
from questionnaires.catalogue import Catalogue, UnknownQuestionnaire
from questionnaires.definition import Language, Questionnaire
from questionnaires.recalls import filled
from questionnaires.rendering import as_seen
from questionnaires.validation import judge

PAGE = 10
_HIDDEN = "hidden_item_answered"


class Column(StrEnum):
    """What the list can be sorted by; without any the newest come first."""

    RECEIVED = "received"
    REASON = "reason"


ORDERS: Mapping[Column, Any] = {
    Column.RECEIVED: Quarantine.received_at,
    Column.REASON: Quarantine.refusal_code,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One answer that stands in a refused body; `is_raw` where it is no answer to its question."""

    question: str
    answer: str
    is_raw: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with a body, and with which question of it; `place` names what is none."""

    question: str | None
    place: str
    message: str
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedBody:
    """One body that was refused and kept.

    `client` is the device it came from, by what that calls itself, and `help_answer` what she said
    where the app had asked whether she needs help. `title` is None where the form is not known;
    `raw` is all of it as it came. `answered_at` is None where the phone did not say.
    """

    kept_id: UUID
    refusal: str
    received_at: datetime
    answered_at: datetime | None
    client: str | None
    app_version: str
    title: str | None
    lines: Sequence[Line]
    problems: Sequence[Problem]
    help_answer: HelpAnswer | None
    raw: str

    @property
    def is_read(self) -> bool:
        """Tell whether any of it could be put in words."""
        return bool(self.lines) or self.help_answer is not None


def list_page(
    session: Session,
    participant: Participant,
    wanted: Wanted[Column],
    *,
    language: Language,
    catalogue: Catalogue,
) -> Paged[RefusedBody]:
    """Return a page of what was refused from one participant; who may read her answers calls it."""
    query: Select[*tuple[Any, ...]] = (
        select(Quarantine, DeviceSession.client)
        .outerjoin(DeviceSession, DeviceSession.id == Quarantine.device_session_id)
        .where(Quarantine.participant_id == participant.id)
    )
    if wanted.column is not None:
        query = by_column(query, ORDERS[wanted.column], is_descending=wanted.is_descending)
    query = query.order_by(Quarantine.received_at.desc(), Quarantine.id)

    def shown(row: Row[*tuple[Any, ...]]) -> RefusedBody:
        return _in_words(row[0], row[1], language=language, catalogue=catalogue)

    return read_page(session, query, wanted.page, size=PAGE).each(shown)


def count_of(session: Session, participant: Participant) -> int:
    """Return how many bodies of a participant were refused and kept."""
    counting = select(func.count(Quarantine.id)).where(Quarantine.participant_id == participant.id)
    return session.scalar(counting) or 0


def _in_words(
    kept: Quarantine, client: str | None, *, language: Language, catalogue: Catalogue
) -> RefusedBody:
    raw = kept.body.decode("utf-8", "replace")
    envelope = _envelope(raw)
    form = _form(envelope, catalogue)
    given = envelope.get("answers")
    answers = given if isinstance(given, list) else []
    questions = {one.link_id: one.text.in_language(language) for one in form.items} if form else {}
    age = kept.answer_age_s
    return RefusedBody(
        kept_id=kept.id,
        refusal=kept.refusal_code,
        received_at=kept.received_at,
        answered_at=None if age is None else kept.received_at - timedelta(seconds=max(age, 0.0)),
        client=client,
        app_version=kept.app_version,
        title=form.title.in_language(language) if form else None,
        lines=list(_lines(form, answers, questions, language)) if form else [],
        problems=[
            Problem(
                _asked_at(one.get("place", ""), answers, questions), one.get("place", ""),
                one.get("message", ""), one.get("code") == _HIDDEN,
            )
            for one in kept.problems
        ],
        help_answer=safety_questions.read(envelope),
        raw=raw,
    )  # fmt: skip


def _envelope(raw: str) -> dict[str, Any]:
    """Return a body as JSON reads it; empty for what is no object."""
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _form(envelope: Mapping[str, Any], catalogue: Catalogue) -> Questionnaire | None:
    try:
        named = envelope["questionnaire"]
        form = catalogue.questionnaire(named["code"], named["version"])
    except (KeyError, TypeError, UnknownQuestionnaire):
        return None
    # Which day her last entry was is not known of what was refused: the texts name none.
    return filled(form, None)


def _lines(
    form: Questionnaire, answers: list[Any], questions: Mapping[str, str], language: Language
) -> Iterator[Line]:
    judged = judge(form, answers, is_complete=False)
    seen = as_seen(form, judged.answers, cleared=(), is_finished=False, language=language)
    given = {one.link_id for one in judged.answers}
    said = {one.link_id: one.answer or one.state_in_words for one in seen if one.link_id in given}
    for one in answers:
        link_id = one.get("link_id") if isinstance(one, dict) else None
        question = questions.get(link_id) if isinstance(link_id, str) else None
        if question is None:
            yield Line("", _as_it_came(one), is_raw=True)
        elif link_id in said:
            yield Line(question, said[link_id])
        else:
            yield Line(question, _as_it_came(one.get("value")), is_raw=True)


def _asked_at(place: str, answers: list[Any], questions: Mapping[str, str]) -> str | None:
    """Return the question at a place as problems name it: `answers[3].value` or `answers[temp]`."""
    inside = place.partition("[")[2].partition("]")[0]
    if inside.isascii() and inside.isdigit() and int(inside) < len(answers):
        one = answers[int(inside)]
        inside = str(one.get("link_id", "")) if isinstance(one, dict) else ""
    return questions.get(inside)


def _as_it_came(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
