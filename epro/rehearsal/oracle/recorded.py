"""What people did has to stand in the audit trail: each act once, when, and by whom (T-01)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from epro.rehearsal.facts import Did, Fact
from epro.rehearsal.observing import Recorded

SOON = timedelta(minutes=4)
# Acts that name their own entity: that of the entry has to be the same.
ENTITIES = {
    Did.ANSWERED: "response", Did.TYPED_IN: "response", Did.PUT_RIGHT: "response",
    Did.COMPARED: "response", Did.ACKNOWLEDGED: "flag", Did.CLOSED: "flag",
}  # fmt: skip
VERBS: Mapping[Did, tuple[str, ...]] = {
    Did.ENROLLED: ("participant.enrolled", "anchor.recorded"),
    Did.ACTIVATED: ("participant.activated",),
    Did.CHOSE_TIME: ("participant.preferences_changed",),
    Did.ANCHORED: ("anchor.recorded",),
    Did.ANSWERED: ("response.completed",),
    Did.TYPED_IN: ("response.completed", "transcription.entered"),
    Did.PUT_RIGHT: ("response.corrected", "transcription.put_right"),
    Did.RATED: ("response.completed",),
    Did.PUT_RATING_RIGHT: ("response.corrected",),
    Did.ANSWERED_QUESTION: ("safety_question.answered",),
    Did.CORRECTED: ("response.corrected",),
    Did.MOVED_ZONE: ("participant.moved_to_zone",),
    Did.CHANGED_SLOT: ("participant.diary_slot_chosen",),
    Did.PAUSED: ("participant.life_cycle_changed",),
    Did.CAME_BACK: ("participant.life_cycle_changed",),
    Did.LEFT: ("participant.life_cycle_changed", "anchor.recorded"),
    Did.ACKNOWLEDGED: ("flag.acknowledged",),
    Did.CLOSED: ("flag.closed",),
    Did.GAVE_CONSENT: ("consent.given",),
    Did.ASKED_CORRECTION: ("correction.put_down",),
    Did.CONFIRMED_CORRECTION: ("correction.confirmed",),
    Did.REFUSED_CORRECTION: ("correction.refused",),
    Did.DECLINED_CORRECTION: ("correction.declined",),
    Did.DECIDED: ("candidate.decided",),
    Did.LOCKED: ("record.locked",),
    Did.UNLOCKED: ("record.unlocked",),
    Did.CALLED: ("contact.logged",),
}


def wanted(fact: Fact) -> Iterator[str]:
    """Yield what has to stand on record for an act."""
    yield from VERBS.get(fact.did, ())
    if fact.did is Did.CORRECTED and fact.what.get("is_decided"):
        yield "correction.approved"
    if fact.did is Did.COMPARED:
        yield f"transcription.{'confirmed' if fact.what['is_equal'] else 'returned'}"
    if fact.did is Did.ENROLLED:
        yield from ("consent.given" for _kind in fact.what["consents"])
    if fact.what.get("withdrawn"):
        yield "consent.withdrawn"


def unlike(
    facts: Sequence[Fact], acts: Sequence[Recorded]
) -> Iterator[tuple[Fact | Recorded, str]]:
    """Yield acts that are not on record, and entries without an act, each with its verb."""
    left = list(acts)
    for fact in facts:
        for verb in wanted(fact):
            match = next((one for one in left if _is_of(one, verb, fact)), None)
            if match is None:
                yield fact, verb
            else:
                left.remove(match)
    yield from ((one, one.verb) for one in left)


def _is_of(entry: Recorded, verb: str, fact: Fact) -> bool:
    if entry.verb != verb or abs(entry.at - fact.at) >= SOON:
        return False
    named = fact.what.get(ENTITIES.get(fact.did, ""))
    return named in {None, entry.entity_id} and fact.what.get("by") in {None, entry.actor}
