"""Where the figures of an audit review come from: answers, corrections, sessions, the journal.

Each reads columns of one period and never an answer. What lies at another site is left out, or only
counted.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from epro.models import (
    Assessment,
    Correction,
    DeviceSession,
    JournalEntry,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    SessionPlace,
    Site,
    SiteMembership,
    User,
)
from epro.services.audit_figures import (
    NO_SITE,
    NO_SITES_ZONE,
    Case,
    Entry,
    Figure,
    Found,
    Period,
    Who,
)
from questionnaires.schedule import AnsweredBy

REFUSALS = frozenset({"sign_in.refused", "activation.refused"})
MOST_OTHERS = 8
ELSEWHERE = "elsewhere"


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

    def site_at(self, site_id: UUID, at: datetime) -> str | None:
        """Return the code of a site, if it is looked at and the instant lies in its period."""
        site = self.sites.get(site_id)
        return site.code if site and self.period.holds(at, site.zone) else None


def entries(session: Session, scope: Scope) -> Iterator[Entry]:
    """Yield what participants sent in; ratings of others are no entries of theirs."""
    sent, openers = QuestionnaireResponse, _openers(session)
    first, after = scope.bounds
    rows = session.execute(
        select(
            sent.id, Participant.code, Participant.site_id, sent.questionnaire_code,
            sent.answered_at, sent.utc_offset_minutes, sent.opened_at, sent.timeliness,
            sent.counts, sent.mode, sent.completer, func.json_array_length(sent.answers),
            sent.device_session_id,
        )
        .join(Participant, Participant.id == sent.participant_id)
        .outerjoin(Assessment, Assessment.id == sent.assessment_id)
        .where(
            Participant.site_id.in_(scope.sites),
            sent.answered_at >= first, sent.answered_at < after,
            sent.status == ResponseStatus.COMPLETED,
            or_(Assessment.id.is_(None), Assessment.answered_by == AnsweredBy.PARTICIPANT),
        )
        .order_by(sent.answered_at, sent.id)
    )  # fmt: skip
    for row in rows:
        (
            response_id, code, site_id, questionnaire, answered_at, offset, opened_at, timeliness,
            counts, mode, completer, answer_count, device_id,
        ) = row  # fmt: skip
        if (site := scope.site_at(site_id, answered_at)) is not None:
            yield Entry(
                id=str(response_id), who=Who(site, code), questionnaire=questionnaire,
                answered_at=answered_at, utc_offset_minutes=offset, opened_at=opened_at,
                timeliness=timeliness, counts=counts, mode=mode, completer=completer,
                answer_count=answer_count, opened_by=openers.get(str(device_id)),
            )  # fmt: skip


def corrections(session: Session, scope: Scope, whole: Sequence[Who]) -> Found:
    """Return the corrections that were asked for, out of all that was sent in meanwhile."""
    first, after = scope.bounds
    rows = session.execute(
        select(Correction, Participant.code, User.username)
        .join(Participant, Participant.id == Correction.participant_id)
        .outerjoin(User, User.id == Correction.asked_by_id)
        .where(
            Correction.site_id.in_(scope.sites),
            Correction.asked_at >= first, Correction.asked_at < after,
        )
        .order_by(Correction.asked_at, Correction.id)
    )  # fmt: skip
    cases = [
        Case(
            figure=Figure.CORRECTED, who=Who(site, code, username), at=row.asked_at,
            entity_type="correction", entity_id=str(row.id),
            facts={"source": row.source.value, "state": row.state.value, "delay_s": row.delay_s},
        )
        for row, code, username in rows
        if (site := scope.site_at(row.site_id, row.asked_at)) is not None
    ]  # fmt: skip
    return Found(whole, cases)


# --- places ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Use:
    """One session used from one browser and address, and by whom; `name` is a code or user name."""

    session_id: UUID
    device_tag: str
    address_tag: str
    last_seen_at: datetime
    name: str
    site_id: UUID | None

    @property
    def is_participants(self) -> bool:
        return self.site_id is not None


def places(session: Session, scope: Scope) -> dict[Figure, Found]:
    """Return the participants whose device, or address, somebody else used as well.

    Everybody counts as somebody else on a device; at an address, only another participant: staff
    are where the site's own network is, and are told beside it.
    """
    first, after = scope.bounds
    rows = session.execute(
        select(
            SessionPlace, Participant.code, Participant.site_id, User.username
        )
        .join(DeviceSession, DeviceSession.id == SessionPlace.device_session_id)
        .outerjoin(Participant, Participant.id == DeviceSession.participant_id)
        .outerjoin(User, User.id == DeviceSession.user_id)
        .where(SessionPlace.last_seen_at >= first, SessionPlace.first_seen_at < after)
        .order_by(SessionPlace.last_seen_at, SessionPlace.device_session_id)
    )  # fmt: skip
    uses = [
        _Use(place.device_session_id, place.device_tag, place.address_tag, place.last_seen_at,
             code or username, site_id)
        for place, code, site_id, username in rows
    ]  # fmt: skip
    hers = {use.name: use.site_id for use in uses if use.site_id in scope.sites}
    whole = [Who(scope.sites[site_id].code, name) for name, site_id in hers.items() if site_id]
    by_device, by_address = defaultdict(list), defaultdict(list)
    for use in uses:
        by_address[use.address_tag].append(use)
        if use.device_tag:
            by_device[use.device_tag].append(use)
    return {
        Figure.SHARED_DEVICE: Found(whole, list(_shared(Figure.SHARED_DEVICE, by_device, scope))),
        Figure.SHARED_ADDRESS: Found(
            whole, list(_shared(Figure.SHARED_ADDRESS, by_address, scope))
        ),
    }


def _shared(figure: Figure, by_tag: Mapping[str, Sequence[_Use]], scope: Scope) -> Iterator[Case]:
    for tag, uses in by_tag.items():
        people = {use.name: use for use in uses}
        for name, use in people.items():
            if use.site_id is None or use.site_id not in scope.sites:
                continue
            others = [one for one in people.values() if one.name != name]
            participants = [one for one in others if one.is_participants]
            if not (participants if figure is Figure.SHARED_ADDRESS else others):
                continue
            near = sorted(
                one.name for one in others
                if not one.is_participants or one.site_id in scope.sites
            )  # fmt: skip
            yield Case(
                figure=figure, who=Who(scope.sites[use.site_id].code, name), at=use.last_seen_at,
                entity_type="device_session", entity_id=str(use.session_id),
                facts={
                    "tag": tag[:8], "with": near[:MOST_OTHERS],
                    "more": len(others) - len(near[:MOST_OTHERS]),
                },
            )  # fmt: skip


# --- the journal ----------------------------------------------------------------------------------


def attempts(session: Session, scope: Scope) -> Found:
    """Return the attempts to sign in or activate that were refused, out of all."""
    homes = _homes(session, scope)
    whole, cases = [], []
    kinds = ("device_session", "user", "participant", "sign_in")
    for entry in _journalled(session, scope, kinds, REFUSALS | {"device_session.started"}):
        is_refused = entry["verb"] in REFUSALS
        name = entry["entity_id"] if is_refused else entry["actor"]["name"]
        if (who := _whose(entry, name, scope, homes)) is None:
            continue
        whole.append(who)
        if is_refused:
            after = entry["after"]
            cases.append(_journal_case(Figure.REFUSED, who, entry, {
                "verb": entry["verb"], "why": after["why"], "address": after["address_tag"][:8],
            }))  # fmt: skip
    return Found(whole, cases)


def exports(session: Session, scope: Scope) -> Found:
    """Return the files that people took away."""
    homes = _homes(session, scope)
    cases = []
    for entry in _journalled(session, scope, ("export",), frozenset({"export.taken"})):
        if (who := _whose(entry, entry["actor"]["name"], scope, homes)) is not None:
            facts = {name: entry["after"][name] for name in ("kind", "rows", "sha256")}
            cases.append(_journal_case(Figure.EXPORTS, who, entry, facts))
    return Found(None, cases)


def _journalled(
    session: Session, scope: Scope, kinds: Sequence[str], verbs: frozenset[str]
) -> Iterator[dict[str, Any]]:
    first, after = scope.bounds
    bodies = session.scalars(
        select(JournalEntry.body)
        .where(
            JournalEntry.entity_type.in_(kinds), JournalEntry.verb.in_(verbs),
            JournalEntry.recorded_at >= first, JournalEntry.recorded_at < after,
        )
        .order_by(JournalEntry.id)
    )  # fmt: skip
    for body in bodies:
        yield json.loads(body)


def _whose(
    entry: Mapping[str, Any], name: str, scope: Scope, homes: Mapping[str, str]
) -> Who | None:
    """Return to whom an entry is counted; None for what is not looked at."""
    at = datetime.fromisoformat(entry["recorded_at"])
    zones = {site.code: site.zone for site in scope.sites.values()}
    participant = entry["participant"]
    code = entry["site"] if participant else homes.get(name, NO_SITE)
    if code in zones:
        is_in = scope.period.holds(at, zones[code])
    else:
        is_in = code == NO_SITE and scope.is_whole and scope.period.holds(at, NO_SITES_ZONE)
    user = None if participant or entry["entity_type"] == "sign_in" else name
    return Who(code, participant, user) if is_in else None


def _homes(session: Session, scope: Scope) -> dict[str, str]:
    """Return under which site each user is counted: the first of hers that is looked at.

    Whoever works at other sites alone is named with a site that is not looked at.
    """
    codes = {site.id: site.code for site in scope.sites.values()}
    rows = session.execute(
        select(User.username, SiteMembership.site_id).join(
            SiteMembership, SiteMembership.user_id == User.id
        )
    )
    places: defaultdict[str, set[str]] = defaultdict(set)
    for username, site_id in rows:
        places[username].add(NO_SITE if site_id is None else codes.get(site_id, ELSEWHERE))
    return {
        username: min(
            known & set(codes.values()), default=NO_SITE if NO_SITE in known else ELSEWHERE
        )
        for username, known in places.items()
    }


def _journal_case(
    figure: Figure, who: Who, entry: Mapping[str, Any], facts: Mapping[str, Any]
) -> Case:
    return Case(
        figure=figure, who=who, at=datetime.fromisoformat(entry["recorded_at"]),
        entity_type=entry["entity_type"], entity_id=entry["entity_id"], facts=facts,
    )  # fmt: skip


def _openers(session: Session) -> dict[str, str]:
    """Return who of a site opened the app for a participant, by the session that was opened."""
    rows = session.execute(
        select(JournalEntry.entity_id, JournalEntry.body).where(
            JournalEntry.entity_type == "device_session",
            JournalEntry.verb == "device_session.opened_on_behalf",
        )
    )
    return {entity_id: json.loads(body)["actor"]["name"] for entity_id, body in rows}
