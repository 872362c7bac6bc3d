"""Compares the mails that came with those that should have: to the sites, the sponsor, and her."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from epro.rehearsal.facts import Script, Staff, site_of
from epro.rehearsal.observing import Observed
from epro.rehearsal.oracle import mails
from epro.rehearsal.oracle.course import Course
from epro.rehearsal.oracle.difference import SOON, Difference
from epro.rehearsal.oracle.mails import Expected, Read, Reader
from epro.rehearsal.oracle.protocol import DAY, Protocol, clock, minute_of


def of_mails(
    protocol: Protocol, script: Script, courses: Sequence[Course], seen: Observed
) -> Iterator[Difference]:
    """Yield every mail that is missing, that nobody expected, or that says something else."""
    reader = Reader(protocol.texts, protocol.languages)
    arrived = [reader.read(one) for one in seen.mails]
    counted = [one for one in arrived if not one.template.startswith(mails.NOT_RECKONED)]
    names = {one.email: one.username for one in script.staff} | {
        course.email: course.person for course in courses if course.email
    }
    expected = [*_about_flags(script, courses, seen), *_to_them(courses)]
    expected += _digests(protocol, script, courses)
    for one in mails.unlike(expected, counted):
        if isinstance(one, Read):
            yield _unexpected(one, names, protocol.site_zone)
        else:
            yield _otherwise(*one, protocol.site_zone)


def _about_flags(script: Script, courses: Iterable[Course], seen: Observed) -> Iterator[Expected]:
    for course in courses:
        site = site_of(course.person)
        yield from mails.of_flags(
            course.person, course.flags.all,
            {one.username: one.email for one in script.staff if one.site == site},
            site=site, zone=course.protocol.site_zone,
            ids={one.id for one in seen.flags if one.person == course.person},
        )  # fmt: skip


def _to_them(courses: Iterable[Course]) -> Iterator[Expected]:
    for course in courses:
        yield from mails.to_her(course.person, course.email, course.sent)


def _digests(protocol: Protocol, script: Script, courses: Sequence[Course]) -> Iterator[Expected]:
    """Yield the mail of each working day on which flags of the digest's tiers wait at a site."""
    policy = protocol.escalation.get("digest")
    if policy is None:
        return
    for site, written in script.digest_at.items():
        at_site = protocol.at(script.zones[site])
        own = [one for one in courses if site_of(one.person) == site]
        people = [one for one in script.staff if one.site == site and one.role in policy["to"]]
        for at in _working_days(at_site, script, minute_of(written)):
            counts = [
                sum(flag.waits_as(near) in policy["tiers"] for it in own for flag in it.flags.all)
                for near in (at - SOON, at, at + SOON)
            ]
            if max(counts):
                yield from _digest(site, at, counts, people, policy["template"])


def _digest(
    site: str, at: datetime, counts: Sequence[int], people: Iterable[Staff], template: str
) -> Iterator[Expected]:
    """Yield the mail to each; of a flag that comes or goes at the very minute either is right."""
    fitting = [str(count) for count in range(min(counts), max(counts) + 1)]
    for one in people:
        yield Expected(
            address=one.email, template=f"{template}_email", at=at,
            says={"site": [site], "count": fitting}, whose=site,
            what=f"daily mail to {one.username}", is_needed=min(counts) > 0,
        )  # fmt: skip


def _working_days(protocol: Protocol, script: Script, minute: int) -> Iterator[datetime]:
    zone = protocol.site_zone
    on = min(one.at for one in script.facts).astimezone(zone).date()
    while (at := clock(on, minute, zone)) < script.ends_at:
        if protocol.is_working_day(on):
            yield at
        on += DAY


def _unexpected(found: Read, names: Mapping[str, str], zone: ZoneInfo) -> Difference:
    at, to = found.mail.at.astimezone(zone), names.get(found.mail.address, "somebody unknown")
    said = f"{found.template or 'words of no text'} at {at:%m-%d %H:%M}"
    return Difference("-", f"{at:%Y-%m-%d}", f"a mail to {to}", "none", said)


def _otherwise(one: Expected, found: Read | None, place: str, zone: ZoneInfo) -> Difference:
    at = one.at.astimezone(zone)
    day = f"{at:%Y-%m-%d}"
    if found is None:
        said = f"{one.template} at {at:%m-%d %H:%M}"
        return Difference(one.whose, day, one.what, said, "none")
    wanted = "/".join(sorted(one.says.get(place, []))) or "the page of her flag"
    return Difference(one.whose, day, f"{one.what}, {place}", wanted, found.says[place])
