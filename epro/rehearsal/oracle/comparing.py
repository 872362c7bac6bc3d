"""Compares what happened with what should have, and names every difference."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from epro.rehearsal.facts import Script, site_of
from epro.rehearsal.observing import Observed, Row, SeenFlag
from epro.rehearsal.oracle import rating
from epro.rehearsal.oracle.answered import Response
from epro.rehearsal.oracle.asking_again import is_follow_up
from epro.rehearsal.oracle.course import Course
from epro.rehearsal.oracle.difference import SOON, Compared, Difference, instant_of, is_near
from epro.rehearsal.oracle.ladder import Flag
from epro.rehearsal.oracle.posting import of_mails
from epro.rehearsal.oracle.protocol import Protocol
from epro.rehearsal.oracle.timetable import Asked, Step
from epro.rehearsal.oracle.trail import Trail, of_staff_texts

ON_THE_WAY = timedelta(seconds=20)
INSTANTS = ("opens_at", "due_at", "closes_at", "late_until")


def compare(protocol: Protocol, script: Script, seen: Observed) -> list[Difference]:
    """Return every difference, by participant and day."""
    found = [
        Difference("-", "-", "the EDC's copy", "all of the feed", one) for one in seen.feed_faults
    ]
    found += [
        Difference("-", "-", "what people of another site see", "nothing", one)
        for one in seen.across
    ]
    courses: list[Course] = []
    at_sites = {site: protocol.at(zone) for site, zone in script.zones.items()}
    for person in script.people():
        names = {
            row.id: (row.data["family"], row.data["occurrence"])
            for row in seen.of("assessment", person)
        }
        at_site = at_sites[site_of(person)]
        course = Course.of(at_site, script.at_site_of(person), person, names)
        courses.append(course)
        found += Comparison(course, seen).differences()
        found += Trail(course, seen).differences()
    found += of_staff_texts(protocol, script, courses, seen)
    found += of_mails(protocol, script, courses, seen)
    return sorted(found, key=lambda one: (one.person, one.day, one.what))


class Comparison(Compared):
    """One participant's course against what is on record about her."""

    def __init__(self, course: Course, seen: Observed) -> None:
        super().__init__(course, seen)
        self._assessments = {
            (row.data["family"], row.data["occurrence"]): row
            for row in sorted(seen.of("assessment", course.person), key=lambda it: it.op != "void")
        }

    def differences(self) -> Iterator[Difference]:
        """Yield all differences about her."""
        yield from self._of_assessments()
        yield from self._of_reminders()
        yield from self._of_responses()
        yield from self._of_anchors()
        yield from self._of_flags()

    # --- assessments -----------------------------------------------------------------------------

    def _of_assessments(self) -> Iterator[Difference]:
        wanted = self._course.asked
        for identity, row in self._assessments.items():
            if identity not in wanted and not _is_cancelled_asking(row):
                yield self._says(
                    row.data["planned_on"], f"assessment {_named(row)}", "none", row.op
                )
        for identity, one in wanted.items():
            found = self._assessments.get(identity)
            what = f"assessment {one.block} {one.form}"
            if found is None:
                if one.cancelled_at is None:
                    yield self._says(one.on, what, "one", "none")
                continue
            for name, expected, seen in self._facts(one, found):
                if expected != seen:
                    yield self._says(one.on, f"{what}, {name}", expected, seen)
            call_at = self._seen.calls.get(found.id)
            if not is_near(one.called_at, call_at):
                yield self._says(
                    one.on, f"{what}, call now", self._clock(one.called_at), self._clock(call_at)
                )

    def _facts(self, one: Asked, row: Row) -> Iterator[tuple[str, str, str]]:
        data = row.data
        yield (
            "is cancelled",
            str(one.cancelled_at is not None),
            str(data["cancelled_at"] is not None),
        )
        if one.cancelled_at is not None:
            return
        yield "block", one.block, data["block"]
        yield "questionnaire", one.form, data["questionnaire_code"]
        for name in INSTANTS:
            yield name, self._clock(getattr(one, name)), self._clock(instant_of(data[name]))
        yield "suspended", str(one.suspended_at is not None), str(data["suspended_at"] is not None)
        yield "not offered", str(one.is_not_offered), str(data["not_offered"])
        yield "answered", str(one.completed_at is not None), str(data["completed_at"] is not None)
        if not one.by_assessor:
            missed = data["missed_noticed_at"] is not None
            yield "missed", str(one.missed_at is not None), str(missed)

    # --- reminders -------------------------------------------------------------------------------

    def _of_reminders(self) -> Iterator[Difference]:
        names = {row.id: identity for identity, row in self._assessments.items()}
        rows = {
            (names[row.data["assessment_id"]], row.data["step"]): row.data
            for row in self._seen.of("reminder", self._person)
            if row.data["assessment_id"] in names
        }
        for identity, one in self._course.asked.items():
            for step in one.steps_done.values():
                what = f"reminder {one.block} {step.code}"
                found = rows.pop((identity, step.code), None)
                day = step.due_at.astimezone(self._course.zone).date()
                if found is None:
                    yield self._says(day, what, self._described(step), "none")
                    continue
                yield from self._of_step(day, what, step, found)
        for (identity, code), found in rows.items():
            if found["skipped_reason"] == "not_taking_part" or identity not in self._course.asked:
                continue
            block = self._assessments[identity].data["block"]
            at = instant_of(found["due_at"])
            yield self._says(
                at.date(), f"reminder {block} {code}", "none", self._row_described(found)
            )

    def _of_step(
        self, day: object, what: str, step: Step, found: dict[str, Any]
    ) -> Iterator[Difference]:
        due_at, decided_at = instant_of(found["due_at"]), instant_of(found["decided_at"])
        if due_at != step.due_at:
            yield self._says(day, f"{what}, minute", self._clock(step.due_at), self._clock(due_at))
        if found["skipped_reason"] != step.dropped:
            yield self._says(day, what, self._described(step), self._row_described(found))
            return
        if step.dropped:
            return
        if not is_near(step.decided_at, decided_at):
            yield self._says(
                day, f"{what}, sent", self._clock(step.decided_at), self._clock(decided_at)
            )
        if found["template"] != step.template:
            yield self._says(day, f"{what}, text", step.template, found["template"])
        if step.not_sent:
            if found["not_sent_reason"] != step.not_sent:
                left = found["not_sent_reason"] or "sent"
                yield self._says(day, f"{what}, not sent", step.not_sent, left)
        elif found["channel"] == "sms" and not step.may_fail:
            yield from self._of_arrival(day, what, step, found)

    def _of_arrival(
        self, day: object, what: str, step: Step, found: dict[str, Any]
    ) -> Iterator[Difference]:
        """A text that left has to have reached her phone, unless the provider put it off."""
        near = [
            one
            for one in self._arrived
            if one.template == step.template and -SOON < one.at - step.decided_at < 4 * SOON
        ]
        was_put_off = any(abs(one.at - step.decided_at) < SOON for one in self._put_off)
        if not near and not (was_put_off and found["not_sent_reason"]):
            yield self._says(
                day, f"{what}, on her phone", step.template, found["not_sent_reason"] or "nothing"
            )

    # --- answers and visits ----------------------------------------------------------------------

    def _of_responses(self) -> Iterator[Difference]:
        rows = {self._key_of(row): row for row in self._seen.of("response", self._person)}
        for id_, one in self._course.answered.responses.items():
            what, day = (
                f"response {one.questionnaire}",
                one.answered_at.astimezone(self._home).date(),
            )
            row = rows.pop(id_, None)
            if row is None:
                yield self._says(day, f"{what} in the feed", "one", "none")
                continue
            for name in ("timeliness", "counts", "source_check"):
                expected = getattr(one, name)
                if row.data[name] != expected:
                    yield self._says(day, f"{what}, {name}", str(expected), str(row.data[name]))
            yield from self._of_answers(day, what, one, row)
            if one.questionnaire == rating.FORM:
                yield from self._of_total(day, what, one, row)
            if row.count != one.states:
                yield self._says(
                    day, f"{what}, states in the feed", str(one.states), str(row.count)
                )
        for row in rows.values():
            day = row.data["answered_at"][:10]
            yield self._says(
                day, f"response {row.data['questionnaire_code']} in the feed", "none", "one"
            )

    def _key_of(self, row: Row) -> str:
        """Return what a response is known by: its id, or the visit that was rated."""
        identity = self._course.names.get(row.data["assessment_id"] or "")
        one = self._course.asked.get(identity) if identity else None
        return rating.key_of(one.identity) if one is not None and one.by_assessor else row.id

    def _of_total(self, day: object, what: str, one: Response, row: Row) -> Iterator[Difference]:
        expected = rating.total(one.answers)
        for score in row.data["scores"]:
            if score["value"] != expected:
                yield self._says(day, f"{what}, total", str(expected), str(score["value"]))
        if len(row.data["scores"]) != 1:
            yield self._says(day, f"{what}, totals", "1", str(len(row.data["scores"])))

    def _of_answers(self, day: object, what: str, one: Response, row: Row) -> Iterator[Difference]:
        # She says how long ago it was; the server reckons from when it came.
        if abs(one.answered_at - instant_of(row.data["answered_at"])) > ON_THE_WAY:
            found = self._clock(instant_of(row.data["answered_at"]))
            yield self._says(day, f"{what}, answered at", self._clock(one.answered_at), found)
        said = {item["link_id"]: item.get("value") for item in row.data["answers"]}
        for link_id in sorted(one.answers.keys() | said.keys()):
            expected, given = one.answers.get(link_id), said.get(link_id)
            if _in_order(expected) != _in_order(given):
                yield self._says(day, f"{what}, answer {link_id}", str(expected), str(given))

    def _of_anchors(self) -> Iterator[Difference]:
        rows = {row.data["event"]: row for row in self._seen.of("anchor", self._person)}
        for event, at in self._course.anchors.items():
            found = instant_of(rows[event].data["occurred_at"]) if event in rows else None
            if found is None or abs(found - at) > SOON:
                yield self._says(
                    at.date(), f"anchor {event} in the feed", self._clock(at), self._clock(found)
                )

    # --- flags -----------------------------------------------------------------------------------

    def _of_flags(self) -> Iterator[Difference]:
        left = sorted(
            (one for one in self._seen.flags if one.person == self._person),
            key=lambda it: it.raised_at,
        )
        for flag in self._course.flags.all:
            day = flag.raised_at.astimezone(self._home).date()
            what = f"flag {'+'.join(flag.rules)} for {flag.because}"
            near = [one for one in left if abs(one.raised_at - flag.raised_at) < SOON]
            match = next((one for one in near if set(one.rules) & set(flag.rules)), None)
            if match is None:
                yield self._says(day, what, f"{flag.tier} at {self._clock(flag.raised_at)}", "none")
                continue
            left.remove(match)
            yield from self._of_flag(day, what, flag, match)
        for one in left:
            day = one.raised_at.astimezone(self._home).date()
            yield self._says(
                day,
                f"flag {'+'.join(one.rules)}",
                "none",
                f"{one.tier} at {self._clock(one.raised_at)}",
            )

    def _of_flag(self, day: object, what: str, flag: Flag, found: SeenFlag) -> Iterator[Difference]:
        if set(found.rules) != set(flag.rules):
            yield self._says(day, f"{what}, rules", "+".join(flag.rules), "+".join(found.rules))
        if found.tier != flag.tier:
            yield self._says(day, f"{what}, tier", flag.tier, found.tier)
        for name in ("acknowledged_at", "closed_at"):
            at, found_at = getattr(flag, name), getattr(found, name)
            if not is_near(at, found_at):
                yield self._says(day, f"{what}, {name}", self._clock(at), self._clock(found_at))
        if not is_near(flag.urgent_since, found.urgent_since):
            yield self._says(
                day,
                f"{what}, urgent since",
                self._clock(flag.urgent_since),
                self._clock(found.urgent_since),
            )
        yield from self._of_told(day, what, flag, found)

    def _of_told(self, day: object, what: str, flag: Flag, found: SeenFlag) -> Iterator[Difference]:
        told = list(found.told)
        for step in flag.told:
            near = next((one for one in told if abs(one.due_at - step.at) < SOON), None)
            if near is None and _is_taken_at(step.at, flag):
                continue
            if near is None:
                yield self._says(
                    day, f"{what}, telling at {self._clock(step.at)}", _names(step.people), "nobody"
                )
                continue
            told.remove(near)
            if not is_near(near.at, step.at):
                yield self._says(
                    day, f"{what}, telling, minute", self._clock(step.at), self._clock(near.at)
                )
            if near.people != step.people:
                yield self._says(
                    day,
                    f"{what}, telling at {self._clock(step.at)}",
                    _names(step.people),
                    _names(near.people),
                )
        for one in told:
            yield self._says(
                day, f"{what}, telling at {self._clock(one.due_at)}", "nobody", _names(one.people)
            )

    # --- words -----------------------------------------------------------------------------------

    def _described(self, step: Step) -> str:
        return f"{self._clock(step.due_at)} {step.dropped or step.template}"

    def _row_described(self, data: dict[str, Any]) -> str:
        at = self._clock(instant_of(data["due_at"]))
        return f"{at} {data['skipped_reason'] or data['template']}"


def _is_taken_at(at: datetime, flag: Flag) -> bool:
    """Tell whether somebody took a flag at the very moment at which others were to be told."""
    taken_at = flag.acknowledged_at
    return taken_at is not None and timedelta() <= taken_at - at < ON_THE_WAY


def _in_order(value: Any) -> Any:
    """Of several choices the order says nothing."""
    return sorted(value) if isinstance(value, list | tuple) else value


def _is_cancelled_asking(row: Row) -> bool:
    """Tell whether it was planned between two acts and taken back before it could be asked."""
    return is_follow_up((row.data["family"], "")) and row.data["cancelled_at"] is not None


def _named(row: Row) -> str:
    return f"{row.data['block']} {row.data['questionnaire_code']}"


def _names(people: frozenset[str]) -> str:
    return ", ".join(sorted(people)) or "nobody"
