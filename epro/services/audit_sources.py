"""Devices, sign-ins and exports, for the audit review.

What lies at another site is left out, or only counted.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.models import (
    DeviceSession,
    JournalEntry,
    Participant,
    SessionPlace,
    Signature,
    Site,
    SiteMembership,
    User,
)
from epro.services.audit_entries import Scope
from epro.services.audit_figures import (
    NO_SITE,
    NO_SITES_ZONE,
    Case,
    Figure,
    Found,
    Who,
    found_as,
)

REFUSALS = frozenset({
    "sign_in.refused", "activation.refused", "user.setup_refused", "signature.refused",
})  # fmt: skip
STARTED = frozenset({"device_session.started"})
SET_UP = frozenset({"user.set_up"})
EXPORTED = frozenset({"export.taken", "snapshot.read"})
FACTS_OF_FILES = ("kind", "rows", "file", "size", "sha256")
MOST_OTHERS = 8
ELSEWHERE = "elsewhere"


# --- places ---------------------------------------------------------------------------------------


class _Use(NamedTuple):
    """One session used from one browser and address, and by whom; `name` is a code or user name."""

    session_id: UUID
    device_tag: str
    address_tag: str
    last_seen_at: datetime
    name: str
    # Whose code it is says whose use it was: a user belongs to no one site.
    site: str | None

    @property
    def is_participants(self) -> bool:
        return self.site is not None


def places(session: Session, scope: Scope) -> dict[Figure, Found]:
    """Return the participants whose device, or address, somebody else used as well.

    Everybody counts as somebody else on a device; at an address, only another participant: staff
    are where the site's own network is, and are told beside it.
    """
    first, after = scope.bounds
    rows = session.execute(
        select(
            SessionPlace.device_session_id, SessionPlace.device_tag, SessionPlace.address_tag,
            SessionPlace.last_seen_at, func.coalesce(Participant.code, User.username),
            Site.code,
        )
        .join(DeviceSession, DeviceSession.id == SessionPlace.device_session_id)
        .outerjoin(Participant, Participant.id == DeviceSession.participant_id)
        .outerjoin(Site, Site.id == Participant.site_id)
        .outerjoin(User, User.id == DeviceSession.user_id)
        .where(SessionPlace.last_seen_at >= first, SessionPlace.first_seen_at < after)
        .order_by(SessionPlace.last_seen_at, SessionPlace.device_session_id)
    )  # fmt: skip
    uses = [_Use(*row) for row in rows]
    here = {site.code for site in scope.sites.values()}
    whole = {Who(use.site, use.name): 1 for use in uses if use.site and use.site in here}
    by_device, by_address = defaultdict(list), defaultdict(list)
    for use in uses:
        by_address[use.address_tag].append(use)
        if use.device_tag:
            by_device[use.device_tag].append(use)
    homes = _homes(session, scope)
    return {
        Figure.SHARED_DEVICE: _shared(Figure.SHARED_DEVICE, by_device, scope, homes, whole),
        Figure.SHARED_ADDRESS: _shared(Figure.SHARED_ADDRESS, by_address, scope, homes, whole),
    }


class _Sharing(NamedTuple):
    """One participant's use of what others used as well; `near` are those who may be told."""

    who: Who
    use: _Use
    tag: str
    near: Sequence[str]
    people_count: int


def _shared(
    figure: Figure,
    by_tag: Mapping[str, Sequence[_Use]],
    scope: Scope,
    homes: Mapping[str, str],
    whole: Mapping[Who, int],
) -> Found:
    sharing = list(_sharing(figure, by_tag, scope, homes))
    return Found(
        whole, [one.who for one in sharing], lambda: [_place_case(figure, one) for one in sharing]
    )


def _sharing(
    figure: Figure, by_tag: Mapping[str, Sequence[_Use]], scope: Scope, homes: Mapping[str, str]
) -> Iterator[_Sharing]:
    here = {site.code for site in scope.sites.values()}
    homes_here = here | {NO_SITE} if scope.is_whole else here
    for tag, uses in by_tag.items():
        if len(uses) < 2:  # as most are
            continue
        people = {use.name: use for use in uses}
        participant_count = sum(use.is_participants for use in people.values())
        counted = participant_count if figure is Figure.SHARED_ADDRESS else len(people)
        if counted < 2:
            continue
        # Those that are looked at by name; one more than are told, for whoever is one of them.
        near = sorted(
            use.name
            for use in people.values()
            if (
                use.site in here
                if use.is_participants
                else homes.get(use.name, NO_SITE) in homes_here
            )
        )[: MOST_OTHERS + 1]
        for name, use in people.items():
            if use.site and use.site in here:
                yield _Sharing(Who(use.site, name), use, tag, near, len(people))


