"""Everything that happened with one participant, in order: answers, flags, messages, visits.

What belongs to flags, messages or reviews is there for whoever may read it at her site.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import (
    Contact,
    DeviceSession,
    EntryMode,
    FlagTrigger,
    Participant,
    QuestionnaireResponse,
    SafetyFlag,
    SourceCheck,
)
from epro.services import anchors, message_log, reviews
from epro.services.code_words import CODE_WORDS
from epro.services.code_words_sending import client_in_words, reason_in_words, text_in_words
from epro.services.message_log import Outcome
from notifications.messages import OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnchorEvent
from questionnaires.tiers import Tier

_NO_NAME = Translated("–", "–")
INFUSIONS = frozenset({AnchorEvent.INF1, AnchorEvent.INF2})


class Kind(StrEnum):
    """What sort of thing happened."""

    ANSWER = "answer"
    FLAG = "flag"
    CONTACT = "contact"
    MESSAGE = "message"
    VISIT = "visit"
    DEVICE = "device"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line: when, what sort, what it was, and a remark, all in words but for a client's name.

    `entity` and `id` name its history in the journal. Of an answer `mode` says how it was taken,
    and `check` how one from paper compares with its sheet; of a message `outcome`, what became of
    it.
    """

    at: datetime
    kind: Kind
    what: Translated
    more: Translated | None
    entity: str
    id: str
    mode: EntryMode | None = None
    check: SourceCheck | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What stands on the axis of the charts: local days of infusion visits, and of flags."""

    infused_on: Sequence[date]
    flagged: Sequence[tuple[date, Tier]]


def happenings(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    since: datetime | None,
    catalogue: Catalogue,
) -> Sequence[Happening]:
    """Return everything since an instant, the newest first; the caller has found her in reach."""
    found = [
        *_answers(session, participant, catalogue),
        *_visits(session, participant),
        *_devices(session, participant),
    ]
    if actor.may_at(Permission.READ_FLAG, participant.site_id):
        found += [*_flags(session, participant, catalogue), *_contacts(session, participant)]
    if actor.may_at(Permission.READ_MESSAGE, participant.site_id):
        found += _messages(session, participant)
    found += [
        Happening(at=row.reviewed_at, kind=Kind.REVIEW, what=CODE_WORDS["visit"][row.visit],
                  more=_own(name), entity="data_review", id=str(row.id))
        for row, name in reviews.of_participant(session, participant)
    ]  # fmt: skip
    kept = [one for one in found if since is None or one.at >= since]
    return sorted(kept, key=lambda one: (one.at, one.kind, one.id), reverse=True)


def marks(session: Session, actor: Actor, participant: Participant, site_zone: str) -> Marks:
    """Return what the charts are marked with; infusions took place where the site is."""
    zone = ZoneInfo(site_zone)
    infused = [
        one.occurred_at.astimezone(zone).date()
        for one in anchors.history(session, participant)
        if one.superseded_at is None and one.event in INFUSIONS
    ]
    flagged: list[tuple[date, Tier]] = []
    if actor.may_at(Permission.READ_FLAG, participant.site_id):
        rows = session.scalars(
            select(SafetyFlag).where(SafetyFlag.participant_id == participant.id)
        )
        hers = ZoneInfo(participant.zone)
        flagged = [(one.raised_at.astimezone(hers).date(), one.tier) for one in rows]
    return Marks(infused_on=infused, flagged=flagged)


def start_of(days: int | None, *, now: datetime) -> datetime | None:
    """Return since when a timeline of so many days reaches; None for all of it."""
    return None if days is None else now - timedelta(days=days)


def _answers(
    session: Session, participant: Participant, catalogue: Catalogue
) -> Iterator[Happening]:
    rows = session.execute(
        select(
            QuestionnaireResponse.id, QuestionnaireResponse.answered_at,
            QuestionnaireResponse.questionnaire_code, QuestionnaireResponse.questionnaire_version,
            QuestionnaireResponse.status, QuestionnaireResponse.day_label,
            QuestionnaireResponse.mode, QuestionnaireResponse.source_check,
        ).where(QuestionnaireResponse.participant_id == participant.id)
    )  # fmt: skip
    for id_, at, code, version, status, label, mode, check in rows:
        title, is_so = catalogue.questionnaire(code, version).title, CODE_WORDS["status"][status]
        more = (" · ".join(filter(None, (label, one))) for one in (is_so.zh, is_so.en))
        yield Happening(
            at=at, kind=Kind.ANSWER, what=title, more=Translated(*more),
            entity="response", id=str(id_), mode=mode, check=check,
        )  # fmt: skip


def _flags(session: Session, participant: Participant, catalogue: Catalogue) -> Iterator[Happening]:
    is_hers = SafetyFlag.participant_id == participant.id
    rules: dict[UUID, dict[str, None]] = {}
    for flag_id, rule in session.execute(
        select(FlagTrigger.flag_id, FlagTrigger.rule)
        .join(SafetyFlag, SafetyFlag.id == FlagTrigger.flag_id)
        .where(is_hers)
        .order_by(FlagTrigger.id)
    ):
        rules.setdefault(flag_id, {})[rule] = None
    for one in session.scalars(select(SafetyFlag).where(is_hers)):
        package = catalogue.package(one.study_version_id)
        titles = [package.rule_title(rule) for rule in rules.get(one.id, ())]
        more = Translated("、".join(one.zh for one in titles), "; ".join(one.en for one in titles))
        yield Happening(
            at=one.raised_at, kind=Kind.FLAG, what=CODE_WORDS["tier"][one.tier], more=more,
            entity="flag", id=str(one.id),
        )  # fmt: skip


def _contacts(session: Session, participant: Participant) -> Iterator[Happening]:
    for one in session.scalars(select(Contact).where(Contact.participant_id == participant.id)):
        yield Happening(
            at=one.contacted_at, kind=Kind.CONTACT, what=CODE_WORDS["reached"][one.outcome],
            more=_own(one.note),
            entity="contact", id=str(one.id),
        )  # fmt: skip


def _messages(session: Session, participant: Participant) -> Iterator[Happening]:
    rows = session.execute(
        select(
            OutboxMessage.id, OutboxMessage.created_at, OutboxMessage.template,
            OutboxMessage.state, OutboxMessage.delivery_status, OutboxMessage.repeated_by,
        ).where(OutboxMessage.recipient_ref == f"participant:{participant.id}")
    )  # fmt: skip
    for id_, at, template, state, delivery, repeated_by in rows:
        yield Happening(
            at=at, kind=Kind.MESSAGE, what=text_in_words(template), more=None,
            entity="message", id=str(id_),
            outcome=message_log.outcome_from(state, delivery, repeated_by),
        )  # fmt: skip


def _visits(session: Session, participant: Participant) -> Iterator[Happening]:
    for one in anchors.history(session, participant):
        if one.superseded_at is None:
            yield Happening(
                at=one.occurred_at, kind=Kind.VISIT, what=CODE_WORDS["anchor"][one.event],
                more=_own(one.reason),
                entity="anchor", id=f"{participant.code}:{one.event}",
            )  # fmt: skip


def _devices(session: Session, participant: Participant) -> Iterator[Happening]:
    """Yield sign-ins; their times are the wall clock's."""
    for one in session.scalars(
        select(DeviceSession).where(DeviceSession.participant_id == participant.id)
    ):
        yield Happening(
            at=one.started_at, kind=Kind.DEVICE, what=client_in_words(one.client) or _NO_NAME,
            more=reason_in_words(one.revoked_reason) if one.revoked_reason else None,
            entity="device_session", id=str(one.id),
        )  # fmt: skip


def _own(words: str | None) -> Translated | None:
    """Return a person's own words, which are the same in every language."""
    return Translated(words, words) if words else None
