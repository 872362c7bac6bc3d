"""Compares what stays of her: texts, how she takes part, the audit trail, her record as a whole."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import zip_longest

from epro.rehearsal.facts import Fact, Script
from epro.rehearsal.gateway import Arrived
from epro.rehearsal.observing import Observed
from epro.rehearsal.oracle import recorded, texts
from epro.rehearsal.oracle.course import Course
from epro.rehearsal.oracle.difference import Compared, Difference, instant_of, is_near
from epro.rehearsal.oracle.protocol import Protocol

# docs/edc-integration.md: of these every state is served, by version.
WITHOUT_HOLES = ("participant", "consent", "anchor", "assessment", "reminder", "compliance")


def of_staff_texts(
    protocol: Protocol, script: Script, courses: Iterable[Course], seen: Observed
) -> Iterator[Difference]:
    """Every step of a ladder has to ring on the phones that it names, and nothing else does."""
    numbers = {one.username: one.number for one in script.staff}
    names = {number: name for name, number in numbers.items()}
    arrived, put_off = (
        [one for one in some if one.template in texts.TEMPLATES]
        for some in (seen.arrived, seen.put_off)
    )
    expected = [
        one
        for course in courses
        for one in texts.to_staff(course.person, course.flags.all, numbers)
    ]
    for one in texts.unlike(expected, arrived, put_off):
        at = one.at.astimezone(protocol.site_zone)
        day, said = f"{at:%Y-%m-%d}", f"{one.template} at {at:%m-%d %H:%M}"
        if isinstance(one, Arrived):
            yield Difference("-", day, f"a text to {names[one.number]}", "none", said)
        else:
            yield Difference(one.whose, day, one.what, said, "none")


class Trail(Compared):
    """One participant's course against what is left of it on record."""

    def differences(self) -> Iterator[Difference]:
        """Yield all differences of these kinds about her."""
        yield from self._of_texts()
        yield from self._of_her()
        yield from self._of_states()
        yield from self._of_acts()
        yield from self._of_events()
        yield from self._of_record()

    def _of_texts(self) -> Iterator[Difference]:
        """No text reaches her that nobody expected: not twice, not at night, not once she left."""
        expected = texts.to_her(self._course.number, self._course.sent)
        for one in texts.unlike(expected, self._arrived, self._put_off):
            if isinstance(one, Arrived):  # that one is missing is told with its reminder
                found = f"{one.template} at {self._clock(one.at)}"
                day = one.at.astimezone(self._home).date()
                yield self._says(day, "a text on her phone", "none", found)

    def _of_her(self) -> Iterator[Difference]:
        course, rows = self._course, self._seen.of("participant", self._person)
        ends_on = course.script.ends_at.astimezone(self._home).date()
        expected = {
            "life_cycle": course.life_cycle, "zone": course.zone.key,
            "diary_slot": course.slots[-1][1], "reminder_time": course.own_time,
        }  # fmt: skip
        data = rows[0].data if rows else dict.fromkeys(expected)
        for name, value in expected.items():
            if data[name] != value:
                yield self._says(ends_on, f"participant, {name}", str(value), str(data[name]))
        agreed = sorted(
            row.data["kind"]
            for row in self._seen.of("consent", self._person)
            if row.data["withdrawn_at"] is None and row.data["superseded_at"] is None
        )
        if agreed != sorted(course.consents):
            yield self._says(ends_on, "consents", str(sorted(course.consents)), str(agreed))

    def _of_states(self) -> Iterator[Difference]:
        """Versions have no holes: so many states of it have to have come as the newest says."""
        ends_on = self._course.script.ends_at.astimezone(self._home).date()
        for kind in WITHOUT_HOLES:
            for row in self._seen.of(kind, self._person):
                if row.count != row.version:
                    what = f"{kind} {row.id}, states in the feed"
                    yield self._says(ends_on, what, str(row.version), str(row.count))

    def _of_acts(self) -> Iterator[Difference]:
        acts = [one for one in self._seen.acts if one.person == self._person]
        for one, verb in recorded.unlike(self._course.script.of(self._person), acts):
            at = one.at.astimezone(self._home)
            by = one.what.get("by", "") if isinstance(one, Fact) else one.actor
            said, none = f"at {at:%m-%d %H:%M} {by}".strip(), "none"
            expected, found = (said, none) if isinstance(one, Fact) else (none, said)
            yield self._says(at.date(), f"{verb} on record", expected, found)

    def _of_events(self) -> Iterator[Difference]:
        ends_on = self._course.script.ends_at.astimezone(self._home).date()
        rows = [one for one in self._seen.of("adverse_event", self._person) if one.op != "void"]
        ended = {row.id for row in rows if row.data["ended_on"]}
        record = self._course.record
        for what, expected, found in (
            ("adverse events in the feed", record.event_count, len(rows)),
            ("adverse events that have ended", len(record.ended), len(ended & record.ended)),
        ):
            if expected != found:
                yield self._says(ends_on, what, str(expected), str(found))

    def _of_record(self) -> Iterator[Difference]:
        """Compare every signature under the record as a whole, every lock, and how it stands."""
        record = self._course.record
        signed_at = sorted(
            instant_of(row.data["signed_at"])
            for row in self._seen.of("signature", self._person)
            if row.data["meaning"] == "signed_off"
        )
        for expected, found in zip_longest(record.signed_at, signed_at):
            if not is_near(expected, found):
                yield self._says_at("record, signed off", expected, found)
        for key in record.undecided:
            day = record.signed_at[-1].astimezone(self._home).date()
            yield self._says(day, f"candidate for report {key}", "one to decide", "none")
        ends_on = self._course.script.ends_at.astimezone(self._home).date()
        stands = [record.holds, record.is_locked]
        for name, expects, is_so in zip(
            ("is signed off", "is locked"), stands, self._seen.records[self._person], strict=True
        ):
            if expects is not is_so:
                yield self._says(ends_on, f"record, {name}", str(expects), str(is_so))
        yield from self._of_locks()

    def _of_locks(self) -> Iterator[Difference]:
        locks = sorted(
            (instant_of(one.data["locked_at"]), _maybe(one.data["unlocked_at"]))
            for one in self._seen.of("record_lock", self._person)
        )
        none = (None, None)
        for expected, found in zip_longest(self._course.record.locks, locks, fillvalue=none):
            for name, at, found_at in zip(("locked", "unlocked"), expected, found, strict=True):
                if not is_near(at, found_at):
                    yield self._says_at(f"record_lock in the feed, {name}", at, found_at)

    def _says_at(self, what: str, expected: datetime | None, found: datetime | None) -> Difference:
        day = (expected or found or self._course.script.ends_at).astimezone(self._home).date()
        return self._says(day, what, self._clock(expected), self._clock(found))


def _maybe(text: str | None) -> datetime | None:
    return instant_of(text) if text else None
