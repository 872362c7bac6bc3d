"""The total of a SLEDAI-2K rating, by the weights that its authors published in 2002."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from epro.rehearsal.facts import Fact
from epro.rehearsal.oracle.answered import Response
from epro.rehearsal.oracle.timetable import Asked, Identity

WEIGHTS: Mapping[int, tuple[str, ...]] = {
    8: (
        "seizure", "psychosis", "organic_brain_syndrome", "visual_disturbance",
        "cranial_nerve_disorder", "lupus_headache", "cerebrovascular_accident", "vasculitis",
    ),
    4: (
        "arthritis", "myositis", "urinary_casts", "haematuria", "proteinuria", "pyuria",
    ),
    2: (
        "rash", "alopecia", "mucosal_ulcers", "pleurisy", "pericarditis", "low_complement",
        "increased_dna_binding",
    ),
    1: ("fever", "thrombocytopenia", "leukopenia"),
}  # fmt: skip
FORM = "sledai_2k"
PRESENT, NOT_ASSESSED = "present", "not-assessed"


def key_of(identity: Identity) -> str:
    """Return what the response to a rating is known by: its id is the system's own."""
    return "rating of " + " ".join(identity)


def asked_at(asked: Iterable[Asked], at: datetime) -> list[Asked]:
    """Return what an assessor is asked at an instant: one at most, the windows lie apart."""
    ratings = [one for one in asked if one.by_assessor and not one.cancelled_at]
    return [one for one in ratings if one.opens_at <= at < one.late_until][:1]


def response_to(one: Asked, fact: Fact) -> Response:
    """Return a rating as it should stand on record."""
    return Response(
        key_of(one.identity), one.form, one.identity, fact.at, one.timeliness(fact.at),
        counts=True, answers=fact.what["answers"],
    )  # fmt: skip


def total(answers: Mapping[str, Any]) -> int | None:
    """Return the sum of what is present; none where anything was not assessed."""
    by_name = {name: weight for weight, names in WEIGHTS.items() for name in names}
    if NOT_ASSESSED in {answers.get(name) for name in by_name}:
        return None
    return sum(weight for name, weight in by_name.items() if answers.get(name) == PRESENT)
