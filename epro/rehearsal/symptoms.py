"""What a person says in a form: mostly a good day, and by the rates something that matters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from epro.rehearsal.population import Person
from questionnaires.definition import AnswerValue

Said = Mapping[str, AnswerValue]
NONE = ("none",)
LOW_FEVERS = (37.2, 37.3, 37.5, 37.6)  # under the arm: 0.3 more counts
FEVERS = (37.7, 37.8, 38.0, 38.1)
HIGH_FEVERS = (38.2, 38.4, 38.6, 38.7, 38.9, 39.4)
ROUTES = ("axillary", "axillary", "axillary", "oral")
FLARE_DAYS = 3
# The last tells of no danger, for all that a word of it stands there.
WORDS_OF_DANGER = (
    "昨天晚上叫了救护车。", "前天住院了，今天回家。", "疼得昏迷过一次。", "有时候想自杀。",
    "没有住院，只是难受。",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What is said otherwise than on a good day, and whether somebody may have to act on it."""

    but: Said
    matters: bool


def of_form(
    person: Person, questionnaire: str, on: date, *, is_early: bool, rates: Mapping[str, Any]
) -> Words:
    """Return what she says in a form about a day; the same for the same person and day."""
    if questionnaire == "baseline":
        return Words({"usual_signs": person.usual or NONE}, matters=False)
    if questionnaire == "practice":
        return Words({}, matters=False)
    chance = person.chance(f"says:{questionnaire}:{person.day(on)}")
    if questionnaire == "ae_follow_up":
        return of_follow_up(chance, rates)
    usual: dict[str, AnswerValue] = {"temp": _own_temperature(person, chance)}
    if questionnaire not in {"morning_check", "infusion_evening", "safety_check"}:
        usual |= _pains(person, on, rates)
    signs = _signs(person, chance, is_early=is_early, rates=rates["signs"])
    return Words(usual | _as_answers(signs, chance), matters=bool(signs))


def of_report(chance: Random, rates: Mapping[str, Any]) -> Words:
    """Return what a report of a problem says: how bad it was, and whether it goes on."""
    worst = _worst(chance, rates)
    what = chance.choice(["pain", "skin", "stomach"])
    goes_on = chance.random() < rates["reports"]["goes_on"]
    said = {"what": what, "worst": worst} | _how_it_is(goes_on=goes_on)
    if chance.random() < rates["reports"]["words_of_danger"]:
        said["note"] = chance.choice(WORDS_OF_DANGER)
    return Words(said, matters=True)


def of_question(chance: Random) -> dict[str, bool | str]:
    """Return what she answers when she is asked about her words."""
    hospital = chance.choice(("no", "no", "no", "no", "planned", "unplanned", "unplanned"))
    return {"help_now": chance.random() < 0.15, "hospital": hospital}


def of_follow_up(chance: Random, rates: Mapping[str, Any]) -> Words:
    """Return what is said when a problem is asked about again."""
    goes_on = chance.random() >= rates["reports"]["ended_when_asked_again"]
    return Words({"worst": _worst(chance, rates)} | _how_it_is(goes_on=goes_on), matters=True)


def is_over(said: Mapping[str, Any]) -> bool:
    """Tell whether a problem is over by what was said of it."""
    return said.get("still") == "ended"


def _worst(chance: Random, rates: Mapping[str, Any]) -> str:
    worst: Mapping[str, float] = rates["reports"]["worst"]
    return chance.choices(list(worst), weights=list(worst.values()))[0]


def _how_it_is(*, goes_on: bool) -> dict[str, AnswerValue]:
    now = ("ongoing", "same", "还没有好。") if goes_on else ("ended", "gone", "现在好了。")
    still, outcome, note = now
    return {
        "still": still, "outcome": outcome, "note": note, "effect": "less", "done": ("medicine",),
    }  # fmt: skip


def _own_temperature(person: Person, chance: Random) -> float:
    usual = person.chance("temperature").choice((36.3, 36.4, 36.5, 36.6))
    return round(usual + chance.choice((-0.1, 0.0, 0.0, 0.1, 0.2)), 1)


