"""The answers of one participant as they should stand on record, corrections included."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from epro.rehearsal.oracle.answers import Entry
from epro.rehearsal.oracle.timetable import Identity


@dataclass(frozen=True, slots=True)
class Response:
    """A form that was sent in. `states` are how many of it the feed should have.

    `source_check` is how what was typed from paper compares with its sheet.
    """

    id: str
    questionnaire: str
    identity: Identity | None
    answered_at: datetime
    timeliness: str
    counts: bool
    answers: Mapping[str, Any]
    states: int = 1
    source_check: str | None = None


@dataclass(slots=True)
class Answered:
    """All forms of hers by id, and what each says to the rules, about which day."""

    responses: dict[str, Response] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    put_right_ids: set[str] = field(default_factory=set)

    def corrected(self, id_: str, answers: Mapping[str, Any]) -> Entry:
        """Return what a form would say, corrected; about the day and instant that it is about."""
        old = next(one for one in self.entries if one.response == id_)
        return Entry(old.response, old.on, old.answered_at, dict(answers))

    def put_right(self, id_: str, answers: Mapping[str, Any]) -> None:
        """Let a form say something else: when it was answered, and whether it counts, stay."""
        one = self.responses[id_]
        self.responses[id_] = replace(one, answers=answers, states=one.states + 1)

    def compared(self, id_: str, *, is_equal: bool) -> None:
        """Note what a second person found: one more state of it."""
        one = self.responses[id_]
        found = "equal_after_correction" if id_ in self.put_right_ids else "equal"
        found = found if is_equal else "differs"
        self.responses[id_] = replace(one, states=one.states + 1, source_check=found)

    def typed_anew(self, id_: str, answers: Mapping[str, Any]) -> None:
        """Let a copy say what its sheet says; it has to be compared again."""
        self.put_right(id_, answers)
        self.put_right_ids.add(id_)
        self.responses[id_] = replace(self.responses[id_], source_check="not_checked")

    def are_all_equal(self) -> bool:
        """Tell whether every copy was found to say what its sheet says."""
        return not any(
            one.source_check in {"not_checked", "differs"} for one in self.responses.values()
        )

    def others_than(self, id_: str) -> list[Entry]:
        """Return what all other forms say."""
        return [one for one in self.entries if one.response != id_]
