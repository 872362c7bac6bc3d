"""How long the record of the trial has to be kept, and from which day on it may go.

At least five years from marketing approval, or from the end of a trial whose data were used for no
application (GCP of China 2020, article 80); longer where a contract says so. While nobody has
stated when the years begin, everything is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import InvalidInput
from epro.models import KeptFrom, Participant, RetentionRule, Site
from epro.services import journal
from epro.services.journal import Subject

LEAST_YEARS = 5
# The first place on Earth to begin a day is this far ahead of UTC.
FIRST_ZONE = timedelta(hours=14)
LAST_ZONE = timedelta(hours=12)
STATED = ("years", "kept_from", "from_on", "contract_until_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long a site's record is kept; `until_on` is the last local day, None without limit.

    `documents` name where it was decided, the study's before the site's.
    """

    years: int
    kept_from: KeptFrom | None
    from_on: date | None
    contract_until_on: date | None
    until_on: date | None
    documents: tuple[str, ...]

    def is_over(self, *, today: date) -> bool:
        """Tell whether the record may go on this local day."""
        return self.until_on is not None and today > self.until_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody states about keeping; what is None stays as it was. `document` is its proof."""

    years: int | None = None
    kept_from: KeptFrom | None = None
    from_on: date | None = None
    contract_until_on: date | None = None
    document: str


def state(
    session: Session, actor: Actor, statement: Statement, *, site: Site | None, now: datetime
) -> RetentionRule:
    """Put on record how long to keep, for the study or beyond that for one site.

    What was stated before stays as a row of its own. Raises InvalidInput, which names the place.
    """
    if problems := list(_problems(statement, site, now=now)):
        raise InvalidInput(details={"problems": problems})
    if problem := _too_early(session, statement):
        raise InvalidInput(details={"problems": [{"place": "date", "message": problem}]})
    latest = _latest(session, site)
    before = {name: getattr(latest, name, None) for name in STATED}
    said = {name: getattr(statement, name) for name in STATED}
    values: dict[str, Any] = {
        name: before[name] if said[name] is None else said[name] for name in STATED
    }
    values["years"] = values["years"] or LEAST_YEARS
    rule = RetentionRule(
        site_id=site.id if site else None, document=statement.document.strip(), stated_at=now,
        stated_by=actor.name, **values,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    place = RetentionRule.site_id == site.id if site else RetentionRule.site_id.is_(None)
    version = session.scalar(select(func.count()).where(place)) or 1
    journal.record(
        session, actor, "retention.stated",
        Subject(
            entity_type="retention", entity_id=site.code if site else "study", version=version,
            site_code=site.code if site else None, site_id=site.id if site else None,
        ),
        after=values | {"document": rule.document},
        before={name: old for name, old in before.items() if latest and old != values[name]},
        now=now,
    )  # fmt: skip
    return rule


def of_study(session: Session) -> Kept:
    """Return how long the study asks to keep everything, whatever sites' contracts add."""
    return _kept(_latest(session, None), None, _documents(session, None))


def of_site(session: Session, site: Site) -> Kept:
    """Return how long a site's record is kept: the longest that study and contract ask for."""
    documents = [*_documents(session, None), *_documents(session, site)]
    return _kept(_latest(session, None), _latest(session, site), documents)


def local_today(site: Site, *, now: datetime) -> date:
    """Return the local day at a site."""
    return now.astimezone(ZoneInfo(site.zone)).date()


def _too_early(session: Session, statement: Statement) -> str | None:
    """Say why the years cannot begin on that day: a wrong year would end the keeping at once."""
    if statement.from_on is None:
        return None
    is_end = statement.kept_from is KeptFrom.TRIAL_END
    which = func.max if is_end else func.min
    enrolled_at = session.scalar(select(which(Participant.enrolled_at)))
    # The last place on Earth to begin a day is half a day behind UTC.
    if enrolled_at is None or statement.from_on >= (enrolled_at - LAST_ZONE).date():
        return None
    return "Somebody was enrolled after this day." if is_end else "Nobody was enrolled yet."


def _kept(
    study: RetentionRule | None, site: RetentionRule | None, documents: Sequence[str]
) -> Kept:
    rules = [one for one in (study, site) if one is not None]
    years = max((one.years for one in rules), default=LEAST_YEARS)
    from_on = study.from_on if study else None
    contracts = [one.contract_until_on for one in rules if one.contract_until_on]
    contract_until_on = max(contracts, default=None)
    until_on = None
    if from_on is not None:
        until_on = max(filter(None, (_years_after(from_on, years), contract_until_on)))
    return Kept(
        years=years, kept_from=study.kept_from if study else None, from_on=from_on,
        contract_until_on=contract_until_on, until_on=until_on,
        documents=tuple(dict.fromkeys(documents)),
    )  # fmt: skip


def _documents(session: Session, site: Site | None) -> Sequence[str]:
    """Return the documents that what stands was stated by: of each value the last that set it."""
    place = RetentionRule.site_id == site.id if site else RetentionRule.site_id.is_(None)
    rules = session.scalars(select(RetentionRule).where(place).order_by(RetentionRule.number)).all()
    standing: dict[str, RetentionRule] = {}
    for before, rule in zip([None, *rules], rules, strict=False):
        for name in STATED:
            if getattr(before, name, None) != getattr(rule, name):
                standing[name] = rule
    named = {rule.number: rule.document for rule in [*standing.values(), *rules[-1:]]}
    return [named[number] for number in sorted(named)]


def _years_after(day: date, years: int) -> date:
    """Return the same day years later; the last of February comes on 1 March where it must."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _latest(session: Session, site: Site | None) -> RetentionRule | None:
    place = RetentionRule.site_id == site.id if site else RetentionRule.site_id.is_(None)
    return session.scalars(
        select(RetentionRule).where(place).order_by(RetentionRule.number.desc()).limit(1)
    ).first()


def _problems(
    statement: Statement, site: Site | None, *, now: datetime
) -> Iterator[dict[str, str]]:
    if not statement.document.strip():
        yield {"place": "document", "message": "Name the document that says so."}
    if statement.years is not None and not LEAST_YEARS <= statement.years <= 100:
        yield {"place": "years", "message": f"At least {LEAST_YEARS} years, at most 100."}
    if site is not None and statement.from_on is not None:
        yield {"place": "site", "message": "When the years begin is the same for all sites."}
    if statement.from_on is not None and statement.from_on > (now + FIRST_ZONE).date():
        yield {"place": "date", "message": "This day has not come yet."}