def _pains(person: Person, on: date, rates: Mapping[str, Any]) -> dict[str, AnswerValue]:
    """Return joint pain and tiredness; a flare lasts some days, so it begins on one before."""
    level = person.chance("pain").choice((0, 1, 1, 2))
    began = [
        person.day(on) - back
        for back in range(FLARE_DAYS)
        if person.chance(f"flare:{person.day(on) - back}").random() < rates["signs"]["pain_flare"]
    ]
    chance = person.chance(f"pains:{person.day(on)}")
    pain = chance.choice((6, 7, 8)) if began else level + chance.choice((0, 0, 1))
    return {"pain": pain, "fatigue": level + chance.choice((0, 1, 1, 2))}


def _signs(
    person: Person, chance: Random, *, is_early: bool, rates: Mapping[str, Any]
) -> list[str]:
    times = rates["early"] if is_early else 1
    drawn = []
    for sign in _SIGNS:
        share = rates[sign] * times
        usual = sign.partition("_")[0]
        if sign.endswith("_as_usual") and usual not in person.usual:
            continue
        if chance.random() < share:
            drawn.append(sign)
    return drawn[:2]


def _as_answers(signs: list[str], chance: Random) -> dict[str, AnswerValue]:
    """Join what several signs say into one set of answers."""
    rows: dict[str, set[str]] = {}
    single: dict[str, AnswerValue] = {}
    for sign in signs:
        for link_id, value in _SIGNS[sign](chance).items():
            if isinstance(value, tuple):
                rows.setdefault(link_id, set()).update(value)
            else:
                single[link_id] = value
    return single | {link_id: tuple(sorted(codes)) for link_id, codes in rows.items()}


def _temperature(choices: tuple[float, ...]) -> Callable[[Random], Said]:
    def says(chance: Random) -> Said:
        return {"temp": chance.choice(choices), "temp_route": chance.choice(ROUTES)}

    return says


def _low_fever(chance: Random) -> Said:
    return {**_temperature(LOW_FEVERS)(chance), "other": ("cough",)}


def _always(**said: AnswerValue) -> Callable[[Random], Said]:
    return lambda _chance: said


def _one_of(link_id: str, *codes: str, **also: AnswerValue) -> Callable[[Random], Said]:
    return lambda chance: {link_id: (chance.choice(codes),), **also}


_SIGNS: Mapping[str, Callable[[Random], Said]] = {
    "low_fever": _low_fever,
    "fever": _temperature(FEVERS),
    "high_fever": _temperature(HIGH_FEVERS),
    "chills": _always(urgent=("chills",)),
    "breathless": _one_of("breathing", "at-rest", "worse", "wheeze", urgent=("breathing",)),
    "chest": _one_of("chest", "pain", "racing", "faint", urgent=("chest",)),
    "limb": _always(urgent=("limb",)),
    "bleeding": _one_of("bleeding", "stool", "not-stopping", urgent=("bleeding",)),
    "hives": lambda chance: {
        "other": ("skin",), "skin": ("hives",),
        "hives_with": (chance.choice(("none", "none", "cramps")),),
    },
    "site_sore": _one_of("site", "sore", "sore", "spreading", other=("site",)),
    "cough": _always(other=("cough",)),
    "burning": _always(other=("urine",), urine=("burning",)),
    "stomach": _one_of("stomach", "milder", "milder", "seven-stools", other=("stomach",)),
    "lupus_worse": _always(other=("lupus",)),
    "hospital": _always(changes=("hospital",), hospital_planned="unplanned"),
    "emergency": _always(changes=("emergency",)),
    "steroid_stopped": _always(changes=("steroid",), steroid=("stopped",)),
    "foam_as_usual": _always(other=("urine",), urine=("foamy",), compared="same"),
    "foam_worse": _always(other=("urine",), urine=("foamy",), compared="worse"),
    "swelling_as_usual": _always(other=("swelling",), swelling=("ankles",), compared="same"),
    "swelling_worse": _always(other=("swelling",), swelling=("ankles",), compared="new"),
    "help_now": _always(help_now=True),
}  # fmt: skip
