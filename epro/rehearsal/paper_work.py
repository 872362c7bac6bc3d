"""Sheets of paper at a site: typed in by one coordinator, compared with the sheet by another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from epro.rehearsal.facts import Did
from epro.rehearsal.phone import Sheet
from epro.rehearsal.play import Stage
from epro.rehearsal.staff import Colleague, Team


@dataclass(slots=True)
class Copy:
    """What was typed in from a sheet. `is_like_it` tells whether it says what the sheet says."""

    code: str
    sheet: Sheet
    on: date
    typist: Colleague
    is_like_it: bool
    revision: int = 1
    is_returned: bool = False


class PaperWork:
    """The sheets of one site that nobody has found equal to what was typed."""

    def __init__(self, stage: Stage, team: Team) -> None:
        self._stage, self._team = stage, team
        self._copies: list[Copy] = []
        self._count = 0

    def type_in(self, code: str, sheet: Sheet, on: date, slip: Mapping[str, Any]) -> None:
        """Type in a sheet that somebody has handed in; `slip` is what is typed otherwise."""
        coordinators = self._team.with_role("coordinator")
        self._count += 1
        who, now = coordinators[self._count % len(coordinators)], self._stage.clock.now()
        typed = sheet.answers_with(slip)
        body = {
            "assessment_id": sheet.body["assessment_id"],
            "questionnaire": sheet.body["questionnaire"], "language": "zh", "completer": "self",
            "written_at": sheet.answered_at.isoformat(), "reason": "手机没电了",
            "source_reference": f"binder 2, sheet {self._count}", "answers": typed,
        }  # fmt: skip
        path = f"/participants/{code}/transcriptions/{sheet.id}"
        self._team.need(200, who, "PUT", path, body=body, kind="sheet of paper")
        self._stage.note(
            code, Did.TYPED_IN, at=now, by=who.username, response=str(sheet.id),
            questionnaire=sheet.body["questionnaire"]["code"], on=on,
            answered_at=sheet.answered_at, assessment=sheet.body["assessment_id"],
            answers=values_of(typed),
        )  # fmt: skip
        self._stage.settle_soon()
        self._copies.append(Copy(code, sheet, on, who, is_like_it=not slip))

    def round(self) -> None:
        """Compare what nobody has compared, and put right what was found to differ before."""
        for copy in list(self._copies):
            if copy.is_returned:
                self._put_right(copy)
            else:
                self._compare(copy)

    def _compare(self, copy: Copy) -> None:
        """Have somebody who typed nothing of it look at both."""
        others = [one for one in self._team.with_role("coordinator") if one is not copy.typist]
        who, now, is_equal = others[0], self._stage.clock.now(), copy.is_like_it
        body = {
            "revision": copy.revision, "is_equal": is_equal,
            "differences": "" if is_equal else "疼痛一项不同",
        }  # fmt: skip
        path = f"/transcriptions/{copy.sheet.id}/check"
        self._team.need(403, copy.typist, "POST", path, body=body, kind="comparing one's own")
        self._team.need(200, who, "POST", path, body=body, kind="comparison with a sheet")
        self._stage.note(
            copy.code, Did.COMPARED, at=now, by=who.username, response=str(copy.sheet.id),
            is_equal=is_equal,
        )  # fmt: skip
        copy.is_returned = not is_equal
        if is_equal:
            self._copies.remove(copy)

    def _put_right(self, copy: Copy) -> None:
        now, id_ = self._stage.clock.now(), str(copy.sheet.id)
        body = {
            "revision": copy.revision, "answers": copy.sheet.body["answers"], "reason": "打错了",
        }  # fmt: skip
        path = f"/transcriptions/{id_}/corrections"
        self._team.need(200, copy.typist, "POST", path, body=body, kind="sheet put right")
        self._stage.note(
            copy.code, Did.PUT_RIGHT, at=now, by=copy.typist.username, response=id_, on=copy.on,
            answers=values_of(copy.sheet.body["answers"]),
        )  # fmt: skip
        self._stage.settle_soon()
        copy.revision, copy.is_like_it, copy.is_returned = copy.revision + 1, True, False


def values_of(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what was answered, by question; what was declined or left out is not there."""
    return {one["link_id"]: one["value"] for one in answers if one.get("value") is not None}
