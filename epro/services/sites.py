"""The places that enrol."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, time
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import AlreadyExists, InvalidInput, NotFound
from epro.models import Site
from epro.models.site import NUMBER_CHECK_DAYS
from epro.services import journal
from epro.services.journal import Subject
from questionnaires.data_protection import MOST_BREACH_HOURS, MOST_REQUEST_DAYS

CODE = re.compile(r"[A-Z]{2}\d{2}", re.ASCII)
# Digits as people write them, with what they put between.
DIALLED = re.compile(r"\+?[0-9](?:[0-9 ()/.-]*[0-9])+", re.ASCII)
# Sites of training rooms begin with them, and real ones never do.
TRAINING_LETTERS = "XX"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What is known of a site; `zone` is its IANA time zone, the phones are as people dial them."""

    code: str
    name_zh: str
    name_en: str
    zone: str
    phone: str
    phone_24h: str


def add_site(
    session: Session,
    actor: Actor,
    facts: SiteFacts,
    *,
    is_training: bool = False,
    now: datetime,
) -> Site:
    """Add a site; the same facts again change nothing.

    Raises InvalidInput for a code or zone that is none, AlreadyExists when the code stands for a
    site with other facts. Codes of training rooms are for them alone.
    """
    if problems := list(_problems(facts, is_training=is_training)):
        raise InvalidInput(details={"problems": problems})
    values = asdict(facts)
    standing = session.scalars(select(Site).where(Site.code == facts.code)).first()
    if standing is not None:
        if all(getattr(standing, name) == value for name, value in values.items()):
            return standing
        raise AlreadyExists(f"Site {facts.code} is on record with other details.")
    site = Site(**values)
    session.add(site)
    session.flush()
    journal.record(
        session, actor, "site.added",
        Subject(entity_type="site", entity_id=site.code, site_code=site.code, site_id=site.id),
        after=values, now=now,
    )  # fmt: skip
    return site


def set_phones(
    session: Session,
    actor: Actor,
    site: Site,
    *,
    phone: str | None = None,
    phone_24h: str | None = None,
    reason: str,
    now: datetime,
) -> Site:
    """Set the numbers that participants are told to call, as they dial them; what is None stays.

    Texts, screens and pages name the new one from now on, and its test call is due at once. What is
    printed is the site's to print again. Raises InvalidInput for a number without digits.
    """
    given = {"phone": phone, "phone_24h": phone_24h}
    wanted = {name: value.strip() for name, value in given.items() if value is not None}
    if problems := [
        {"place": name, "message": "This is not a telephone number."}
        for name, value in wanted.items()
        if not DIALLED.fullmatch(value)
    ]:
        raise InvalidInput(details={"problems": problems})
    before = {name: getattr(site, name) for name, value in wanted.items()
              if getattr(site, name) != value}  # fmt: skip
    for name in before:
        setattr(site, name, wanted[name])
    session.flush()
    if before:
        journal.record(
            session, actor, "site.phones_set",
            Subject(entity_type="site", entity_id=site.code, site_code=site.code, site_id=site.id),
            after={name: getattr(site, name) for name in given}, before=before, reason=reason,
            now=now,
        )  # fmt: skip
    return site


def set_alerting(
    session: Session,
    actor: Actor,
    site: Site,
    *,
    calls_by_voice: bool | None = None,
    digest_at: str | None = None,
    number_check_days: int | None = None,
    now: datetime,
) -> Site:
    """Set whether phones ring for urgent flags, and when (HH:MM, local) the daily mail comes.

    `number_check_days`: after how many days listed numbers are test-called again, a month at most.
    What is None stays. Raises InvalidInput for a time that is none, or days out of range.
    """
    before = _alerting(site)
    if digest_at is not None:
        site.digest_minute = _minute(digest_at)
    if calls_by_voice is not None:
        site.calls_by_voice = calls_by_voice
    if number_check_days is not None:
        site.number_check_days = _within_a_month(number_check_days)
    session.flush()
    changed = {name: old for name, old in before.items() if _alerting(site)[name] != old}
    if changed:
        journal.record(
            session, actor, "site.alerting_set",
            Subject(entity_type="site", entity_id=site.code, site_code=site.code, site_id=site.id),
            after=_alerting(site), before=changed, now=now,
        )  # fmt: skip
    return site


