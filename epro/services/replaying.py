"""Judge stored answers again under other rules, and show what would differ. Nothing is written.

Each screening is repeated with what was known when it was made: its own answers, the entries and
infusions on record then. Silence is no answer and is not judged again; neither is who was told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    Anchor,
    Assessment,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Screening,
    ScreeningSource,
)
from epro.services import history
from epro.services.history import Beside, Entry
from epro.services.screening import IDLE_BEFORE_A_DRAFT_FLAGS
from questionnaires.catalogue import Catalogue
from questionnaires.definition import SafetyRule, StudyPackage
from questionnaires.replaying import NOTHING, Change, Verdict, change, verdict
from questionnaires.rules import met_rules, with_history
from questionnaires.schedule import AnchorEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One form that other rules judge otherwise; `on` is the local day that it is about."""

    participant: str
    on: date
    answered_at: datetime
    form: str
    change: Change
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one participant's screenings.

    `judged` are both verdicts on each. `unrepeated` counts those whose own rules say another thing
    today than was stored: her zone or her way of measuring was changed since.
    """

    judged: tuple[tuple[Verdict, Verdict], ...]
    differences: tuple[Difference, ...]
    unrepeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revision:
    response: QuestionnaireResponse
    planned_on: date | None
    row: ResponseRevision


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything of one participant that a screening may have looked at, and since when."""

    participant: Participant
    revisions: Sequence[_Revision]
    anchors: Sequence[Anchor]

    def infused_at(self, at: datetime) -> datetime | None:
        """Return the first infusion as it stood on record at an instant."""
        return next(
            (
                one.occurred_at
                for one in self.anchors
                if one.recorded_at <= at and (one.superseded_at is None or one.superseded_at > at)
            ),
            None,
        )

    def entries(self, package: StudyPackage, at: datetime) -> Iterable[Entry]:
        """Yield the finished responses as they stood at an instant."""
        latest: dict[UUID, _Revision] = {}
        for one in self.revisions:  # in order of revision
            if one.row.received_at <= at:
                latest[one.response.id] = one
        for one in latest.values():
            if one.row.status is ResponseStatus.COMPLETED:
                on = one.planned_on or history.day_of(one.row.answered_at, one.response.zone)
                yield history.entry_of(
                    one.response.id, one.row.answered_at, one.row.answers, on,
                    self.participant, package,
                )  # fmt: skip

    def own(self, screening: Screening) -> _Revision | None:
        """Return the stored revision that was looked at, if it was one."""
        return next(
            (
                one
                for one in self.revisions
                if str(one.response.id) == screening.source_id
                and (one.row.revision, one.row.digest)
                == (screening.revision, screening.body_sha256)
            ),
            None,
        )

    def about(self, screening: Screening) -> _Revision | None:
        """Return any revision of the response, which a correction that was only asked for is of."""
        return next(
            (one for one in self.revisions if str(one.response.id) == screening.source_id), None
        )

    def was_left_alone(self, draft: _Revision) -> bool:
        """Tell whether nothing followed on an unfinished revision for ten minutes."""
        if draft.row.advice_shown_at is not None:
            return True
        return not any(
            one.response.id == draft.response.id
            and one.row.revision > draft.row.revision
            and one.row.received_at < draft.row.received_at + IDLE_BEFORE_A_DRAFT_FLAGS
            for one in self.revisions
        )


def replay(
    session: Session, participant: Participant, package: StudyPackage, *, catalogue: Catalogue
) -> Replayed:
    """Judge a participant's answers by the rules of another package. Reads only."""
    known = _known(session, participant)
    screenings = session.scalars(
        select(Screening)
        .where(
            Screening.participant_id == participant.id,
            Screening.source != ScreeningSource.SILENCE,
        )
        .order_by(Screening.answered_at, Screening.revision)
    )
    judged: list[tuple[Verdict, Verdict]] = []
    differences: list[Difference] = []
    unrepeated = 0
    for screening in screenings:
        own = catalogue.package(screening.study_version_id)
        again = _met(known, screening, own)
        asked_before = set(screening.rules_met) - {rule.id for rule in again}
        if screening.source is not ScreeningSource.QUESTION:
            unrepeated += bool(asked_before or len(again) != len(screening.rules_met))
            asked_before = set()
        before = [rule for rule in own.rules if rule.id in screening.rules_met]
        after = [
            *_met(known, screening, package),
            *(rule for rule in package.rules if rule.is_on and rule.id in asked_before),
        ]
        said = tuple(_flagging(known, screening, rules) for rules in (before, after))
        judged.append((said[0], said[1]))
        how = change(*judged[-1])
        if how is not None:
            differences.append(_difference(known, screening, how, *judged[-1]))
    return Replayed(judged=tuple(judged), differences=tuple(differences), unrepeated=unrepeated)


def _known(session: Session, participant: Participant) -> _Known:
    rows = session.execute(
        select(QuestionnaireResponse, ResponseRevision, Assessment.planned_on)
        .join(ResponseRevision, ResponseRevision.response_id == QuestionnaireResponse.id)
        .outerjoin(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(QuestionnaireResponse.participant_id == participant.id)
        .order_by(ResponseRevision.response_id, ResponseRevision.revision)
    )
    anchors = session.scalars(
        select(Anchor).where(
            Anchor.participant_id == participant.id, Anchor.event == AnchorEvent.INF1
        )
    ).all()
    revisions = [
        _Revision(response=response, row=row, planned_on=planned_on)
        for response, row, planned_on in rows
    ]
    return _Known(participant, revisions, anchors)


def _met(known: _Known, screening: Screening, package: StudyPackage) -> list[SafetyRule]:
    beside = Beside(
        response_id=UUID(screening.source_id),
        on=_on(known, screening),
        answered_at=screening.answered_at,
        infused_at=known.infused_at(screening.screened_at),
    )
    past = history.history_of(known.entries(package, screening.screened_at), package, beside)
    inputs = with_history(package, screening.inputs, past)
    return [one.rule for one in met_rules(package.rules, inputs)]


def _flagging(known: _Known, screening: Screening, met: Sequence[SafetyRule]) -> Verdict:
    """Return what is told: of an unfinished form only what is red, once it was left alone."""
    own = known.own(screening)
    if own is None or own.row.status is ResponseStatus.COMPLETED:
        return verdict(met)
    is_red = any(rule.tier.is_red for rule in met)
    return verdict(met) if is_red and known.was_left_alone(own) else NOTHING


def _on(known: _Known, screening: Screening) -> date:
    about = known.about(screening)
    if about is None:
        return history.day_of(screening.answered_at, known.participant.zone)
    return about.planned_on or history.day_of(screening.answered_at, about.response.zone)


def _difference(
    known: _Known, screening: Screening, how: Change, before: Verdict, after: Verdict
) -> Difference:
    about = known.about(screening)
    return Difference(
        participant=known.participant.code,
        on=_on(known, screening),
        answered_at=screening.answered_at,
        form=about.response.questionnaire_code if about else screening.source.value,
        change=how, before=before, after=after,
    )  # fmt: skip