def _place_case(figure: Figure, one: _Sharing) -> Case:
    told = [name for name in one.near if name != one.use.name][:MOST_OTHERS]
    return Case(
        figure=figure, who=one.who, at=one.use.last_seen_at, entity_type="device_session",
        entity_id=str(one.use.session_id),
        facts={"tag": one.tag[:8], "with": told, "more": one.people_count - 1 - len(told)},
    )  # fmt: skip


# --- the journal ----------------------------------------------------------------------------------


def attempts(session: Session, scope: Scope) -> Found:
    """Return the attempts to sign in, activate, set up an account or sign that were refused.

    The whole are these and those that succeeded. Of the acts that ask for password and one-time
    code, only signatures under a record are among the latter.
    """
    homes = _homes(session, scope)
    whole = Counter(_participants_sign_ins(session, scope))
    cases = []
    done = _journalled(session, scope, ("device_session", "user"), STARTED | SET_UP, is_staffs=True)
    for entry in done:
        if (who := _whose(entry, entry["actor"]["name"], scope, homes)) is not None:
            whole[who] += 1
    for signed_at, name in _signatures(session, scope):
        if (who := _home_of(name, signed_at, scope, homes)) is not None:
            whole[who] += 1
    for entry in _journalled(session, scope, ("user", "participant", "sign_in"), REFUSALS):
        if (who := _whose(entry, entry["entity_id"], scope, homes)) is not None:
            whole[who] += 1
            after = entry["after"]
            facts = {
                "verb": entry["verb"], "why": after["why"], "address": after["address_tag"][:8],
            }  # fmt: skip
            cases.append(_journal_case(Figure.REFUSED, who, entry, facts))
    return found_as(whole, cases)


def _signatures(session: Session, scope: Scope) -> Iterator[tuple[datetime, str]]:
    first, after = scope.bounds
    rows = session.execute(
        select(Signature.signed_at, User.username)
        .join(User, User.id == Signature.signer_id)
        .where(Signature.signed_at >= first, Signature.signed_at < after)
    )
    yield from rows


def _participants_sign_ins(session: Session, scope: Scope) -> dict[Who, int]:
    found: dict[Who, int] = {}
    for sites, first, after in scope.spans:
        rows = session.execute(
            select(JournalEntry.site_code, JournalEntry.participant_code, func.count())
            .where(
                JournalEntry.entity_type == "device_session", JournalEntry.verb.in_(STARTED),
                JournalEntry.site_code.in_([site.code for site in sites]),
                JournalEntry.participant_code.is_not(None),
                JournalEntry.recorded_at >= first, JournalEntry.recorded_at < after,
            )
            .group_by(JournalEntry.site_code, JournalEntry.participant_code)
        )  # fmt: skip
        found |= {Who(str(site), code): count for site, code, count in rows}
    return found


def exports(session: Session, scope: Scope) -> Found:
    """Return the files that people took away."""
    homes = _homes(session, scope)
    cases = []
    for entry in _journalled(session, scope, ("export",), EXPORTED):
        if (who := _whose(entry, entry["actor"]["name"], scope, homes)) is not None:
            after = entry["after"]
            facts = {name: after[name] for name in FACTS_OF_FILES if name in after}
            cases.append(_journal_case(Figure.EXPORTS, who, entry, facts))
    return found_as(None, cases)


def _journalled(
    session: Session,
    scope: Scope,
    kinds: Sequence[str],
    verbs: frozenset[str],
    *,
    is_staffs: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield entries of about the period; `is_staffs` leaves out those about a participant."""
    first, after = scope.bounds
    query = select(JournalEntry.body)
    if is_staffs:
        query = query.where(JournalEntry.participant_code.is_(None))
    bodies = session.scalars(
        query
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
    if participant := entry["participant"]:
        code = entry["site"]
        return Who(code, participant) if _is_looked_at(code, at, scope) else None
    who = _home_of(name, at, scope, homes)
    return Who(who.site) if who is not None and entry["entity_type"] == "sign_in" else who


def _home_of(name: str, at: datetime, scope: Scope, homes: Mapping[str, str]) -> Who | None:
    """Return a user at the site she is counted at; None where, or when, nobody looks."""
    code = homes.get(name, NO_SITE)
    return Who(code, user=name) if _is_looked_at(code, at, scope) else None


def _is_looked_at(code: str, at: datetime, scope: Scope) -> bool:
    zone = next((site.zone for site in scope.sites.values() if site.code == code), None)
    if zone is None:
        return code == NO_SITE and scope.is_whole and scope.period.holds(at, NO_SITES_ZONE)
    return scope.period.holds(at, zone)


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
