"""What a phone needs to say what to do before any answer has reached the server.

The rules are those of the study, with the telephone numbers of the site in their words; only what
cannot be known from one form alone, how the days before went, stays with the server.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import Participant, Site
from epro.services import advice, planning, studies
from questionnaires.catalogue import Catalogue
from questionnaires.definition import (
    Derivation,
    SafetyRule,
    SiteDefaults,
    StudyPackage,
    ThermometerRoute,
    Translated,
)
from questionnaires.hours import Opening
from questionnaires.lexicon import Lexicon
from questionnaires.schedule import AnchorEvent

# A phone that was out of the network for longer is told the number that answers day and night.
DAYS_OF_HOURS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAdvice:
    """The rules of the study version in force today, and what they are read beside.

    `infusions_at` are the starts on record, the earliest first; the latest at or before the answers
    counts. `site_hours` are the next fortnight's hours at which `numbers.site_phone` is answered.
    """

    study_version: str
    rules: tuple[SafetyRule, ...]
    lexicons: tuple[Lexicon, ...]
    free_texts: tuple[str, ...]
    infusions_at: tuple[datetime, ...]
    thermometer_route: ThermometerRoute
    default_route: ThermometerRoute
    numbers: SiteDefaults
    site_hours: Sequence[Opening]


def of_participant(
    session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime
) -> OfflineAdvice:
    """Return what the signed-in participant's phone keeps. Raises NoActiveStudyVersion."""
    participant = session.get_one(Participant, actor.id)
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    package = catalogue.package(studies.version_in_force(session, site, on=today))
    asked = {item.link_id for one in package.questionnaires for item in one.items}
    zone = ZoneInfo(site.zone)
    return OfflineAdvice(
        study_version=package.version,
        rules=rules_for_phone(package, asked | {one.name for one in package.lexicons}, site),
        lexicons=package.lexicons,
        free_texts=tuple(sorted(package.free_texts)),
        infusions_at=infusions(session, participant),
        thermometer_route=participant.thermometer_route,
        default_route=package.thermometer_route,
        numbers=SiteDefaults(**advice.numbers(site, package)),
        site_hours=package.escalation.office_hours.openings(
            now.astimezone(zone).date(), DAYS_OF_HOURS, zone
        ),
    )


def infusions(session: Session, participant: Participant) -> tuple[datetime, ...]:
    """Return the starts of the infusions on record, the earliest first."""
    anchors = planning.standing_anchors(session, participant.id)
    events = (AnchorEvent.INF1, AnchorEvent.INF2)
    return tuple(sorted(anchors[event] for event in events if event in anchors))


def rules_for_phone(
    package: StudyPackage, asked: Collection[str], site: Site
) -> tuple[SafetyRule, ...]:
    """Return the rules that are on, with those of their triggers that read nothing else.

    `asked` names what is known on the phone beside the derivations of a single form.
    """
    known = {*asked, *Derivation}
    rules = []
    for rule in package.rules:
        triggers = tuple(
            trigger
            for trigger in rule.triggers
            if {clause.question for clause in trigger.clauses} <= known
        )
        if rule.is_on and triggers:
            words = _with_numbers(rule.advice, package, site)
            rules.append(replace(rule, triggers=triggers, advice=words))
    return tuple(rules)


def _with_numbers(words: Translated, package: StudyPackage, site: Site) -> Translated:
    numbers = advice.numbers(site, package)
    return Translated(zh=words.zh.format_map(numbers), en=words.en.format_map(numbers))
