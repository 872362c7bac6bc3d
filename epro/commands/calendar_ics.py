"""A study calendar as iCalendar (RFC 5545), for whoever wants it beside other appointments."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event

from questionnaires.definition import Language
from questionnaires.study_calendar import StudyCalendar, event_name

# Equal calendars are equal byte for byte: nothing here says when it was made.
_STAMP = datetime(2026, 1, 1, tzinfo=UTC)


def to_ics(calendar: StudyCalendar, *, language: Language) -> str:
    """Return the calendar with an entry from opening to close of each assessment; times in UTC."""
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", f"-//epro//{calendar.package.code} {calendar.package.version}//")
    made.add("x-wr-calname", calendar.package.title.in_language(language))
    for day in calendar.days:
        for event, at in day.events:
            made.add_component(_entry(f"{event}:{at}", event_name(event, language), at, at))
        for one in day.entries:
            name = f"{day.label} {calendar.title(one, language)}"
            made.add_component(
                _entry(f"{one.family}:{one.occurrence}", name, one.opens_at, one.closes_at)
            )
    content: bytes = made.to_ical()
    return content.decode()


def _entry(identity: str, name: str, begins: datetime, ends: datetime) -> Event:
    entry = Event()
    entry.add("uid", f"{uuid5(NAMESPACE_URL, identity)}@epro")
    entry.add("dtstamp", _STAMP)
    entry.add("summary", name)
    entry.add("dtstart", begins.astimezone(UTC))
    entry.add("dtend", ends.astimezone(UTC))
    entry.add("transp", "TRANSPARENT")
    return entry
