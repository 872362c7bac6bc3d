"""The demonstration: one site, its staff, and participants at different points of the trial.

Everything is done by the same services that serve real requests, at instants of the past; only the
people are invented. Passwords and PINs are made anew for each installation and kept in
`var/demo/logins.json`, readable by its owner alone.
"""

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role, system_actor
from epro.clock import wall_clock_now
from epro.demo import events
from epro.demo.life import CALLER, Cast, Life
from epro.demo.stories import Story, stories
from epro.models import Duty, Participant, SafetyFlag, Site, StudyVersion, Task
from epro.parts import Parts
from epro.services import delegation, flags, roster, sites, staff, studies
from epro.services.delegation import NewDelegation
from epro.services.roster import NewRoster, NewShift
from epro.services.signing_in import TOTP_STEP_S, Proof
from epro.services.sites import SiteFacts
from questionnaires.definition import StudyPackage

SITE = SiteFacts(
    code="SZ01",
    name_zh="深圳示范中心",
    name_en="Shenzhen demonstration site",
    zone="Asia/Shanghai",
    phone="0755-00000001",
    phone_24h="0755-00000024",
)
ZONE = ZoneInfo(SITE.zone)
AT_THE_SITE = {
    "coordinator": ("李敏 Li Min", Role.COORDINATOR, False),
    "principal": ("刘洋 Liu Yang", Role.PRINCIPAL_INVESTIGATOR, False),
    "investigator": ("王芳 Wang Fang", Role.INVESTIGATOR, False),
    "deputy": ("周敏 Zhou Min", Role.INVESTIGATOR, False),
}
DEMONSTRATION = Cast(
    site=SITE,
    staff=AT_THE_SITE
    | {
        "monitor": ("陈静 Chen Jing", Role.MONITOR, False),
        "inspector": ("赵强 Zhao Qiang", Role.INSPECTOR, True),
        "assessor": ("孙丽 Sun Li", Role.OUTCOMES_ASSESSOR, False),
        "data-manager": ("黄涛 Huang Tao", Role.DATA_MANAGER, True),
        "administrator": ("吴刚 Wu Gang", Role.SYSTEM_ADMIN, True),
    },
)
PHYSICIANS = ("investigator", "deputy")
ROSTER_WEEKS = 60


def seed(parts: Parts, package: StudyPackage, *, logins: Path, echo: Callable[[str], None]) -> None:
    """Fill an empty database with the demonstration; one that is filled is left as it is."""
    with parts.database.reading() as session:
        if session.scalars(select(Site).where(Site.code == SITE.code)).first():
            return
    known = live(parts, package, DEMONSTRATION, echo=echo)
    logins.parent.mkdir(parents=True, exist_ok=True)
    logins.touch(mode=0o600)
    logins.write_text(json.dumps(known, indent=2), encoding="utf-8")


def live(
    parts: Parts,
    package: StudyPackage,
    cast: Cast,
    *,
    only: Collection[int] | None = None,
    echo: Callable[[str], None],
) -> dict[str, dict[str, str]]:
    """Open the site and have everybody live up to now; return the secrets of each by name.

    `only` are the numbers of those who do; None means all.
    """
    actor = system_actor("demonstration")
    now = parts.clock.now()
    known: dict[str, dict[str, str]] = {}
    with parts.database.transaction() as session:
        version = studies.publish(session, actor, package, now=now - timedelta(days=60))
        _open_site(session, actor, version, parts, cast, known, now=now)
    everybody = [
        story
        for story in stories(now.astimezone(cast.zone).date())
        if only is None or story.number in only
    ]
    for story in everybody:
        code = cast.code(story)
        echo(f"  [{story.number}/{len(everybody)}] {code}: {story.what}")
        with parts.database.transaction() as session:
            known[code] = Life(session, parts, package, cast, story, now=now).live()
    # What they complain of is told first and taken then, as it would be.
    parts.messaging.dispatcher.run()
    with parts.database.transaction() as session:
        _take_flags(session, cast, everybody, now=parts.clock.now())
        events.decide_about(
            session, cast, catalogue=parts.studies.catalogue(session), now=parts.clock.now()
        )
    return known


