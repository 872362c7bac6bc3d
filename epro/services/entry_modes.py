"""By which mode answers are taken: what the server believes, and what the study allows."""

from collections.abc import Sequence
from dataclasses import dataclass

from epro.access import Actor, ActorKind
from epro.errors_of_record import ModeNotAllowed
from questionnaires.definition import Questionnaire, StudyPackage
from questionnaires.licensing import ON_BEHALF, EntryMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One mode in which a site may enter answers, and the forms that do not take it."""

    mode: EntryMode
    not_for: Sequence[Questionnaire]


def mode_of(actor: Actor, said: EntryMode) -> EntryMode:
    """Return by which mode a response came; an app is not believed about what the site does.

    Where the site opened the app, its session says how. In a session of her own, a mode that only
    the site can use would be untrue: then it is her own device.
    """
    if actor.entry_mode is not None:
        return EntryMode(actor.entry_mode)
    if actor.kind is ActorKind.PARTICIPANT and said in ON_BEHALF:
        return EntryMode.OWN_DEVICE
    return said


def is_allowed(package: StudyPackage, code: str, mode: EntryMode) -> bool:
    """Tell whether a form may be answered so; she herself is never kept from answering.

    What her own telephone shows her was sent to it by us, so refusing the answer would only lose
    it. The study's list binds what the site enters for her.
    """
    return mode not in ON_BEHALF or mode in package.modes_of(code)


def refuse_unallowed(package: StudyPackage, code: str, mode: EntryMode) -> None:
    """Raise ModeNotAllowed, which names mode and form, where the study does not allow them."""
    if not is_allowed(package, code, mode):
        raise ModeNotAllowed(details={"mode": mode.value, "form": code})


def ways_on_behalf(package: StudyPackage) -> Sequence[Way]:
    """Return the modes that the study allows a site, each with the forms that it is not for."""
    return [
        Way(
            mode=mode,
            not_for=[
                one for one in package.questionnaires if not is_allowed(package, one.code, mode)
            ],
        )
        for mode in ON_BEHALF
        if mode in package.modes
    ]
