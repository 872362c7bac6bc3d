"""What was sent in and corrected, for the audit review: counted by the database, judged here.

Each reads columns of one period and never an answer.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from epro.models import (
    Assessment,
    Completer,
    Correction,
    JournalEntry,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    Timeliness,
    Transcription,
    User,
)
from epro.services import audit_figures
from epro.services.audit_figures import (
    NIGHT_ENDS,
    NO_SITES_ZONE,
    OWN_MODES,
    SHORTEST_S_AN_ANSWER,
    Case,
    Entry,
    Figure,
    Found,
    Period,
    Who,
    found_as,
)
from questionnaires.schedule import AnsweredBy


@dataclass(frozen=True, slots=True)
class Scope:
    """Which sites are looked at, and when; `is_whole` takes in what belongs to no site."""

    sites: Mapping[UUID, Site]
    period: Period
    is_whole: bool

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The span that holds the period of every site, half open."""
        zones = {site.zone for site in self.sites.values()} | {NO_SITES_ZONE}
        spans = [self.period.bounds(zone) for zone in zones]
        return min(first for first, _ in spans), max(after for _, after in spans)

    @property
    def spans(self) -> Iterator[tuple[Sequence[Site], datetime, datetime]]:
        """The sites of each zone, with the first instant of their period and the one after it."""
        for zone in sorted({site.zone for site in self.sites.values()}):
            yield (
                [one for one in self.sites.values() if one.zone == zone],
                *self.period.bounds(zone),
            )


SENT = QuestionnaireResponse
ANSWER_COUNT = func.json_array_length(SENT.answers)
# What PostgreSQL stores of an empty list, in bytes, its own head included: at most this.
EMPTY_LIST_BYTES = 6
# Ratings are few: looking for one costs less than looking up what every answer was due by. The
# value stands in the statement itself, for the index that holds ratings alone to be used.
IS_RATING = Assessment.answered_by != literal(
    AnsweredBy.PARTICIPANT, Assessment.answered_by.type, literal_execute=True
)
IS_HERS = SENT.assessment_id.is_(None) | SENT.assessment_id.not_in(
    select(Assessment.id).where(IS_RATING)
)


def entries(session: Session, scope: Scope) -> dict[Figure, Found]:
    """Return the figures of what participants sent in; ratings of others are no entries of theirs.

    The database counts the wholes and narrows down to what may be a case; which are is said in
    `audit_figures` alone.
    """
    sent, counted, timed = Counter[Who](), Counter[Who](), Counter[Who]()
    suspects: list[Entry] = []
    openers, is_timed = _openers(session), _is_timed(session)
    for sites, first, after in scope.spans:
        codes = {site.id: site.code for site in sites}
        within = (
            Participant.site_id.in_(codes), SENT.answered_at >= first, SENT.answered_at < after,
            SENT.status == ResponseStatus.COMPLETED, IS_HERS,
        )  # fmt: skip
        sums = (func.count(), _sum(SENT.counts.is_(True)), _sum(is_timed))
        for code, site_id, *totals in session.execute(
            _sent(Participant.code, Participant.site_id, *sums)
            .where(*within)
            .group_by(Participant.id)
            .order_by(Participant.code)
        ):
            who = Who(codes[site_id], code)
            sent[who], counted[who], timed[who] = (int(total) for total in totals)
        rows = session.execute(
            _sent(
                SENT.id, Participant.code, Participant.site_id, SENT.questionnaire_code,
                SENT.answered_at, SENT.utc_offset_minutes, SENT.opened_at, SENT.timeliness,
                SENT.counts, SENT.mode, SENT.completer, ANSWER_COUNT, SENT.device_session_id,
                User.username,
            )
            .outerjoin(Transcription, Transcription.response_id == SENT.id)
            .outerjoin(User, User.id == Transcription.entered_by_id)
            .where(*within, _may_be_a_case(session))
            .order_by(SENT.answered_at, SENT.id)
        )  # fmt: skip
        suspects += [_as_entry(tuple(row), codes, openers) for row in rows]
    wholes = {
        Figure.LATE: counted, Figure.NIGHT: sent, Figure.FAST: timed, Figure.ON_BEHALF: sent,
    }  # fmt: skip
    return {
        figure: audit_figures.found_among(figure, whole, suspects)
        for figure, whole in wholes.items()
    }


