"""Checks what a package says about adverse events: forms, categories, what makes an episode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from questionnaires import following_up
from questionnaires.adverse_events import Symptom
from questionnaires.definition import Derivation, StudyPackage

Fault = tuple[str, str, str]


def find_event_faults(package: StudyPackage) -> Iterator[Fault]:
    """Yield each fault as code, place and reason."""
    policy = package.adverse_events
    for code in (policy.follow_up, *policy.linked):
        if code and package.questionnaire(code) is None:
            yield (
                "unknown_questionnaire",
                "study adverse_events",
                f"names the questionnaire '{code}'",
            )
    if any(block.code == following_up.BLOCK for block in package.schedule.blocks):
        reason = "is the name of what is asked again about a report"
        yield "block_taken", f"block '{following_up.BLOCK}'", reason
    if policy.follow_up and not policy.ended_when:
        yield "never_ends", "study adverse_events", "would ask for ever: name what ends it"
    if min(policy.ask_again_days, policy.ask_again_days_red) < 1:
        yield "ask_again", "study adverse_events", "must ask again after 1 day or more"
    if policy.smallest_count < 1:
        yield "smallest_count", "study adverse_events", "must be 1 or more"
    yield from _twice("relationships", (one.code for one in policy.relationships))
    if policy.relationships and len({one.is_related for one in policy.relationships}) < 2:
        reason = "must have one that counts as related, and one that does not"
        yield "relationships", "study adverse_events", reason
    yield from _twice("episodes", (one.code for one in policy.episodes.symptoms))
    if min(policy.episodes.bridge_days, policy.episodes.baseline_days) < 0:
        yield "days", "study adverse_events", "must not count less than 0 days"
    asked = {item.link_id for form in package.questionnaires for item in form.items}
    for symptom in policy.episodes.symptoms:
        yield from _symptom(symptom, asked | {one.value for one in Derivation})


def _symptom(symptom: Symptom, known: set[str]) -> Iterator[Fault]:
    place = f"study adverse_events '{symptom.code}'"
    if bool(symptom.question) is bool(symptom.when):
        yield "symptom", place, "needs either a question or clauses, and not both"
    names = [name for name in (symptom.question, symptom.usual) if name]
    for name in (*names, *(clause.question for clause in symptom.when)):
        if name not in known:
            yield "unknown_question", place, f"names '{name}', which nobody asks"
    if symptom.rise < 0:
        yield "rise", place, "must not rise by less than 0"


def _twice(what: str, codes: Iterable[str]) -> Iterator[Fault]:
    for code, count in Counter(codes).items():
        if count > 1:
            yield "twice", f"study adverse_events {what}", f"has '{code}' twice"