def set_data_protection(
    session: Session,
    actor: Actor,
    site: Site,
    *,
    request_days: int | None = None,
    breach_hours: int | None = None,
    now: datetime,
) -> Site:
    """Set within how many calendar days requests are answered, and hours breaches are told.

    What is None stays; what stands on the registers keeps its day. Raises InvalidInput for more
    than the law leaves (`questionnaires/data_protection.py`).
    """
    wanted = {"request_days": request_days, "breach_hours": breach_hours}
    most = {"request_days": MOST_REQUEST_DAYS, "breach_hours": MOST_BREACH_HOURS}
    given = {name: value for name, value in wanted.items() if value is not None}
    if problems := [
        {"place": name, "message": f"From 1 to {most[name]}."}
        for name, value in given.items()
        if not 1 <= value <= most[name]
    ]:
        raise InvalidInput(details={"problems": problems})
    changed = {name: getattr(site, name) for name, value in given.items()
               if getattr(site, name) != value}  # fmt: skip
    for name in changed:
        setattr(site, name, given[name])
    session.flush()
    if changed:
        journal.record(
            session, actor, "site.data_protection_set",
            Subject(entity_type="site", entity_id=site.code, site_code=site.code, site_id=site.id),
            after={name: getattr(site, name) for name in wanted}, before=changed, now=now,
        )  # fmt: skip
    return site


def _alerting(site: Site) -> dict[str, object]:
    hour, minute = divmod(site.digest_minute, 60)
    return {
        "calls_by_voice": site.calls_by_voice, "digest_at": f"{hour:02}:{minute:02}",
        "number_check_days": site.number_check_days,
    }  # fmt: skip


def _within_a_month(days: int) -> int:
    if not 1 <= days <= NUMBER_CHECK_DAYS:
        message = f"From 1 to {NUMBER_CHECK_DAYS}."
        raise InvalidInput(
            details={"problems": [{"place": "number_check_days", "message": message}]}
        )
    return days


def _minute(clock: str) -> int:
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        at = None
    if at is None or not re.fullmatch(r"[0-9]{2}:[0-9]{2}", clock, re.ASCII):
        message = "A time of the day is written as 08:30."
        raise InvalidInput(details={"problems": [{"place": "digest_at", "message": message}]})
    return at.hour * 60 + at.minute


def get_site(session: Session, code: str) -> Site:
    """Return the site of that code; raise NotFound."""
    site = session.scalars(select(Site).where(Site.code == code)).first()
    if site is None:
        raise NotFound
    return site


def codes_for(session: Session, actor: Actor, permission: Permission) -> frozenset[str] | None:
    """Return the codes of the sites where the actor has the permission; None means every site."""
    site_ids = actor.sites_for(permission)
    if site_ids is None:
        return None
    return frozenset(session.scalars(select(Site.code).where(Site.id.in_(site_ids))))


def is_of_training(code: str) -> bool:
    """Tell whether a site's or participant's code is one of a training room."""
    return code.startswith(TRAINING_LETTERS)


def _problems(facts: SiteFacts, *, is_training: bool) -> Iterator[dict[str, str]]:
    if not CODE.fullmatch(facts.code):
        yield {"place": "code", "message": "A site code is two capital letters and two digits."}
    if is_of_training(facts.code) is not is_training:
        yield {"place": "code", "message": f"{TRAINING_LETTERS} stands for training rooms."}
    if facts.zone not in available_timezones():
        yield {"place": "zone", "message": "This is not the name of an IANA time zone."}