def _sent(*columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns).select_from(SENT).join(Participant, Participant.id == SENT.participant_id)
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _is_timed(session: Session) -> ColumnElement[bool]:
    """Return whether it is known when a form with answers was opened, without reading the answers.

    Reading every answer of the trial as text is what the report took longest with.
    """
    if session.get_bind().dialect.name == "postgresql":
        has_answers = func.pg_column_size(SENT.answers) > EMPTY_LIST_BYTES
    else:
        has_answers = cast(SENT.answers, Text) != "[]"
    return and_(SENT.opened_at.is_not(None), has_answers)


def _may_be_a_case(session: Session) -> ColumnElement[bool]:
    """Return what holds for every case, and for few others: databases reckon to the second."""
    if session.get_bind().dialect.name == "postgresql":
        local = func.timezone("UTC", SENT.answered_at).op("+")(
            func.make_interval(0, 0, 0, 0, 0, SENT.utc_offset_minutes)
        )
        hour: ColumnElement[Any] = func.date_part("hour", local)
        taken_s: ColumnElement[Any] = func.date_part(
            "epoch", SENT.answered_at.op("-")(SENT.opened_at)
        )
    else:
        minutes = cast(SENT.utc_offset_minutes, Text) + " minutes"
        hour = cast(func.strftime("%H", SENT.answered_at, minutes), Integer)
        taken_s = (func.julianday(SENT.answered_at) - func.julianday(SENT.opened_at)) * 86_400
    return or_(
        and_(SENT.counts, SENT.timeliness == Timeliness.LATE),
        hour < NIGHT_ENDS,
        # Of a form without a time of opening, this is unknown, and it is none.
        taken_s < SHORTEST_S_AN_ANSWER * ANSWER_COUNT + 1,
        SENT.mode.not_in(OWN_MODES),
        SENT.completer == Completer.ANSWERED_FOR_ME,
    )


def _as_entry(row: tuple[Any, ...], codes: Mapping[UUID, str], openers: Mapping[str, str]) -> Entry:
    (
        response_id, code, site_id, questionnaire, answered_at, offset, opened_at, timeliness,
        counts, mode, completer, answer_count, device_id, typist,
    ) = row  # fmt: skip
    return Entry(
        id=str(response_id), who=Who(codes[site_id], code), questionnaire=questionnaire,
        answered_at=answered_at, utc_offset_minutes=offset, opened_at=opened_at,
        timeliness=timeliness, counts=counts, mode=mode, completer=completer,
        answer_count=answer_count, taken_by=typist or openers.get(str(device_id)),
    )  # fmt: skip


def corrections(session: Session, scope: Scope, whole: Mapping[Who, int]) -> Found:
    """Return the corrections that were asked for, out of all that was sent in meanwhile."""
    cases: list[Case] = []
    for sites, first, after in scope.spans:
        codes = {site.id: site.code for site in sites}
        rows = session.execute(
            select(Correction, Participant.code, User.username)
            .join(Participant, Participant.id == Correction.participant_id)
            .outerjoin(User, User.id == Correction.asked_by_id)
            .where(
                Correction.site_id.in_(codes),
                Correction.asked_at >= first, Correction.asked_at < after,
            )
            .order_by(Correction.asked_at, Correction.id)
        )  # fmt: skip
        cases += [
            Case(
                figure=Figure.CORRECTED, who=Who(codes[row.site_id], code, username),
                at=row.asked_at, entity_type="correction", entity_id=str(row.id),
                facts={"source": row.source.value, "state": row.state.value,
                       "delay_s": row.delay_s},
            )
            for row, code, username in rows
        ]  # fmt: skip
    return found_as(whole, cases)


def _openers(session: Session) -> dict[str, str]:
    """Return who of a site opened the app for a participant, by the session that was opened."""
    rows = session.execute(
        select(JournalEntry.entity_id, JournalEntry.body).where(
            JournalEntry.entity_type == "device_session",
            JournalEntry.verb == "device_session.opened_on_behalf",
        )
    )
    return {entity_id: json.loads(body)["actor"]["name"] for entity_id, body in rows}
