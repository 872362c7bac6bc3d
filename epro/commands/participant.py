"""Participants from a shell: what days are counted from, shown before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from epro.access import Grant, Permission, Role
from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.models import Participant, Site
from epro.services import anchors, enrolment, planning, previews
from epro.services.previews import Place, Preview, Shift
from questionnaires.schedule import AnchorEvent
from questionnaires.study_calendar import local_time
from questionnaires.windows import instants_of

EVENTS = [event.value for event in anchors.RECORDED_BY_SITE]
event_argument = click.argument(
    "event",
    metavar="EVENT",
    type=click.Choice(EVENTS, case_sensitive=False),
    callback=lambda _c, _p, it: AnchorEvent(it),
)


@click.group()
def participant() -> None:
    """Participants, by their code."""


@participant.group()
def anchor() -> None:
    """What a participant's days are counted from: list, preview, record, withdraw.

    EVENT is INF1_PLANNED, INF1, INF2 or END. TIME is local to her site, as in 2026-03-01T10:00,
    or has an offset of its own, as in 2026-03-01T02:00Z. For whoever runs the system: it stands on
    record as given at the command line, under the name of the account. The site records anchors in
    the console.

    \b
    Example:
      epro participant anchor preview SZ01-014 INF1 2026-03-01T10:00
      epro participant anchor record SZ01-014 INF1 2026-03-01T10:00
    """


@anchor.command("list")
@click.argument("code")
def list_anchors(code: str) -> None:
    """Print every anchor ever recorded for a participant, the superseded ones included.

    \b
    Example:
      epro participant anchor list SZ01-014
    """
    with opened_parts() as parts, parts.database.reading() as session:
        person = _get(session, code)
        for one in anchors.history(session, person):
            zone = ZoneInfo(one.zone)
            stands = "stands" if one.superseded_at is None else "superseded"
            reason = f"  {one.reason}" if one.reason else ""
            click.echo(
                f"{one.event:<12}  {_at(one.occurred_at, zone)}  {one.zone}  {stands:<10}  "
                f"recorded {_at(one.recorded_at, zone)}{reason}"
            )


@anchor.command()
@click.argument("code")
@event_argument
@click.argument("time")
@click.option("--all", "with_what_stays", is_flag=True, help="List also what stays as it is.")
def preview(*, code: str, event: AnchorEvent, time: str, with_what_stays: bool) -> None:
    """Print what recording or correcting an anchor would change; nothing is saved.

    \b
    Example:
      epro participant anchor preview SZ01-014 INF2 2026-03-29T10:00
    """
    with opened_parts() as parts, parts.database.reading() as session:
        person = _get(session, code)
        change = _Change(person, event, _instant(session, person, time))
        shown = previews.of_anchor(
            session, person, event, occurred_at=change.at,
            catalogue=parts.studies.catalogue(session), now=parts.clock.now(),
        )  # fmt: skip
        standing = planning.standing_anchors(session, person.id).get(event)
    click.echo(change.headline(standing))
    _print(shown, person, with_what_stays=with_what_stays)
    reason = ' --reason "…"' if standing not in {None, change.at} else ""
    click.echo(f"Nothing is saved. To save it:\n  epro participant anchor record "
               f"{code} {event} {time}{reason}")  # fmt: skip


@anchor.command()
@click.argument("code")
@event_argument
@click.argument("time")
@click.option("--reason", metavar="TEXT", help="Why a time that is on record is corrected.")
def record(code: str, event: AnchorEvent, time: str, reason: str | None) -> None:
    """Record when an anchor event happened, or correct it, and print what changed by it.

    \b
    Example:
      epro participant anchor record SZ01-014 INF1 2026-03-01T10:00
      epro participant anchor record SZ01-014 INF1 2026-03-01T10:30 --reason "typing error"
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        person, now = _get(session, code), parts.clock.now()
        catalogue = parts.studies.catalogue(session)
        change = _Change(person, event, _instant(session, person, time))
        standing = planning.standing_anchors(session, person.id).get(event)
        shown = previews.of_anchor(
            session, person, event, occurred_at=change.at, catalogue=catalogue, now=now
        )
        anchors.record(
            session, operator(), person, event,
            occurred_at=change.at, reason=reason, catalogue=catalogue, now=now,
        )  # fmt: skip
    if standing == change.at:
        click.echo(f"{event} of {code} is on record with this time already; nothing changed.")
        return
    click.echo(change.headline(standing))
    _print(shown, person, with_what_stays=False)
    click.echo("It is on record.")


