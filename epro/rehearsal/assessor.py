"""The outcomes assessor of a site: rates who is due in her own room of the console."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from epro.rehearsal.desk import Desk
from epro.rehearsal.facts import Did
from epro.rehearsal.places import Place
from epro.rehearsal.play import Stage

LIST = "/ratings"
LINE = re.compile(
    r'<tr data-line><th scope="row" class="code">(?P<code>[^<]+)</th>.*?'
    r'datetime="(?P<until>[^"]+)".*?href="/console(?P<path>/ratings/[0-9a-f-]+)"',
)
DESCRIPTOR = re.compile(r'name="a-(\w+)" value="present"')
NOTICED_AFTER = timedelta(minutes=40)
PRESENT, ABSENT, NOT_ASSESSED = "present", "absent", "not-assessed"
OTHER = {PRESENT: ABSENT, ABSENT: PRESENT, NOT_ASSESSED: ABSENT}


class Assessor:
    """Looks on every working day at whom she may rate; knows nothing else of anybody."""

    def __init__(
        self, stage: Stage, desk: Desk, place: Place, rates: Mapping[str, Any], *, seed: int
    ) -> None:
        self._stage, self._desk, self._place, self._seed = stage, desk, place, seed
        self._rates: Mapping[str, Any] = rates["ratings"]

    def round(self) -> None:
        """Rate whoever is at the site today."""
        for found in LINE.finditer(self._desk.get(LIST, kind="ratings")):
            today = self._place.day(self._stage.clock.now())
            until = self._place.day(datetime.fromisoformat(found["until"]))
            about = f"{found['code']}:{self._stage.day(until)}:{self._stage.day(today)}"
            chance = Random(f"{self._seed}:rates:{about}")  # noqa: S311  invented, no secret
            if chance.random() < self._rates["each_day"]:
                self._rate(found["code"], found["path"], chance)

    def _rate(self, code: str, path: str, chance: Random) -> None:
        page = self._desk.get(path, kind="rating form")
        answers: dict[str, Any] = {
            name: self._finding(chance) for name in dict.fromkeys(DESCRIPTOR.findall(page))
        }
        now = self._stage.clock.now()
        answers |= {
            "assessed_on": self._place.day(now).isoformat(),
            "rescue_therapy": chance.random() < 0.1, "steroid_per_day": chance.choice((5.0, 7.5)),
        }  # fmt: skip
        self._desk.send(path, _as_form(answers), on=page, kind="rating")
        who = self._desk.who.username
        self._stage.note(code, Did.RATED, at=now, by=who, answers=answers)
        if chance.random() < self._rates["put_right"]:
            name = chance.choice(DESCRIPTOR.findall(page))
            right = answers | {name: OTHER[answers[name]]}
            self._stage.at(now + NOTICED_AFTER, partial(self._put_right, code, path, now, right))

    def _finding(self, chance: Random) -> str:
        drawn, rates = chance.random(), self._rates
        if drawn < rates["not_assessed"]:
            return NOT_ASSESSED
        return PRESENT if drawn < rates["not_assessed"] + rates["present"] else ABSENT

    def _put_right(self, code: str, path: str, rated_at: datetime, answers: dict[str, Any]) -> None:
        page, now = self._desk.get(path, kind="rating form"), self._stage.clock.now()
        form = _as_form(answers) | {"revision": "1", "reason": "复核原始记录"}
        self._desk.send(f"{path}/correction", form, on=page, kind="rating put right")
        who = self._desk.who.username
        self._stage.note(
            code, Did.PUT_RATING_RIGHT, at=now, by=who, rated_at=rated_at, answers=answers
        )


def _as_form(answers: Mapping[str, Any]) -> dict[str, str]:
    said = {True: "yes", False: "no"}
    return {
        f"a-{name}": said[value] if isinstance(value, bool) else str(value)
        for name, value in answers.items()
    }
