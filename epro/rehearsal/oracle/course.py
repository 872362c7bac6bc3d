"""What should become of one participant, replayed minute by minute from what people did."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.facts import Did, Fact, Script
from epro.rehearsal.oracle import answers, asking_again, rating, reminding, silence
from epro.rehearsal.oracle.answered import Answered, Response
from epro.rehearsal.oracle.answers import Entry
from epro.rehearsal.oracle.asking_again import Report
from epro.rehearsal.oracle.flagging import Flags
from epro.rehearsal.oracle.protocol import URGENCY, Protocol
from epro.rehearsal.oracle.reminding import Message
from epro.rehearsal.oracle.signing_off import OfRecord
from epro.rehearsal.oracle.timetable import Asked, Identity, pause, replan, resume, timetable
from epro.rehearsal.oracle.words import Question

HOME = ZoneInfo("Asia/Shanghai")
PAUSED = "paused"
SOON = timedelta(seconds=60)
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
LEAVES_DIARY = {"completed", "withdrawn_from_diary", "withdrawn_from_contact", "withdrawn_from_all"}
CHANNELS = (("sms", "sms_processor"), ("email", "email_processor"))


@dataclass(slots=True)
class Course:
    """Everything that is expected of one participant; `of` works it out."""

    protocol: Protocol
    script: Script
    person: str
    flags: Flags
    number: str = ""
    email: str = ""
    zone: ZoneInfo = HOME
    slots: list[tuple[date, str]] = field(default_factory=list)
    own_time: str | None = None
    consents: list[str] = field(default_factory=list)
    anchors: dict[str, datetime] = field(default_factory=dict)
    life_cycle: str = "active"
    left_at: datetime | None = None
    asked: dict[Identity, Asked] = field(default_factory=dict)
    former: list[Asked] = field(default_factory=list)
    answered: Answered = field(default_factory=Answered)
    sent: list[Message] = field(default_factory=list)
    is_dead: bool = False
    questions: dict[str, Question] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    names: Mapping[str, Identity] = field(default_factory=dict)
    record: OfRecord = field(default_factory=OfRecord)
    reached: datetime = BEFORE_ALL

    @classmethod
    def of(
        cls, protocol: Protocol, script: Script, person: str, names: Mapping[str, Identity]
    ) -> "Course":
        """Replay all that was done, and between the acts all that time brings.

        `names` tell which assessment an id stands for: what is asked about two problems on one day
        looks alike.
        """
        course = cls(protocol, script, person, Flags(protocol, script), names=names)
        for fact in script.of(person):
            course._pass_time(fact.at)
            course._follow(fact)
            course._ask_again(fact.at)
        course._pass_time(script.ends_at)
        course.flags.tell_until(script.ends_at)
        return course

    # --- what people do --------------------------------------------------------------------------

    def _follow(self, fact: Fact) -> None:
        what, now = fact.what, fact.at
        match fact.did:
            case Did.ENROLLED:
                self.slots, self.consents = [(date.min, what["slot"])], what["consents"]
                self.zone = ZoneInfo(what["zone"])
                self.number, self.email = what["number"], what["email"]
                self.anchors["ENR"], self.life_cycle = now, "screened"
                self._replan(now)
            case Did.CHOSE_TIME:
                self.own_time = what["time"]
            case Did.ANCHORED:
                self.anchors[what["event"]] = what["occurred_at"]
                self._replan(now)
            case Did.MOVED_ZONE:
                self.zone = ZoneInfo(what["zone"])
                self._replan(now)
            case Did.CHANGED_SLOT:
                self.slots.append((what["from_on"], what["slot"]))
                self._replan(now)
            case Did.PAUSED | Did.CAME_BACK | Did.LEFT:
                self._take_part(fact)
            case Did.NUMBER_DIED:
                self.is_dead = True
            case Did.NUMBER_CAME_BACK:
                self.is_dead = False
            case _:
                self._follow_answers(fact)

    def _take_part(self, fact: Fact) -> None:
        self.life_cycle = fact.what["life_cycle"]
        if fact.did is Did.LEFT:
            self.anchors["END"] = self.left_at = fact.at
            self.consents = [one for one in self.consents if one != fact.what["withdrawn"]]
        self._replan(fact.at)
        if fact.did is Did.CAME_BACK:
            resume(self.asked.values(), now=fact.at)

    def _follow_answers(self, fact: Fact) -> None:
        match fact.did:
            case Did.ANSWERED | Did.TYPED_IN:
                self._answered(fact)
            case Did.RATED:
                for one in rating.asked_at(self.asked.values(), fact.at):
                    one.completed_at = fact.at
                    rated = rating.response_to(one, fact)
                    self.answered.responses[rated.id] = rated
            case Did.ANSWERED_QUESTION:
                self._answered_question(fact)
            case Did.WITHDREW_CONSENT:
                self.consents = [one for one in self.consents if one != fact.what["withdrawn"]]
            case Did.GAVE_CONSENT:
                self.consents = [*self.consents, fact.what["kind"]]
            case Did.ACTIVATED:
                self.life_cycle = "active"
            case _:
                self._follow_changes(fact)

    def _follow_changes(self, fact: Fact) -> None:
        """Follow what becomes of answers that stand: compared with a sheet, or corrected."""
        match fact.did:
            case Did.COMPARED:
                id_ = fact.what["response"]
                self.answered.compared(id_, is_equal=fact.what["is_equal"])
            case Did.PUT_RIGHT:
                self.answered.typed_anew(fact.what["response"], fact.what["answers"])
                self._screen_anew(fact)
            case Did.ASKED_CORRECTION:
                self.record.follow_correction(fact)
                entry = self.answered.corrected(fact.what["response"], fact.what["answers"])
                self._screen(entry, fact.at)
            case Did.CORRECTED:
                self.record.follow_correction(fact)
                self._corrected(fact)
            case Did.REFUSED_CORRECTION | Did.DECLINED_CORRECTION | Did.CONFIRMED_CORRECTION:
                self.record.follow_correction(fact)
            case Did.PUT_RATING_RIGHT:
                for one in rating.asked_at(self.asked.values(), fact.what["rated_at"]):
                    self.answered.put_right(rating.key_of(one.identity), fact.what["answers"])
            case _:
                self._follow_staff(fact)

    def _follow_staff(self, fact: Fact) -> None:
        match fact.did:
            case Did.ACKNOWLEDGED:
                self.flags.take(fact.what["rules"], fact.at)
            case Did.CLOSED:
                self.flags.close(fact.what["rules"], fact.at)
            case Did.DECIDED | Did.ENDED_EVENT | Did.SIGNED_OFF | Did.LOCKED | Did.UNLOCKED:
                self.record.follow(
                    fact, self.reports, self.flags, is_copied=self.answered.are_all_equal()
                )
            case _:
                pass  # called: nothing follows by itself

    def _replan(self, now: datetime) -> None:
        done = {key for key, one in self.asked.items() if one.completed_at and not one.cancelled_at}
        wanted = timetable(
            self.protocol, self.anchors, zone=self.zone, slot_on=self._slot_on, answered=done
        )
        self._bring_in_line(wanted, now=now, is_follow_up=False)
        self._ask_again(now)
        if self.life_cycle == PAUSED:
            pause(self.asked.values(), now=now)

    def _slot_on(self, on: date) -> str:
        """Return at which time of day she keeps her diary on a day."""
        return next(slot for from_on, slot in reversed(self.slots) if on >= from_on)

    def _ask_again(self, now: datetime) -> None:
        """Plan what is asked next about each report that goes on."""
        if not self.reports:
            return
        wanted = asking_again.askings(
            self.protocol, self.reports.values(), self.asked.values(), zone=self.zone,
            open_tiers=self.flags.open_tiers(),
            is_paused=self.life_cycle == PAUSED, ended_at=self.anchors.get("END"), now=now,
        )  # fmt: skip
        self._bring_in_line({one.identity: one for one in wanted}, now=now, is_follow_up=True)
        if self.life_cycle == PAUSED:
            pause(self.asked.values(), now=now)

    def _bring_in_line(
        self, wanted: Mapping[Identity, Asked], *, now: datetime, is_follow_up: bool
    ) -> None:
        """Let the table's assessments, or those about reports, become what is wanted now."""
        part = {
            key: one
            for key, one in self.asked.items()
            if asking_again.is_follow_up(key) is is_follow_up
        }
        replan(part, wanted, now=now, left_at=self.left_at)
        self.asked |= part

    def _answered(self, fact: Fact) -> None:
        what, answered_at = fact.what, fact.what["answered_at"]
        one = self._meant(what["questionnaire"], what["on"], what.get("assessment"))
        timeliness = "unscheduled" if one is None else one.timeliness(answered_at)
        counts = one is not None and timeliness != "out_of_window" and one.completed_at is None
        response = Response(
            what["response"], what["questionnaire"], one.identity if one else None, answered_at,
            timeliness, counts, what["answers"],
            source_check=None if fact.did is Did.ANSWERED else "not_checked",
        )  # fmt: skip
        self.answered.responses[response.id] = response
        if one is not None and counts:
            one.completed_at = fact.at
        about = one.on if one else answered_at.astimezone(self.zone).date()
        entry = Entry(what["response"], about, answered_at, what["answers"])
        self._screen(entry, fact.at, can_ask=fact.did is Did.ANSWERED)
        self.answered.entries.append(entry)
        self._hear(what["response"], what["questionnaire"], one, entry)
        if one is not None and "enough" in self.protocol.blocks_by_code.get(one.block, {}):
            self._replan(fact.at)  # enough answers are asked no further

    def _hear(self, id_: str, questionnaire: str, one: Asked | None, entry: Entry) -> None:
        """Note what she says of a problem: a new one, or one that she was asked about."""
        if questionnaire == self.protocol.adverse_events["questionnaire"]:
            family = asking_again.FAMILY + id_
            self.reports[family] = Report(family)
            self.reports[family].hear(self.protocol, entry.said, entry.answered_at)
        elif one is not None and one.family in self.reports:
            self.reports[one.family].hear(self.protocol, entry.said, entry.answered_at)

    def _corrected(self, fact: Fact) -> None:
        self.answered.put_right(fact.what["response"], fact.what["answers"])
        self._screen_anew(fact)

    def _screen_anew(self, fact: Fact) -> None:
        id_ = fact.what["response"]
        entry = self.answered.corrected(id_, fact.what["answers"])
        self.answered.entries = self.answered.others_than(id_)
        if not fact.what.get("is_decided"):  # that was screened when it was asked for
            self._screen(entry, fact.at)
        self.answered.entries.append(entry)

    def _meant(self, questionnaire: str, on: date | None, id_: str | None) -> Asked | None:
        """Return the assessment that a form of a day answers; of several alike, that of the id."""
        fitting = [one for one in self.asked.values() if one.form == questionnaire and one.on == on]
        standing = [one for one in fitting if not one.cancelled_at]
        named = [one for one in fitting if one.identity == self.names.get(id_ or "")]
        return next(iter(named if len(fitting) > 1 and named else standing or fitting), None)

    # --- what time brings ------------------------------------------------------------------------

    def _pass_time(self, until: datetime) -> None:
        while (instant := self._next_instant(until)) is not None:
            # What was planned after its time is looked at soon after it is planned.
            at = instant if instant > self.reached else self.reached + SOON
            if at > until:
                break
            self.reached = at
            self._remind(self.reached)
            self._notice(self.reached)
            self._flag_unanswered(self.reached)
            self._ask_again(self.reached)
        self.reached = max(self.reached, until)

    def _next_instant(self, until: datetime) -> datetime | None:
        """Return the next instant before `until` at which something is due by the clock."""
        instants = [one.at for one in self._pending(until)] if self._is_reminded else []
        for one in silence.unnoticed(self.asked.values(), until):
            instants.append(one.late_until)
            call_at = self._call_at(one)
            if call_at is not None and one.called_at is None:
                instants.append(call_at)
        instants += [one.answer_by for one in self.questions.values() if not one.is_settled]
        return min((at for at in instants if at <= until), default=None)

    @property
    def _is_reminded(self) -> bool:
        return self.life_cycle not in LEAVES_DIARY | {PAUSED}

    def _pending(self, until: datetime) -> list[reminding.Due]:
        return list(
            reminding.pending(
                self.protocol, self.asked.values(), zone=self.zone, own_time=self.own_time,
                until=until,
            )
        )  # fmt: skip

    def _remind(self, instant: datetime) -> None:
        if not self._is_reminded:
            return
        pending = self._pending(instant)
        due = [one for one in pending if one.at <= instant]
        if not due:
            return
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
            self.sent.append(replace(message, channel=channel))

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
        return silence.call_at(
            self.protocol, one, days_since_infusion=self._days_after_infusion(one.on),
            zone=self.zone,
        )  # fmt: skip

    def _notice(self, instant: datetime) -> None:
        for one in sorted(
            silence.unnoticed(self.asked.values(), instant),
            key=lambda it: (it.late_until, it.identity),
        ):
            call_at = self._call_at(one)
            if call_at is not None and call_at <= instant and not one.called_at:
                one.called_at = instant
            if one.late_until <= instant:
                one.missed_at = one.late_until
                self._judge_silence(one, instant)

    def _judge_silence(self, one: Asked, instant: datetime) -> None:
        tiers = silence.tiers(
            self.protocol, one, days_since_infusion=self._days_after_infusion(one.on),
            missed_in_a_row=silence.missed_in_a_row(self.asked.values(), one),
            open_tiers=self.flags.open_tiers(),
        )  # fmt: skip
        if tiers:
            worst = max(tiers, key=lambda tier: URGENCY[tier])
            rule = {"id": self.protocol.silence["id"], "tier": worst}
            self.flags.raise_or_join([rule], f"no {one.form} on {one.on}", instant)

    # --- flags -----------------------------------------------------------------------------------

    def _screen(self, entry: Entry, now: datetime, *, can_ask: bool = True) -> None:
        met = self._met(entry)
        asking = [rule for rule in met if "asks_first" in rule and can_ask]
        is_flagged = len(asking) < len(met)
        if asking:
            answer_by = now + timedelta(minutes=min(one["asks_first"]["minutes"] for one in asking))
            self.questions[entry.response] = Question(asking, answer_by, is_settled=is_flagged)
        if is_flagged:
            about = f"answers about {entry.on}"
            self.flags.raise_or_join(met, about, now, response=entry.response)

    def _met(self, entry: Entry) -> list[dict[str, Any]]:
        infusions = [self.anchors[event] for event in ("INF1", "INF2") if event in self.anchors]
        return answers.met(self.protocol, entry, self.answered.entries, infusions)

    def _answered_question(self, fact: Fact) -> None:
        """Hear her answer as any other; a "no" settles the rules that say so."""
        question, said = self.questions[fact.what["response"]], fact.what["answers"]
        standing = question.left_standing(said)
        question.is_settled = True
        on = fact.at.astimezone(self.zone).date()
        met = self._met(Entry(fact.what["response"], on, fact.at, said))
        if rules := answers.most_urgent_first([*met, *standing]):
            self.flags.raise_or_join(rules, f"the answer to a question on {on}", fact.at)

    def _flag_unanswered(self, instant: datetime) -> None:
        for one in self.questions.values():
            if not one.is_settled and one.answer_by <= instant:
                one.is_settled = True
                self.flags.raise_or_join(one.rules, "a question that was not answered", instant)
