"""What a site does about answers that were wrong: put down, asked about by telephone, decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from epro.rehearsal.facts import Did
from epro.rehearsal.phone import Sheet
from epro.rehearsal.play import Stage
from epro.rehearsal.staff import Team

REASON = "与参与者核对"


@dataclass(slots=True)
class Waiting:
    """A correction that somebody still has to say a word about."""

    code: str
    facts: Mapping[str, Any]
    is_confirmed: bool = False


class CorrectionWork:
    """The corrections of one site."""

    def __init__(self, stage: Stage, team: Team, rates: Mapping[str, Any], *, seed: int) -> None:
        self._stage, self._team, self._seed = stage, team, seed
        self._declined: float = rates["answers"]["declined"]
        self._waiting: dict[str, Waiting] = {}

    def put_down(self, code: str, sheet: Sheet, on: date, answers: Mapping[str, Any]) -> str:
        """Put down what she says was wrong with what she sent; return the correction's id."""
        now, who = self._stage.clock.now(), self._team.with_role("coordinator")[0]
        body = {
            "response_id": str(sheet.id), "questionnaire": sheet.body["questionnaire"],
            "corrected_revision": 1, "reason": "选错了", "source": "call",
            "said_at": now.isoformat(), "said_words": "应该低一格",
            "answers": sheet.answers_with(answers),
        }  # fmt: skip
        path = f"/participants/{code}/corrections"
        put_down = self._team.need(201, who, "POST", path, body=body, kind="correction put down")
        facts = {"response": str(sheet.id), "on": on, "answers": dict(answers)}
        self._stage.note(code, Did.ASKED_CORRECTION, at=now, by=who.username, **facts)
        self._stage.settle_soon()
        id_: str = put_down["id"]
        self._waiting[id_] = Waiting(code, facts)
        return id_

    def hear(self, correction: str, *, is_right: bool) -> None:
        """Hear what she has said of a correction in the app: an investigator decides, or nobody."""
        one = self._waiting.get(correction)
        if one is not None:
            self._note_word(correction, one, is_right=is_right)

    def call_about(self, code: str) -> None:
        """Ask her by telephone, who opens the app no more, whether what waits for her is right."""
        for id_, one in list(self._waiting.items()):
            if one.code == code and not one.is_confirmed:
                now, who = self._stage.clock.now(), self._team.with_role("coordinator")[0]
                body = {"is_right": True, "call_at": now.isoformat(), "call_words": "对"}
                path = f"/corrections/{id_}/call"
                self._team.need(200, who, "POST", path, body=body, kind="call about a correction")
                self._note_word(id_, one, is_right=True, by=who.username)

    def decide(self) -> None:
        """Approve what she has confirmed, or decline it: then it ends there."""
        for id_ in [id_ for id_, one in self._waiting.items() if one.is_confirmed]:
            one, now = self._waiting.pop(id_), self._stage.clock.now()
            who = self._team.with_role("investigator")[0]
            is_declined = self._chance(one).random() < self._declined
            body = {"is_approved": not is_declined, "reason": REASON}
            path = f"/corrections/{id_}/decision"
            self._team.need(200, who, "POST", path, body=body, kind="decided correction")
            did = Did.DECLINED_CORRECTION if is_declined else Did.CORRECTED
            self._stage.note(one.code, did, at=now, by=who.username, is_decided=True, **one.facts)
            self._stage.settle_soon()

    def _note_word(self, id_: str, one: Waiting, *, is_right: bool, by: str | None = None) -> None:
        did = Did.CONFIRMED_CORRECTION if is_right else Did.REFUSED_CORRECTION
        also: dict[str, Any] = {"by": by} if by else {}
        self._stage.note(one.code, did, **one.facts, **also)
        one.is_confirmed = is_right
        if not is_right:
            del self._waiting[id_]

    def _chance(self, one: Waiting) -> Random:
        about = f"decides:{one.code}:{self._stage.day(one.facts['on'])}"
        return Random(f"{self._seed}:{about}")  # noqa: S311  invented decisions, no secret
