"""The audit-review report of the sites somebody may review, and that it was reviewed (T-09)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.models import AuditReview, Site, User
from epro.services import audit_entries, audit_sources, event_lists, journal
from epro.services.audit_entries import Scope
from epro.services.audit_figures import NO_SITES_ZONE, Case, Figure, Found, Period
from epro.services.audit_grouping import BY_PERSON, Count, Grouping, Line, grouped
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page

USUAL_SPAN = timedelta(days=28)
LONGEST_REMARK = 2_000
REVIEWS_A_PAGE = 20
FIGURES_OF_PARTICIPANTS = tuple(one for one in Figure if one is not Figure.EXPORTS)
FIGURES_OF_USERS = (Figure.CORRECTED, Figure.ON_BEHALF, Figure.REFUSED, Figure.EXPORTS)
CSV_OF_FIGURES = ("from", "to", "level", "name", "site", "figure", "cases", "whole")
CSV_OF_CASES = (
    "figure", "at", "site", "participant", "user", "entity_type", "entity_id", "facts",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one period. By user, corrections and entries are counted out of all."""

    period: Period
    sites: Sequence[Site]
    found: Mapping[Figure, Found]
    whole: Line
    codes: Sequence[str]

    @property
    def by_site(self) -> Grouping:
        """The figures of each site that is looked at."""
        return grouped(self.found, Figure, lambda who: who.site, named=self.codes)

    @property
    def by_participant(self) -> Grouping:
        """The figures of each participant."""
        return grouped(self.found, FIGURES_OF_PARTICIPANTS, lambda who: who.participant)

    @property
    def by_user(self) -> Grouping:
        """The figures of each user."""
        outs = {one: len(self.found[one].people) for one in (Figure.CORRECTED, Figure.ON_BEHALF)}
        return grouped(self.found, FIGURES_OF_USERS, lambda who: who.user, outs=outs)


@dataclass(frozen=True, slots=True)
class ShownReview:
    """A review as people read it."""

    review: AuditReview
    site: Site
    reviewer: str


def usual_period(today: date) -> Period:
    """Return the last four weeks."""
    return Period(today - USUAL_SPAN + timedelta(days=1), today)


def today_of(sites: Sequence[Site], *, now: datetime) -> date:
    """Return the day it is at the first of these sites."""
    zone = next((one.zone for one in sites), NO_SITES_ZONE)
    return now.astimezone(ZoneInfo(zone)).date()


def sites_for(session: Session, actor: Actor) -> Sequence[Site]:
    """Return the sites whose audit trail the actor may review, by code."""
    site_ids = actor.sites_for(Permission.READ_AUDIT_REVIEW)
    query = select(Site).order_by(Site.code)
    return session.scalars(query if site_ids is None else query.where(Site.id.in_(site_ids))).all()


def report(session: Session, actor: Actor, *, period: Period, site: str | None = None) -> Report:
    """Count every figure at the actor's sites, or at one of them. Raises NotFound for another."""
    hers = sites_for(session, actor)
    chosen = [one for one in hers if site in (None, one.code)]
    if site is not None and not chosen:
        raise NotFound
    scope = Scope(
        {one.id: one for one in chosen}, period,
        is_whole=site is None and actor.sites_for(Permission.READ_AUDIT_REVIEW) is None,
    )  # fmt: skip
    found = _found(session, scope)
    return Report(
        period=period,
        sites=hers,
        found=found,
        whole=Line("", "", {figure: _counted(figure, one) for figure, one in found.items()}),
        codes=[one.code for one in chosen],
    )


def usual_report(session: Session, actor: Actor, *, now: datetime) -> Report:
    """Count every figure of the last four weeks at all of the actor's sites."""
    today = today_of(sites_for(session, actor), now=now)
    return report(session, actor, period=usual_period(today))


def cases_of(
    found: Found, *, site: str | None = None, participant: str | None = None,
    user: str | None = None,
) -> Sequence[Case]:  # fmt: skip
    """Return the cases of a figure, the latest first, narrowed to one site or person."""
    wanted = {"site": site, "participant": participant, "user": user}
    return [
        one
        for one in reversed(found.cases)
        if all(value in (None, getattr(one.who, name)) for name, value in wanted.items())
    ]


