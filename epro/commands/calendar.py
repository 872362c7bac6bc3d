"""`epro study calendar`: the 24 weeks of one participant, before anybody is enrolled."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from epro.commands.calendar_ics import to_ics
from epro.commands.calendar_page import to_html
from epro.logs import ROOT
from questionnaires.checking import check_folder
from questionnaires.definition import Language
from questionnaires.schedule import AnchorEvent, DiarySlot, SlotChoice
from questionnaires.study_calendar import study_calendar, to_text

PACKAGE = ROOT / "questionnaires" / "studies" / "bk-sle-i-01"
_TIME = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command("calendar")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=PACKAGE
)
@click.option("--infusion", type=_TIME, required=True, metavar="TIME", help="Its local time.")
@click.option("--second", type=_TIME, metavar="TIME", help="That of infusion visit 2, if any.")
@click.option("--enrolment", type=_TIME, metavar="TIME", help="That of the enrolment.")
@click.option("--zone", "zone_name", metavar="ZONE", help="IANA time zone; else the study's.")
@click.option(
    "--slot", type=click.Choice([one.value for one in DiarySlot]), default=DiarySlot.EVENING.value,
    show_default=True, help="When of a day she keeps her diary.",
)  # fmt: skip
@click.option(
    "--language", type=click.Choice([one.value for one in Language]), default=Language.ZH.value,
    show_default=True, help="In which language it is printed.",
)  # fmt: skip
@click.option("--ics", "as_ics", is_flag=True, help="As iCalendar, for a calendar program.")
@click.option("--html", "as_html", is_flag=True, help="As one page with a picture, for printing.")
def calendar(  # noqa: PLR0913  what the command line offers
    *,
    folder: Path,
    infusion: datetime,
    second: datetime | None,
    enrolment: datetime | None,
    zone_name: str | None,
    slot: str,
    language: str,
    as_ics: bool,
    as_html: bool,
) -> None:
    """Print what is due on each day of a participant, with every message that could be sent.

    Nothing is stored. Times are local to the zone; the infusion counts as planned and as real.

    \b
    Example:
      epro study calendar --infusion 2026-03-01T10:00 --second 2026-03-29T10:00
      epro study calendar --infusion 2026-03-01T10:00 --html > calendar.html
    """
    if as_ics and as_html:
        raise click.UsageError("Choose --ics or --html.")
    package = check_folder(folder).package
    zone = _zone(zone_name or package.zone)
    times = {
        AnchorEvent.ENR: enrolment,
        AnchorEvent.INF1_PLANNED: infusion,
        AnchorEvent.INF1: infusion,
        AnchorEvent.INF2: second,
    }
    anchors = {event: at.replace(tzinfo=zone) for event, at in times.items() if at is not None}
    made = study_calendar(package, anchors, zone=zone, slots=SlotChoice(DiarySlot(slot)))
    write = to_ics if as_ics else to_html if as_html else to_text
    click.echo(write(made, language=Language(language)), nl=False)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as unknown:
        raise click.BadParameter(f"{name} is no IANA time zone, as Asia/Shanghai is.") from unknown
