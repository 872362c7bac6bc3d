"""Forms as a participant sees them: with the day of her last entry, and advice that works offline.

A response shows later what was seen then: its own edition and language, the day that it named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import NotFound
from epro.models import (
    Assessment,
    EntryMode,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Site,
)
from epro.services import entry_modes, offline_advice, studies
from questionnaires.catalogue import Catalogue
from questionnaires.definition import (
    Language,
    Questionnaire,
    SafetyRule,
    StudyPackage,
    ThermometerRoute,
)
from questionnaires.recalls import asks_since_last_entry, filled
from questionnaires.rendering import SeenItem, as_seen
from questionnaires.rules import latest_infusion
from questionnaires.validation import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A questionnaire ready to be shown, and what a phone needs to give advice without network.

    `last_entry_on` goes back with the answers. `rules` hold what can be met from this form alone,
    telephone numbers put in; what needs earlier entries or free text, the server looks at.
    """

    questionnaire: Questionnaire
    last_entry_on: date
    study_version: str
    rules: tuple[SafetyRule, ...]
    latest_infusion_at: datetime | None
    thermometer_route: ThermometerRoute
    default_route: ThermometerRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A response in words."""

    response: QuestionnaireResponse
    title: str
    items: Sequence[SeenItem]


def of_assessment(
    session: Session, actor: Actor, assessment_id: UUID, *, catalogue: Catalogue, now: datetime
) -> Form:
    """Return the form of one of the participant's own assessments.

    Raises NotFound, and ModeNotAllowed where the site opened the app in a way it is not for.
    """
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.participant_id != actor.id:
        raise NotFound
    questionnaire = catalogue.questionnaire(
        assessment.questionnaire_code, assessment.questionnaire_version
    )
    package = catalogue.package(assessment.study_version_id)
    _refuse_unallowed(actor, package, questionnaire.code)
    return _form(session, actor, package, questionnaire, catalogue=catalogue, now=now)


def always_open(
    session: Session, actor: Actor, code: str, *, catalogue: Catalogue, now: datetime
) -> Form:
    """Return a form that can be filled in at any hour.

    Raises NotFound, NoActiveStudyVersion, and ModeNotAllowed as `of_assessment` does.
    """
    participant = session.get_one(Participant, actor.id)
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    package = catalogue.package(studies.version_in_force(session, site, on=today))
    questionnaire = package.questionnaire(code)
    if questionnaire is None or code not in package.schedule.always_open:
        raise NotFound
    _refuse_unallowed(actor, package, code)
    return _form(session, actor, package, questionnaire, catalogue=catalogue, now=now)


def _refuse_unallowed(actor: Actor, package: StudyPackage, code: str) -> None:
    if actor.entry_mode is not None:
        entry_modes.refuse_unallowed(package, code, EntryMode(actor.entry_mode))


def of_response(
    session: Session,
    actor: Actor,
    response: QuestionnaireResponse,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Form:
    """Return the form that one of her responses was given in, with the day that it named then."""
    questionnaire = catalogue.questionnaire(
        response.questionnaire_code, response.questionnaire_version
    )
    package = catalogue.package(response.study_version_id)
    return _form(
        session, actor, package, questionnaire,
        named=_named_day(session, response, questionnaire, catalogue=catalogue),
        catalogue=catalogue, now=now,
    )  # fmt: skip


def seen(
    session: Session,
    response: QuestionnaireResponse,
    *,
    revision: ResponseRevision | None = None,
    language: Language | None,
    catalogue: Catalogue,
) -> Seen:
    """Return a response in words, in the language it was answered in unless told otherwise.

    As it stands, or as an earlier revision of it has it.
    """
    said = revision or response
    questionnaire = catalogue.questionnaire(
        response.questionnaire_code, response.questionnaire_version
    )
    named = _named_day(session, response, questionnaire, catalogue=catalogue)
    chosen = language or response.language
    items = as_seen(
        filled(questionnaire, named),
        [Answer.from_plain(answer) for answer in said.answers],
        cleared=said.cleared,
        is_finished=said.status is ResponseStatus.COMPLETED,
        language=chosen,
    )
    return Seen(response=response, title=questionnaire.title.in_language(chosen), items=items)


def as_asked(
    session: Session, response: QuestionnaireResponse, *, catalogue: Catalogue
) -> Questionnaire:
    """Return the edition that a response was given in, with the day that it named then."""
    questionnaire = catalogue.questionnaire(
        response.questionnaire_code, response.questionnaire_version
    )
    named = _named_day(session, response, questionnaire, catalogue=catalogue)
    return filled(questionnaire, named)


def _named_day(
    session: Session,
    response: QuestionnaireResponse,
    questionnaire: Questionnaire,
    *,
    catalogue: Catalogue,
) -> date:
    """An old phone does not say which day it named; the responses before this one do."""
    participant = session.get_one(Participant, response.participant_id)
    return response.last_entry_on or last_entry_on(
        session, participant, questionnaire, catalogue=catalogue, before=response.answered_at
    )


def last_entry_on(
    session: Session,
    participant: Participant,
    questionnaire: Questionnaire,
    *,
    catalogue: Catalogue,
    before: datetime,
) -> date:
    """Return the local day of the last finished form that asked all that this one asks since then.

    A shorter form in between is no such entry: what it did not ask would be asked by nobody. Where
    there is none yet it is the day of activation, when she was shown the diary.
    """
    asked = asks_since_last_entry(questionnaire)
    earlier = session.execute(
        select(
            QuestionnaireResponse.answered_at,
            QuestionnaireResponse.questionnaire_code,
            QuestionnaireResponse.questionnaire_version,
        )
        .where(
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            QuestionnaireResponse.answered_at < before,
        )
        .order_by(QuestionnaireResponse.answered_at.desc())
    )
    answered_at = participant.activated_at or participant.enrolled_at
    for at, code, version in earlier:
        if asked <= asks_since_last_entry(catalogue.questionnaire(code, version)):
            answered_at = at
            break
    return answered_at.astimezone(ZoneInfo(participant.zone)).date()


def _form(
    session: Session,
    actor: Actor,
    package: StudyPackage,
    questionnaire: Questionnaire,
    *,
    named: date | None = None,
    catalogue: Catalogue,
    now: datetime,
) -> Form:
    participant = session.get_one(Participant, actor.id)
    site = session.get_one(Site, participant.site_id)
    infusions = offline_advice.infusions(session, participant)
    asked = {item.link_id for item in questionnaire.items}
    named = named or last_entry_on(
        session, participant, questionnaire, catalogue=catalogue, before=now
    )
    return Form(
        questionnaire=filled(questionnaire, named),
        last_entry_on=named,
        study_version=package.version,
        rules=offline_advice.rules_for_phone(package, asked, site),
        latest_infusion_at=latest_infusion(infusions, answered_at=now),
        thermometer_route=participant.thermometer_route,
        default_route=package.thermometer_route,
    )