def as_csv(report: Report) -> str:
    """Return every count of a report, a row each: cases, and the whole they are counted out of."""
    levels = {
        "all": [report.whole], "site": report.by_site.lines(),
        "participant": report.by_participant.lines(), "user": report.by_user.lines(),
    }  # fmt: skip
    return event_lists.as_csv(
        CSV_OF_FIGURES,
        (
            {
                "from": report.period.from_on, "to": report.period.to_on, "level": level,
                "name": line.name, "site": line.site, "figure": figure.value,
                "cases": count.cases, "whole": count.of,
            }
            for level, lines in levels.items()
            for line in lines
            for figure, count in line.counts.items()
        ),
    )  # fmt: skip


def cases_as_csv(cases: Iterable[Case]) -> str:
    """Return cases, a row each; instants are UTC."""
    return event_lists.as_csv(
        CSV_OF_CASES,
        (
            {
                "figure": one.figure.value, "at": one.at.isoformat(), "site": one.who.site,
                "participant": one.who.participant, "user": one.who.user,
                "entity_type": one.entity_type, "entity_id": one.entity_id,
                "facts": journal.canonical(journal.plain(one.facts)),
            }
            for one in cases
        ),
    )  # fmt: skip


# --- reviewed -------------------------------------------------------------------------------------


def mark(
    session: Session, actor: Actor, site: str, *, upto_on: date, remark: str, now: datetime
) -> AuditReview:
    """Put on record that a site's audit trail was reviewed up to the end of a local day.

    Raises NotFound for a site out of reach, and InvalidInput for a day that lies ahead there, and
    without a remark.
    """
    known = session.scalars(select(Site).where(Site.code == site)).first()
    if known is None or not actor.may_at(Permission.REVIEW_AUDIT_TRAIL, known.id):
        raise NotFound
    problems = list(_problems(known, upto_on, remark, now=now))
    if problems:
        raise InvalidInput(details={"problems": problems})
    row = AuditReview(
        site_id=known.id, upto_on=upto_on, remark=remark.strip(), reviewed_at=now,
        reviewed_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.record(
        session, actor, "audit_review.marked",
        Subject(
            entity_type="audit_review", entity_id=str(row.id), site_code=known.code,
            site_id=known.id,
        ),
        after={"upto_on": upto_on, "remark": row.remark, "reviewed_by": actor.name}, now=now,
    )  # fmt: skip
    return row


def reviews(session: Session, actor: Actor, *, page: int = 1) -> Paged[ShownReview]:
    """Return a page of the reviews at the actor's sites, the newest first."""
    query: Select[*tuple[Any, ...]] = (
        select(AuditReview, Site, User.full_name)
        .join(Site, Site.id == AuditReview.site_id)
        .join(User, User.id == AuditReview.reviewed_by_id)
        .order_by(AuditReview.reviewed_at.desc(), AuditReview.id)
    )
    site_ids = actor.sites_for(Permission.READ_AUDIT_REVIEW)
    if site_ids is not None:
        query = query.where(AuditReview.site_id.in_(site_ids))
    return read_page(session, query, page, size=REVIEWS_A_PAGE).each(
        lambda row: ShownReview(row[0], row[1], row[2])
    )


def _problems(site: Site, upto_on: date, remark: str, *, now: datetime) -> Iterable[dict[str, str]]:
    if upto_on > now.astimezone(ZoneInfo(site.zone)).date():
        yield {"place": "upto_on", "message": "This day lies ahead."}
    if not remark.strip():
        yield {"place": "remark", "message": "Something is needed here."}
    elif len(remark) > LONGEST_REMARK:
        yield {"place": "remark", "message": "At most 2,000 characters, please."}


# --- counting -------------------------------------------------------------------------------------


def _found(session: Session, scope: Scope) -> dict[Figure, Found]:
    of_entries = audit_entries.entries(session, scope)
    sent = of_entries[Figure.NIGHT].whole or {}
    found = {
        **of_entries,
        Figure.CORRECTED: audit_entries.corrections(session, scope, sent),
        **audit_sources.places(session, scope),
        Figure.REFUSED: audit_sources.attempts(session, scope),
        Figure.EXPORTS: audit_sources.exports(session, scope),
    }
    return {figure: found[figure] for figure in Figure}


def _counted(figure: Figure, found: Found) -> Count:
    cases = (
        len({one.participant for one in found.people}) if figure in BY_PERSON else len(found.people)
    )
    return Count(cases, None if found.whole is None else sum(found.whole.values()))
