"""One participant's whole record in words, in the order in which somebody reads it years later.

Read from the tables as they stand and, for what happened to a flag and to the record, from the
journal. What was changed shows old and new value, reason and who.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.archive.words import say
from epro.models import (
    Anchor,
    Assessment,
    Consent,
    Correction,
    CorrectionState,
    Participant,
    Quarantine,
    QuestionnaireResponse,
    Site,
    Transcription,
)
from epro.services import corrections, forms
from epro.services.code_words import refusal_in_words
from epro.services.staff import known_as
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 begins a part, level 2 one thing in it."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph."""

    text: str
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is said of something: what, and what of it."""

    rows: Sequence[tuple[str, str]]


Block: TypeAlias = Heading | Line | Pairs


@dataclass(frozen=True, slots=True)
class Staff:
    """What accounts are called, by their id, and who has them, by account."""

    accounts: Mapping[UUID, str]
    full_names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is read about, in which language; `told` counts what was written down of each kind."""

    session: Session
    participant: Participant
    site: Site
    catalogue: Catalogue
    language: Language
    staff: Staff
    told: Counter[str] = field(default_factory=Counter)

    def say(self, key: str, /, **values: Any) -> str:
        """Return a text in the language of the record."""
        return say(key, self.language, **values)

    def at(self, when: datetime | None, zone: str | None = None) -> str:
        """Return an instant as a clock of the zone (the site's) shows it, with its offset."""
        if when is None:
            return "–"
        local = when.astimezone(ZoneInfo(zone or self.site.zone))
        return local.isoformat(sep=" ", timespec="minutes")

    def by(self, user_id: UUID | None) -> str:
        """Return somebody of the staff by name and account; the participant's code for nobody."""
        if user_id is None:
            return self.participant.code
        return known_as(self.staff.accounts.get(user_id, "?"), self.staff.full_names)


def about(reader: Reader) -> Iterator[Block]:
    """Yield who she is in the trial: her code, her visits and consents; never her name."""
    who, site = reader.participant, reader.site
    yield Heading(reader.say("about"))
    life = reader.say(f"life.{who.life_cycle}")
    since = f", {reader.at(who.life_cycle_at)}" if who.life_cycle_at else ""
    reason = f", {who.life_cycle_reason}" if who.life_cycle_reason else ""
    name = site.name_zh if reader.language is Language.ZH else site.name_en
    rows = [
        (reader.say("about.site"), f"{site.code} {name}"),
        (reader.say("about.language"), reader.say(f"language.{who.language}")),
        (reader.say("about.zone"), who.zone),
        (reader.say("about.route"), reader.say(f"route.{who.thermometer_route}")),
        (reader.say("about.enrolled"), reader.at(who.enrolled_at)),
        (reader.say("about.activated"), reader.at(who.activated_at)),
        (reader.say("about.life"), f"{life}{since}{reason}"),
    ]
    anchors = reader.session.scalars(
        select(Anchor)
        .where(Anchor.participant_id == who.id, Anchor.superseded_at.is_(None))
        .order_by(Anchor.occurred_at, Anchor.event)
    )
    for anchor in anchors:
        title = f"{reader.say('about.visit')} – {reader.say(f'anchor.{anchor.event}')}"
        rows.append((title, reader.at(anchor.occurred_at)))
    consents = reader.session.scalars(
        select(Consent).where(Consent.participant_id == who.id).order_by(Consent.given_at)
    )
    for one in consents:
        reader.told["consents"] += 1
        given = reader.say(
            "about.consent.given", version=one.document_version, at=reader.at(one.given_at),
            by=one.explained_by, place=one.paper_location,
        )  # fmt: skip
        ended = "".join(
            reader.say(f"about.consent.{how}", at=reader.at(at))
            for how, at in (("withdrawn", one.withdrawn_at), ("superseded", one.superseded_at))
            if at
        )
        title = f"{reader.say('about.consent')} – {reader.say(f'consent.{one.kind}')}"
        rows.append((title, f"{given}{ended}"))
    yield Pairs(rows)


def answers(reader: Reader) -> Iterator[Block]:
    """Yield every response question by question, with each earlier answer and why it changed."""
    yield Heading(reader.say("answers"))
    who = reader.participant
    responses = reader.session.scalars(
        select(QuestionnaireResponse)
        .where(QuestionnaireResponse.participant_id == who.id)
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    ).all()
    asked: dict[UUID, list[Correction]] = defaultdict(list)
    for correction in corrections.list_of(reader.session, who):
        asked[correction.response_id].append(correction)
    sheets = {
        one.response_id: one
        for one in reader.session.scalars(
            select(Transcription).where(Transcription.participant_id == who.id)
        )
    }
    for response in responses:
        reader.told["responses"] += 1
        yield from _response(reader, response, sheets.get(response.id))
        if response.revision > 1:
            yield from _versions(reader, response)
        for correction in asked[response.id]:
            reader.told["corrections"] += 1
            if correction.state is not CorrectionState.APPLIED:
                yield _not_applied(reader, correction)
    if not responses:
        yield Line(reader.say("answers.none"))


