"""Where candidates for adverse events come from: reports, flags, and the days of a diary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from epro.models import CandidateDecision, EventSource, ResponseStatus
from epro.services.candidate_record import CandidateRecord, Raised, Report, values_of
from questionnaires import episodes
from questionnaires.adverse_events import EpisodePolicy
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.episodes import Episode, Level
from questionnaires.schedule import AnchorEvent

# A report that was begun and left alone so long has reached the investigator all the same.
LEFT_ALONE = timedelta(hours=24)
EVER = datetime.min.replace(tzinfo=UTC)
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


def reports(record: CandidateRecord, *, catalogue: Catalogue, now: datetime) -> Iterator[Found]:
    """Yield what she reported by itself, unless it is still being written."""
    for row in record.reports:
        policy = catalogue.package(row.study_version_id).adverse_events
        if row.questionnaire_code != policy.questionnaire:
            continue
        from_at = _counts_from(row)
        if from_at is None or now < from_at:
            continue
        values = values_of(row.answers)
        began_at = _instant(values.get("began_at"))
        yield Found(
            source=EventSource.SELF_REPORT,
            key=str(row.id),
            began_on=(began_at or row.answered_at).astimezone(record.zone).date(),
            began_at=began_at,
            seen={"revision": row.revision},
            about={"response_id": str(row.id), "status": row.status.value, "answers": row.answers},
        )


def next_change(record: CandidateRecord, *, now: datetime) -> datetime | None:
    """Return when the next report that is still being written will have been left alone."""
    ahead = [at for row in record.reports if (at := _counts_from(row)) is not None and at > now]
    return min(ahead, default=None)


def flags(record: CandidateRecord) -> Iterator[Found]:
    """Yield the flags that answers raised."""
    by_flag: dict[UUID, list[Raised]] = defaultdict(list)
    for one in record.raised:
        by_flag[one.flag_id].append(one)
    for flag_id, made in by_flag.items():
        first = made[0]
        rules = sorted({one.rule for one in made})
        yield Found(
            source=EventSource.FLAG,
            key=str(flag_id),
            began_on=first.answered_at.astimezone(record.zone).date(),
            seen={
                "tier": first.tier.value,
                "rules": rules,
                "correction_count": record.corrected_flags.count(flag_id),
            },
            about={
                "flag_id": str(flag_id),
                "tier": first.tier.value,
                "rules": rules,
                "raised_at": first.raised_at.isoformat(),
                "response_ids": sorted({one.source_id for one in made}),
            },
        )


def episodes_of(record: CandidateRecord, package: StudyPackage) -> Iterator[Found]:
    """Yield the episodes of her diary since the first infusion."""
    infused_at = record.anchors.get(AnchorEvent.INF1)
    policy: EpisodePolicy = package.adverse_events.episodes
    if infused_at is None or not policy.symptoms:
        return
    infused_on = infused_at.astimezone(record.site_zone).date()
    for episode in episodes.build(policy, record.entries, infused_on=infused_on):
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


def _counts_from(row: Report) -> datetime | None:
    """Return since when a report counts; None as long as nothing is in it."""
    if row.status is ResponseStatus.COMPLETED:
        return EVER
    return row.received_at + LEFT_ALONE if row.answers else None


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


def _instant(value: object) -> datetime | None:
    """Return an instant as she gave it; None where it is none."""
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
