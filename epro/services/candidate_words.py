"""What a candidate for an adverse event is about, in words, for whoever is to decide about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import EventSource, FlagTrigger, QuestionnaireResponse, SafetyFlag
from epro.services.candidates import Candidate
from epro.services.waiting_list import Waiting
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ItemType, Language, Translated
from questionnaires.rendering import ItemState, as_seen
from questionnaires.validation import Answer

AND = Translated("、", "; ")


@dataclass(frozen=True, slots=True)
class About:
    """What it is about, and the flag or the response in which all of it stands."""

    what: Translated
    flag_id: UUID | None = None
    response_id: UUID | None = None


def about(
    session: Session, waiting: Iterable[Waiting | Candidate], *, catalogue: Catalogue
) -> Mapping[UUID, About]:
    """Return, by candidate, what it is about; one that has gone meanwhile is left out.

    A report is what she chose first, and her own words where she was asked for them at once; a flag
    the rules that were met; an episode the symptom. The caller has found them in the actor's reach.
    """
    keys: dict[EventSource, dict[str, UUID]] = {}
    for one in waiting:
        keys.setdefault(one.source, {})[one.key] = one.id
    found = {
        **_flags(session, keys.get(EventSource.FLAG, {}), catalogue),
        **_reports(session, keys.get(EventSource.SELF_REPORT, {}), catalogue),
    }
    for key, id_ in keys.get(EventSource.EPISODE, {}).items():
        symptoms = (
            package.adverse_events.episodes.symptom(key.partition(":")[0])
            for package in reversed(catalogue.packages)
        )
        if symptom := next(filter(None, symptoms), None):
            found[id_] = About(symptom.title)
    return found


def _flags(session: Session, ids: Mapping[str, UUID], catalogue: Catalogue) -> dict[UUID, About]:
    rules: dict[tuple[UUID, int], dict[str, None]] = {}
    for flag_id, version_id, rule in session.execute(
        select(SafetyFlag.id, SafetyFlag.study_version_id, FlagTrigger.rule)
        .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
        .where(SafetyFlag.id.in_([UUID(key) for key in ids]))
        .order_by(FlagTrigger.id)
    ):
        rules.setdefault((flag_id, version_id), {})[rule] = None
    return {
        ids[str(flag_id)]: About(
            _joined(catalogue.package(version_id).rule_title(rule) for rule in met),
            flag_id=flag_id,
        )
        for (flag_id, version_id), met in rules.items()
    }


def _reports(session: Session, ids: Mapping[str, UUID], catalogue: Catalogue) -> dict[UUID, About]:
    rows = session.scalars(
        select(QuestionnaireResponse).where(
            QuestionnaireResponse.id.in_([UUID(key) for key in ids])
        )
    )
    return {
        ids[str(row.id)]: About(_joined(_first_said(row, catalogue)), response_id=row.id)
        for row in rows
    }


def _first_said(row: QuestionnaireResponse, catalogue: Catalogue) -> Iterator[Translated]:
    """Yield what she chose first, and the words that were asked for right after it."""
    form = catalogue.questionnaire(row.questionnaire_code, row.questionnaire_version)
    answers = [Answer.from_plain(dict(one)) for one in row.answers]
    zh, en = (
        as_seen(form, answers, cleared=(), is_finished=True, language=language)
        for language in Language
    )
    texts = {item.link_id for item in form.items if item.type is ItemType.TEXT}
    for place, (one, other) in enumerate(zip(zh, en, strict=True)):
        if place > 0 and one.link_id not in texts:
            return
        if one.state is ItemState.ANSWERED:
            yield Translated(one.answer or "", other.answer or "")


def _joined(words: Iterable[Translated]) -> Translated:
    all_ = list(words)
    return Translated(AND.zh.join(one.zh for one in all_), AND.en.join(one.en for one in all_))
