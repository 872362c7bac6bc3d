"""What should become of one participant, replayed minute by minute from what people did."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.facts import Did, Fact, Script
from epro.rehearsal.oracle import answers, ladder, reminding
from epro.rehearsal.oracle.answers import Entry
from epro.rehearsal.oracle.ladder import Flag
from epro.rehearsal.oracle.protocol import (
    URGENCY,
    Protocol,
    clock,
    days_and_minute,
    end_of_quiet,
)
from epro.rehearsal.oracle.reminding import Message
from epro.rehearsal.oracle.timetable import Asked, Identity, replan, timetable

HOME = ZoneInfo("Asia/Shanghai")
LEAVES_DIARY = {"withdrawn_from_diary", "withdrawn_from_contact", "withdrawn_from_all"}
CHANNELS = (("sms", "sms_processor"), ("email", "email_processor"))


@dataclass(frozen=True, slots=True)
class Response:
    """A form that was sent in, as it should stand on record."""

    id: str
    questionnaire: str
    identity: Identity | None
    answered_at: datetime
    timeliness: str
    counts: bool
    revision: int = 1


@dataclass(slots=True)
class Course:
    """Everything that is expected of one participant; `of` works it out."""

    protocol: Protocol
    script: Script
    person: str
    zone: ZoneInfo = HOME
    slot: str = "evening"
    own_time: str | None = None
    consents: list[str] = field(default_factory=list)
    anchors: dict[str, datetime] = field(default_factory=dict)
    life_cycle: str = "active"
    left_at: datetime | None = None
    asked: dict[Identity, Asked] = field(default_factory=dict)
    former: list[Asked] = field(default_factory=list)
    responses: dict[str, Response] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    is_dead: bool = False

    @classmethod
    def of(cls, protocol: Protocol, script: Script, person: str) -> "Course":
        """Replay all that was done, and between the acts all that time brings."""
        course = cls(protocol, script, person)
        for fact in script.of(person):
            course._pass_time(fact.at)
            course._follow(fact)
        course._pass_time(script.ends_at)
        for flag in course.flags:
            course._tell(flag, script.ends_at)
        return course

    # --- what people do --------------------------------------------------------------------------

    def _follow(self, fact: Fact) -> None:
        what, now = fact.what, fact.at
        match fact.did:
            case Did.ENROLLED:
                self.slot, self.consents = what["slot"], what["consents"]
                self.zone = ZoneInfo(what["zone"])
                self.anchors["ENR"] = now
                self._replan(now)
            case Did.CHOSE_TIME:
                self.own_time = what["time"]
            case Did.ANCHORED:
                self.anchors[what["event"]] = what["occurred_at"]
                self._replan(now)
            case Did.MOVED_ZONE:
                self.zone = ZoneInfo(what["zone"])
                self._replan(now)
            case Did.LEFT:
                self.life_cycle = what["life_cycle"]
                self.anchors["END"] = self.left_at = now
                self._replan(now)
            case Did.NUMBER_DIED:
                self.is_dead = True
            case Did.NUMBER_CAME_BACK:
                self.is_dead = False
            case _:
                self._follow_answers(fact)

    def _follow_answers(self, fact: Fact) -> None:
        match fact.did:
            case Did.ANSWERED:
                self._answered(fact)
            case Did.CORRECTED:
                self._corrected(fact)
            case Did.ACKNOWLEDGED | Did.CLOSED:
                self._taken_or_closed(fact)
            case _:
                pass  # activated, called: nothing follows by itself

    def _replan(self, now: datetime) -> None:
        done = {key for key, one in self.asked.items() if one.completed_at and not one.cancelled_at}
        wanted = timetable(
            self.protocol, self.anchors, zone=self.zone, slot=self.slot, answered=done
        )
        replan(self.asked, wanted, now=now, left_at=self.left_at)

    def _answered(self, fact: Fact) -> None:
        what, answered_at = fact.what, fact.what["answered_at"]
        one = self._meant(what["questionnaire"], what["on"])
        timeliness = "unscheduled" if one is None else _timeliness(one, answered_at)
        counts = one is not None and timeliness != "out_of_window" and one.completed_at is None
        self.responses[what["response"]] = Response(
            what["response"], what["questionnaire"], one.identity if one else None, answered_at,
            timeliness, counts,
        )  # fmt: skip
        if one is not None and counts:
            one.completed_at = fact.at
        about = one.on if one else answered_at.astimezone(self.zone).date()
        entry = Entry(what["response"], about, answered_at, what["answers"])
        self._screen(entry, fact.at)
        self.entries.append(entry)
        self._replan(fact.at)

    def _corrected(self, fact: Fact) -> None:
        earlier = self.responses[fact.what["response"]]
        self.responses[earlier.id] = Response(
            earlier.id, earlier.questionnaire, earlier.identity, earlier.answered_at,
            earlier.timeliness, earlier.counts, earlier.revision + 1,
        )  # fmt: skip
        old = next(one for one in self.entries if one.response == earlier.id)
        self.entries.remove(old)
        entry = Entry(old.response, old.on, old.answered_at, fact.what["answers"])
        self._screen(entry, fact.at)
        self.entries.append(entry)

    def _meant(self, questionnaire: str, on: date | None) -> Asked | None:
        """Return the assessment that a form of a day answers."""
        fitting = [one for one in self.asked.values() if one.form == questionnaire and one.on == on]
        standing = [one for one in fitting if not one.cancelled_at]
        return next(iter(standing or fitting), None)

    def _taken_or_closed(self, fact: Fact) -> None:
        rules = set(fact.what["rules"])
        for flag in self.flags:
            if flag.closed_at is None and rules & set(flag.rules):
                if fact.did is Did.CLOSED:
                    flag.closed_at = fact.at
                elif flag.acknowledged_at is None:
                    self._tell(flag, fact.at)
                    flag.acknowledged_at = fact.at
                return

    # --- what time brings ------------------------------------------------------------------------

    def _pass_time(self, until: datetime) -> None:
        while (instant := self._next_instant(until)) is not None:
            self._remind(instant)
            self._notice(instant)

    def _next_instant(self, until: datetime) -> datetime | None:
        """Return the next instant before `until` at which something is due by the clock."""
        instants = [one.at for one in self._pending()] if self._is_reminded else []
        for one in self._awaited():
            if one.missed_at is None and one.is_analysed and not one.by_assessor:
                instants.append(one.late_until)
                call_at = self._call_at(one)
                if call_at is not None and one.called_at is None and call_at < one.late_until:
                    instants.append(call_at)
        return min((at for at in instants if at <= until), default=None)

    @property
    def _is_reminded(self) -> bool:
        return self.life_cycle not in LEAVES_DIARY

    def _awaited(self) -> list[Asked]:
        return [one for one in self.asked.values() if one.is_awaited]

    def _pending(self) -> list[reminding.Due]:
        return list(
            reminding.pending(
                self.protocol, self.asked.values(), zone=self.zone, own_time=self.own_time
            )
        )

    def _remind(self, instant: datetime) -> None:
        if not self._is_reminded:
            return
        pending = self._pending()
        due = [one for one in pending if one.at <= instant]
        if not due:
            return
        # What was planned after its step's time is looked at when it is planned.
        message, steps = reminding.decide(
            self.protocol, due, still_to_come=[one for one in pending if one.at > instant],
            sent=self.sent, days_since_infusion=self._days_since(instant), zone=self.zone,
            now=instant,
        )  # fmt: skip
        channel = self._channel()
        fails = self.is_dead and channel == "sms"
        for place, step in steps.items():
            # Whoever agreed to no way of being reminded is called instead.
            not_sent = None if channel or step.dropped else "no_consent"
            due[place].asked.steps_done[step.code] = replace(
                step, not_sent=not_sent, may_fail=fails
            )
        if message is not None and channel and not fails:
            self.sent.append(message)

    def _channel(self) -> str | None:
        """Return by which way she is reminded, as far as she agreed to any."""
        order = self.protocol.reminders["channels"]
        agreed = [way for way, consent in CHANNELS if consent in self.consents]
        return next((way for way in order if way in agreed), None)

    def _days_since(self, instant: datetime) -> int | None:
        """Return how many days of hers ago she was last infused, by the site's calendar."""
        return self._days_after_infusion(instant.astimezone(self.zone).date())

    def _days_after_infusion(self, on: date) -> int | None:
        days = [
            (on - self.anchors[event].astimezone(self.protocol.site_zone).date()).days
            for event in ("INF1", "INF2")
            if event in self.anchors
        ]
        return min((one for one in days if one >= 0), default=None)

    def _call_at(self, one: Asked) -> datetime | None:
        """Return when the site is asked to phone, if an answer does not come."""
        policy = self.protocol.silence
        since = self._days_after_infusion(one.on)
        instants: list[datetime] = []
        if (
            one.block in policy["call_now"]["blocks"]
            and since is not None
            and since < policy["early_days"]
        ):
            instants.append(one.due_at + timedelta(minutes=policy["call_now"]["minutes_after_due"]))
        for later in policy["call_later"]:
            if one.block in later["blocks"]:
                days, minute = days_and_minute(later["at"])
                instants.append(clock(one.on + timedelta(days=days), minute, self.zone))
        if not instants:
            return None
        return end_of_quiet(min(instants), policy["quiet_hours"], self.zone)

    def _notice(self, instant: datetime) -> None:
        for one in sorted(self._awaited(), key=lambda it: (it.late_until, it.identity)):
            if one.by_assessor or not one.is_analysed or one.missed_at is not None:
                continue
            call_at = self._call_at(one)
            if call_at is not None and call_at <= instant < one.late_until and not one.called_at:
                one.called_at = call_at
            if one.late_until <= instant:
                one.missed_at = one.late_until
                self._judge_silence(one, instant)

    def _judge_silence(self, one: Asked, instant: datetime) -> None:
        policy, tiers = self.protocol.silence, []
        since = self._days_after_infusion(one.on)
        if one.block in policy["missed"]["blocks"]:
            is_early = since is not None and since < policy["early_days"]
            tiers.append(policy["missed"]["early_tier" if is_early else "tier"])
        in_a_row = policy["missed_in_a_row"]
        if one.block in in_a_row["blocks"] and self._missed_running(one) >= in_a_row["count"]:
            tiers.append(in_a_row["tier"])
        while_open = policy["missed_while_open"]
        is_open = any(
            flag.closed_at is None and flag.tier in while_open["open_tiers"] for flag in self.flags
        )
        if one.block in while_open["blocks"] and is_open:
            tiers.append(while_open["tier"])
        if tiers:
            worst = max(tiers, key=lambda tier: URGENCY[tier])
            self._raise(
                [{"id": policy["id"], "tier": worst}], f"no {one.form} on {one.on}", instant
            )

    def _missed_running(self, last: Asked) -> int:
        """Count how many of one family were missed one after another, the last one included."""
        before = [
            one
            for one in self.asked.values()
            if one.family == last.family
            and one.late_until <= last.late_until
            and not one.cancelled_at
            and not one.is_not_offered
        ]
        count = 0
        for one in sorted(before, key=lambda it: it.late_until, reverse=True):
            if one.completed_at:
                break
            count += 1
        return count

    # --- flags -----------------------------------------------------------------------------------

    def _screen(self, entry: Entry, now: datetime) -> None:
        infusions = [self.anchors[event] for event in ("INF1", "INF2") if event in self.anchors]
        met = answers.met(self.protocol, entry, self.entries, infusions)
        if met:
            self._raise(met, f"answers about {entry.on}", now)

    def _raise(self, rules: Sequence[dict[str, Any]], because: str, now: datetime) -> None:
        """Raise one flag at the highest tier, or join an open one that shares a rule."""
        ids = {rule["id"] for rule in rules}
        for flag in self.flags:
            if flag.closed_at is None and ids & set(flag.rules):
                told = list(flag.told)
                was = (flag.urgent_since, flag.acknowledged_at)
                before = Flag(
                    rules=list(flag.rules), tier=flag.tier, tonight=flag.tonight,
                    raised_at=flag.raised_at, urgent_since=was[0], because=flag.because,
                    acknowledged_at=was[1], told=told,
                )  # fmt: skip
                if flag.add(rules, now=now) and before.acknowledged_at is None:
                    self._tell(before, now)
                    flag.told = before.told
                return
        self.flags.append(
            Flag(
                rules=[rule["id"] for rule in rules], tier=rules[0]["tier"],
                tonight=rules[0].get("tonight", False), raised_at=now, urgent_since=now,
                because=because,
            )
        )  # fmt: skip

    def _tell(self, flag: Flag, until: datetime) -> None:
        """Put down who was told until somebody took the flag."""
        if flag.acknowledged_at is not None or flag.closed_at is not None:
            return
        flag.told += [
            told
            for told in ladder.steps(self.protocol, flag, self.script.staff, self.script.shifts)
            if told.at <= until
        ]


def _timeliness(one: Asked, answered_at: datetime) -> str:
    if one.opens_at <= answered_at < one.closes_at:
        return "on_time"
    return "late" if one.closes_at <= answered_at < one.late_until else "out_of_window"