def _response(
    reader: Reader, response: QuestionnaireResponse, sheet: Transcription | None
) -> Iterator[Block]:
    seen = forms.seen(
        reader.session, response, language=reader.language, catalogue=reader.catalogue
    )
    label = f" · {response.day_label}" if response.day_label else ""
    yield Heading(f"{reader.at(response.answered_at, response.zone)} · {seen.title}{label}", 2)
    said = [
        reader.say(
            "answers.answered", at=reader.at(response.answered_at, response.zone),
            zone=response.zone,
        ),
        reader.say("answers.received", at=reader.at(response.received_at)),
        reader.say(f"answers.status.{response.status}"),
        reader.say(f"answers.{response.timeliness}"),
        reader.say(f"mode.{response.mode}"),
        reader.say(f"completer.{response.completer}"),
        reader.say(f"language.{response.language}"),
        f"{response.questionnaire_code} {response.questionnaire_version}",
    ]  # fmt: skip
    if response.clock_unsure:
        said.append(reader.say("answers.clock_unsure"))
    if response.duplicate_of_id:
        said.append(reader.say("answers.duplicate"))
    yield Line(" · ".join(said), is_small=True)
    if sheet is not None:
        check = reader.say(f"check.{response.source_check}")
        found = f" {sheet.differences}" if sheet.differences else ""
        text = reader.say(
            "answers.sheet", reference=sheet.source_reference, by=reader.by(sheet.entered_by_id),
            at=reader.at(sheet.written_at, sheet.zone), check=f"{check}{found}",
        )  # fmt: skip
        yield Line(text, is_small=True)
    rows = [(one.question, one.answer or one.state_in_words) for one in seen.items]
    questionnaire = reader.catalogue.questionnaire(
        response.questionnaire_code, response.questionnaire_version
    )
    titles = {one.code: one.title.in_language(reader.language) for one in questionnaire.scores}
    for score in response.scores:
        value = score.get("value")
        title = f"{reader.say('answers.score')} – {titles.get(score['code'], score['code'])}"
        rows.append((title, "–" if value is None else f"{value:g}"))
    yield Pairs(rows)


def _versions(reader: Reader, response: QuestionnaireResponse) -> Iterator[Block]:
    """Yield what changed from one stored revision to the next where an answer was there before."""
    earlier: dict[str, tuple[str, str]] = {}
    for version in corrections.versions_of(reader.session, response):
        revision, correction = version.revision, version.correction
        seen = forms.seen(
            reader.session, response, revision=revision, language=reader.language,
            catalogue=reader.catalogue,
        )  # fmt: skip
        now = {one.link_id: (one.question, one.answer or one.state_in_words) for one in seen.items}
        given = {one.link_id for one in seen.items if one.answer}
        changes = [
            reader.say("changed.to", question=question, old=earlier[name][1], new=new)
            for name, (question, new) in now.items()
            if name in earlier and earlier[name][1] != new
        ]
        if correction is not None:
            yield Line(_corrected(reader, correction, revision.revision))
        elif changes:
            text = reader.say(
                "changed.before", revision=revision.revision, at=reader.at(revision.received_at)
            )
            yield Line(text)
        for change in changes:
            yield Line(change, is_small=True)
        # In a form that is still being filled in, only what was answered can be changed.
        is_over = revision.status is response.status
        earlier = now if is_over else {name: one for name, one in now.items() if name in given}


def _corrected(reader: Reader, correction: Correction, revision: int) -> str:
    said = reader.say(
        "changed.corrected", revision=revision, at=reader.at(correction.applied_at),
        by=reader.by(correction.asked_by_id), reason=correction.reason,
        source=reader.say(f"change.source.{correction.source}"),
    )  # fmt: skip
    if correction.decided_at is None:
        return said
    return said + reader.say(
        "changed.decided", by=reader.by(correction.decided_by_id),
        at=reader.at(correction.decided_at), reason=correction.decision_reason or "–",
    )  # fmt: skip


def _not_applied(reader: Reader, correction: Correction) -> Line:
    text = reader.say(
        "changed.not_applied", state=reader.say(f"state.{correction.state}"),
        at=reader.at(correction.asked_at), by=reader.by(correction.asked_by_id),
        reason=correction.reason,
    )  # fmt: skip
    decided = f" – {correction.decision_reason}" if correction.decision_reason else ""
    return Line(f"{text}{decided}")


def unanswered(reader: Reader) -> Iterator[Block]:
    """Yield what was due and has no answer, and why; what was planned otherwise is left out."""
    rows = reader.session.scalars(
        select(Assessment)
        .where(Assessment.participant_id == reader.participant.id)
        .order_by(Assessment.opens_at, Assessment.id)
    ).all()
    reader.told["assessments"] += len(rows)
    said = []
    for one in rows:
        if one.completed_at is not None or one.cancelled_at is not None:
            continue
        state = "not_offered" if one.not_offered else "suspended" if one.suspended_at else "missed"
        if state != "missed" or one.missed_noticed_at is not None:
            form = reader.catalogue.questionnaire(one.questionnaire_code, one.questionnaire_version)
            title = f"{one.occurrence} · {form.title.in_language(reader.language)}"
            said.append((title, reader.say(f"unanswered.{state}")))
    if said:
        yield Heading(reader.say("unanswered"))
        yield Pairs(said)


def refused(reader: Reader) -> Iterator[Block]:
    """Yield each body that was refused, as it came."""
    rows = reader.session.scalars(
        select(Quarantine)
        .where(Quarantine.participant_id == reader.participant.id)
        .order_by(Quarantine.received_at, Quarantine.id)
    ).all()
    if rows:
        yield Heading(reader.say("refused"))
    for one in rows:
        reader.told["refused_submissions"] += 1
        why = refusal_in_words(one.refusal_code).in_language(reader.language)
        said = reader.say("refused.one", at=reader.at(one.received_at), why=why)
        yield Heading(said, 2)
        yield Line(one.body.decode("utf-8", errors="replace"), is_small=True)