def _take_flags(session: Session, cast: Cast, everybody: Sequence[Story], *, now: datetime) -> None:
    taken = [cast.code(story) for story in everybody if story.is_taken]
    for flag_id in session.scalars(
        select(SafetyFlag.id)
        .join(Participant, Participant.id == SafetyFlag.participant_id)
        .where(Participant.code.in_(taken), SafetyFlag.acknowledged_at.is_(None))
    ).all():
        flags.acknowledge(session, cast.actor(session, "investigator"), flag_id, now=now)


def read_logins(logins: Path) -> dict[str, dict[str, str]]:
    """Return what `seed` wrote: for each name its secrets. Raises FileNotFoundError."""
    known: dict[str, dict[str, str]] = json.loads(logins.read_text(encoding="utf-8"))
    return known


def one_time_code(login: dict[str, str]) -> str:
    """Return the six digits that an authenticator would show for a demo user now."""
    return TOTP(login["totp_secret"]).at(wall_clock_now())


def _open_site(
    session: Session,
    actor: Actor,
    version: StudyVersion,
    parts: Parts,
    cast: Cast,
    known: dict[str, dict[str, str]],
    *,
    now: datetime,
) -> None:
    opened_at = now - timedelta(days=60)
    site = sites.add_site(session, actor, cast.site, is_training=cast.is_training, now=opened_at)
    studies.activate(
        session, actor, site, version,
        from_on=opened_at.astimezone(cast.zone).date(), now=opened_at,
    )  # fmt: skip
    for number, (part, (full_name, role, is_everywhere)) in enumerate(cast.staff.items(), start=1):
        username, password = cast.username(part), secrets.token_urlsafe(12)
        added = staff.add_user(
            session, actor, username=username, full_name=full_name,
            email=f"{username}@{cast.mail}", phone=f"{cast.staff_phones}{number:02d}",
            password=password, roles=[role], site=None if is_everywhere else cast.site.code,
            keyring=parts.keyring, now=opened_at,
        )  # fmt: skip
        known[username] = {"password": password, "totp_secret": added.totp_secret}
    _delegate(session, parts, cast, known[cast.username("principal")], now=opened_at)
    _enter_roster(session, cast, now=opened_at)


def _delegate(
    session: Session, parts: Parts, cast: Cast, login: dict[str, str], *, now: datetime
) -> None:
    """Have the principal investigator sign who does what, each line with a code of its own."""
    tasks = [(part, task) for task in Task for part in PHYSICIANS]
    for number, (part, task) in enumerate([*tasks, ("coordinator", Task.DATA_REVIEW)]):
        signed_at = now + timedelta(seconds=TOTP_STEP_S * number)
        code = TOTP(login["totp_secret"]).at(signed_at)
        delegation.delegate(
            session, cast.actor(session, "principal"),
            NewDelegation(
                site=cast.site.code, person=cast.username(part), task=task,
                from_on=now.astimezone(cast.zone).date(),
            ),
            Proof(password=login["password"], totp=code, caller=CALLER, wall_now=signed_at),
            keyring=parts.keyring, now=signed_at,
        )  # fmt: skip


def _enter_roster(session: Session, cast: Cast, *, now: datetime) -> None:
    """Have both physicians take turns, a week each; whoever is not on call is the backup."""
    first_on = now.astimezone(cast.zone).date()
    begin = datetime.combine(first_on, time(), tzinfo=cast.zone)
    weeks = [begin + timedelta(weeks=number) for number in range(ROSTER_WEEKS)]
    shifts = tuple(
        NewShift(
            duty=duty, person=cast.username(PHYSICIANS[(number + offset) % len(PHYSICIANS)]),
            begins_at=week, ends_at=week + timedelta(weeks=1),
        )
        for number, week in enumerate(weeks)
        for offset, duty in enumerate(Duty)
    )  # fmt: skip
    last_on = first_on + timedelta(weeks=ROSTER_WEEKS, days=-1)
    roster.enter(
        session, cast.actor(session, "coordinator"),
        NewRoster(site=cast.site.code, from_on=first_on, to_on=last_on, shifts=shifts), now=now,
    )  # fmt: skip