@anchor.command()
@click.argument("code")
@event_argument
@click.option("--reason", metavar="TEXT", required=True, help="Why it should not be on record.")
def withdraw(code: str, event: AnchorEvent, reason: str) -> None:
    """Take back an anchor that was recorded by mistake.

    \b
    Example:
      epro participant anchor withdraw SZ01-014 INF2 --reason "another participant's"
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        changes = anchors.withdraw(
            session, operator(), _get(session, code), event,
            reason=reason, catalogue=parts.studies.catalogue(session), now=parts.clock.now(),
        ).changes  # fmt: skip
    click.echo(
        f"{event} of {code} is taken back: {len(changes.create) + len(changes.revive)} come, "
        f"{len(changes.move)} move, {len(changes.cancel)} go."
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """An anchor as it is to stand."""

    person: Participant
    event: AnchorEvent
    at: datetime

    def headline(self, standing: datetime | None) -> str:
        """Say what is recorded, and in place of what; times where she is."""
        zone = ZoneInfo(self.person.zone)
        was = f", was {_at(standing, zone)}" if standing is not None else ""
        return f"{self.person.code}  {self.event}  {_at(self.at, zone)}{was}  ({zone.key})"


def _get(session: Session, code: str) -> Participant:
    """Find a participant as a coordinator of all sites would."""
    reader = replace(operator(), grants=(Grant(Role.COORDINATOR),))
    try:
        return enrolment.get_participant(session, reader, code, Permission.RECORD_ANCHOR)
    except NotFound as absent:
        raise click.ClickException(f"There is no participant {code}.") from absent


def _instant(session: Session, person: Participant, time: str) -> datetime:
    """Read a time: with an offset as it says, without one local to her site."""
    try:
        told = datetime.fromisoformat(time)
    except ValueError as unreadable:
        raise click.BadParameter(
            f"{time} is no time, as 2026-03-01T10:00 is.", param_hint="TIME"
        ) from unreadable
    if told.tzinfo is not None:
        return told
    zone = ZoneInfo(session.get_one(Site, person.site_id).zone)
    found = instants_of(told, zone)
    if not found:
        raise click.BadParameter(
            f"At {time} no clock stood in {zone.key}: that hour was skipped.", param_hint="TIME"
        )
    if len(found) > 1:
        offsets = " or ".join(at.astimezone(zone).isoformat(timespec="minutes") for at in found)
        raise click.BadParameter(
            f"{time} came twice in {zone.key}. Say which: {offsets}.", param_hint="TIME"
        )
    return found[0]


def _print(shown: Preview, person: Participant, *, with_what_stays: bool) -> None:
    zone = ZoneInfo(person.zone)
    lists = {"comes": shown.comes, "moves": shown.moves, "goes": shown.goes, "stays": shown.stays}
    for name, shifts in lists.items():
        click.echo(f"{name}: {len(shifts)}")
        if name != "stays" or with_what_stays:
            for line in _lines(shifts, zone):
                click.echo(f"  {line}".rstrip())


def _lines(shifts: Sequence[Shift], zone: ZoneInfo) -> list[str]:
    return [
        f"{_place(one.before or one.after, zone)}"
        + (f"  ->  {_place(one.after, zone)}" if _has_moved(one) else "")
        + f"  {one.title.en}"
        + ("  (its time is over: not offered)" if one.is_not_offered else "")
        for one in shifts
    ]


def _has_moved(one: Shift) -> bool:
    return one.before is not None and one.after is not None and one.before != one.after


def _place(place: Place | None, zone: ZoneInfo) -> str:
    if place is None:
        raise ValueError("A shift has a place before or after.")
    opens, closes = (local_time(at, place.on, zone) for at in (place.opens_at, place.closes_at))
    return f"{place.on.isoformat()} {place.block:<5} {opens:>9} - {closes:<9}"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


COMMANDS = (participant,)
