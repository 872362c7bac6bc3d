"""Where candidates for adverse events come from: reports, flags, and the days of a diary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    Assessment,
    CandidateDecision,
    EventSource,
    FlagNote,
    FlagTrigger,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SafetyFlag,
    Screening,
    ScreeningSource,
)
from questionnaires import episodes
from questionnaires.adverse_events import EpisodePolicy
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.episodes import Entry, Episode, Level
from questionnaires.schedule import AnchorEvent, Anchors
from questionnaires.tiers import Tier

# A report that was begun and left alone so long has reached the investigator all the same.
LEFT_ALONE = timedelta(hours=24)
GONE: Mapping[str, Any] = {"gone": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate before anything is known of decisions and days."""

    source: EventSource
    key: str
    began_on: date
    began_at: datetime | None = None
    seen: Mapping[str, Any]
    about: Mapping[str, Any]


def reports(
    responses: Iterable[QuestionnaireResponse],
    zone: ZoneInfo,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Iterator[Found]:
    for row in responses:
        policy = catalogue.package(row.study_version_id).adverse_events
        if row.questionnaire_code != policy.questionnaire:
            continue
        is_done = row.status is ResponseStatus.COMPLETED
        if not is_done and (not row.answers or now - row.received_at < LEFT_ALONE):
            continue
        values = _values(row.answers)
        began_at = _instant(values.get("began_at"))
        yield Found(
            source=EventSource.SELF_REPORT,
            key=str(row.id),
            began_on=(began_at or row.answered_at).astimezone(zone).date(),
            began_at=began_at,
            seen={"revision": row.revision},
            about={"response_id": str(row.id), "status": row.status.value, "answers": row.answers},
        )


def flags(session: Session, participant: Participant, zone: ZoneInfo) -> Iterator[Found]:
    """Yield the flags that answers raised; YELLOW ones are parts of episodes, silence is none."""
    rows = session.execute(
        select(SafetyFlag, FlagTrigger.rule, Screening)
        .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
        .join(Screening, Screening.id == FlagTrigger.screening_id)
        .where(
            SafetyFlag.participant_id == participant.id,
            SafetyFlag.tier != Tier.YELLOW,
            Screening.source != ScreeningSource.SILENCE,
        )
        .order_by(SafetyFlag.raised_at, SafetyFlag.id, FlagTrigger.id)
        .execution_options(populate_existing=True)
    ).all()
    by_flag: dict[UUID, list[tuple[SafetyFlag, str, Screening]]] = defaultdict(list)
    for flag, rule, screening in rows:
        by_flag[flag.id].append((flag, rule, screening))
    notes = session.scalars(
        select(FlagNote.flag_id).where(FlagNote.flag_id.in_(by_flag), FlagNote.kind == "corrected")
    ).all()
    for flag_id, made in by_flag.items():
        flag, _rule, first = made[0]
        rules = sorted({rule for _flag, rule, _screening in made})
        yield Found(
            source=EventSource.FLAG,
            key=str(flag_id),
            began_on=first.answered_at.astimezone(zone).date(),
            seen={
                "tier": flag.tier.value,
                "rules": rules,
                "correction_count": notes.count(flag_id),
            },
            about={
                "flag_id": str(flag_id),
                "tier": flag.tier.value,
                "rules": rules,
                "raised_at": flag.raised_at.isoformat(),
                "response_ids": sorted({screening.source_id for _f, _r, screening in made}),
            },
        )


def episodes_of(
    session: Session,
    participant: Participant,
    responses: Sequence[QuestionnaireResponse],
    package: StudyPackage,
    anchors: Anchors,
    anchor_zone: ZoneInfo,
) -> Iterator[Found]:
    infused_at = anchors.get(AnchorEvent.INF1)
    policy: EpisodePolicy = package.adverse_events.episodes
    if infused_at is None or not policy.symptoms:
        return
    entries = _entries(session, participant, responses)
    infused_on = infused_at.astimezone(anchor_zone).date()
    for episode in episodes.build(policy, entries, infused_on=infused_on):
        seen = _plain(episode)
        symptom = policy.symptom(episode.symptom)
        title = symptom.title if symptom else None
        yield Found(
            source=EventSource.EPISODE,
            key=f"{episode.symptom}:{episode.first_on.isoformat()}",
            began_on=episode.first_on,
            seen=seen,
            about=seen
            | {
                "title": {"zh": title.zh, "en": title.en} if title else None,
                "last_on": episode.last_on.isoformat(),
                "peak": episode.peak,
                "is_over": episode.is_over,
                "bridged_count": episode.bridged_count,
            },
        )


def _entries(
    session: Session, participant: Participant, responses: Sequence[QuestionnaireResponse]
) -> list[Entry]:
    """Return what each form about a day says, with its derivations as they were screened.

    Every stored form counts here: late, doubled and abandoned ones as well.
    """
    screened = session.execute(
        select(Screening.source_id, Screening.inputs)
        .join(
            ResponseRevision,
            (Screening.revision == ResponseRevision.revision)
            & (Screening.body_sha256 == ResponseRevision.digest),
        )
        .join(QuestionnaireResponse, QuestionnaireResponse.id == ResponseRevision.response_id)
        .where(
            Screening.participant_id == participant.id,
            Screening.source == ScreeningSource.RESPONSE,
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.revision == ResponseRevision.revision,
        )
    )
    inputs: dict[str, dict[str, Any]] = dict(screened.all())
    days = dict(
        session.execute(
            select(Assessment.id, Assessment.planned_on).where(
                Assessment.participant_id == participant.id
            )
        ).all()
    )
    return [
        Entry(days[row.assessment_id], inputs.get(str(row.id), _values(row.answers)))
        for row in responses
        if row.assessment_id is not None
    ]


def gone(
    decisions: Mapping[tuple[EventSource, str], CandidateDecision], found: Iterable[Found]
) -> Iterator[Found]:
    """Yield what was decided to be, or to belong to, an event and no longer stands as such."""
    standing = {(one.source, one.key) for one in found}
    for (source, key), decision in decisions.items():
        is_known_gone = dict(decision.seen) == dict(GONE)
        if (source, key) in standing or (decision.event_id is None and not is_known_gone):
            continue
        first_on = decision.seen.get("days", [[None]])[0][0] or key.rsplit(":", 1)[-1]
        try:
            began_on = date.fromisoformat(first_on)
        except ValueError:
            began_on = decision.decided_at.date()
        yield Found(source=source, key=key, began_on=began_on, seen=GONE, about=dict(GONE))


def _plain(episode: Episode) -> dict[str, Any]:
    return {
        "symptom": episode.symptom,
        "baseline": episode.baseline,
        "days": [[one.on.isoformat(), one.level] for one in episode.days],
    }


def episode_from(seen: Mapping[str, Any]) -> Episode:
    days = tuple(Level(date.fromisoformat(on), level) for on, level in seen["days"])
    return Episode(
        symptom=seen["symptom"], baseline=seen["baseline"], days=days, is_over=False
    )  # fmt: skip


def _values(answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {one["link_id"]: one["value"] for one in answers if "value" in one}


def _instant(value: object) -> datetime | None:
    """Return an instant as she gave it; None where it is none."""
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
