"""One participant of a rehearsal, from enrolment to the end: what she does, and when."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from epro.rehearsal import symptoms
from epro.rehearsal.facts import Did
from epro.rehearsal.life import HOUR, Life
from epro.rehearsal.paper_work import values_of
from epro.rehearsal.phone import Sheet
from epro.rehearsal.play import MINUTE
from epro.rehearsal.population import DAY
from epro.rehearsal.symptoms import Words
from epro.rehearsal.timing import local_time
from epro.rehearsal.wire import Answer, Unexpected

ARRIVAL, NOON = time(7, 30), time(13, 50)


class Participant(Life):
    """Lives one person's plan: every act is put on the stage at its time."""

    def plan(self) -> None:
        """Put everything on the stage that is known from the start."""
        person, stage = self.person, self._stage
        stage.at(person.enrolled_at, self._enrol)
        for instant, act in (
            (person.infusion_recorded_at, partial(self._anchor, "INF1", person.infused_at)),
            (person.loses_phone_at, self._lose_phone),
            (person.dead_from, partial(self._number, is_dead=True)),
            (person.dead_until, partial(self._number, is_dead=False)),
            (person.paused and person.paused[0], self._pause),
            (person.paused and person.paused[1], self._come_back),
            (person.changes_slot_at, self._change_slot),
            (person.without_texts and person.without_texts[0], self._want_no_texts),
            (person.without_texts and person.without_texts[1], self._want_texts),
            (person.leaves_at, self._leave),
            (person.completes_at, self._complete),
        ):
            if instant is not None:
                stage.at(instant, act)
        if person.second_at is not None:
            recorded_at = person.second_at + 35 * MINUTE
            stage.at(recorded_at, partial(self._anchor, "INF2", person.second_at))
        if person.travel:
            away, back = person.travel.from_on, person.travel.to_on
            there = partial(self._move_to, ZoneInfo(person.travel.zone))
            stage.at(person.place.at(away, ARRIVAL), there)
            stage.at(person.place.at(back, ARRIVAL), partial(self._move_to, person.place.zone))
        stage.at(person.place.at(person.place.day(person.enrolled_at) + DAY, NOON), self._day)

    def _day(self) -> None:
        """Once a day: perhaps report a problem, or see whether one is asked about again."""
        if self._has_left:
            return
        if self._reports_open:
            self._look()
        on = self.person.place.day(self._stage.clock.now())
        chance = self.person.chance(f"day:{self.person.day(on)}")
        if chance.random() < self._rates["reports"]["each_day"]:
            at = self._stage.clock.now() + timedelta(minutes=chance.randrange(5, 300))
            self._stage.at(at, partial(self._report, chance))
        self._stage.at(self.person.place.at(on + DAY, NOON), self._day)

    # --- the diary -------------------------------------------------------------------------------

    def _look(self) -> None:
        """Open the app: decide about what is new on it, and when the system will look."""
        super()._look()
        if self._has_left:
            return
        self._phone.look()
        for one in sorted(self._phone.due.values(), key=lambda it: (it["opens_at"], it["id"])):
            self._expect(one)
            identity = (one["questionnaire"]["code"], one["on"])
            if one["state"] not in {"scheduled", "open", "late"} or identity in self._decided:
                continue
            self._decide(one)

    def _expect(self, one: Mapping[str, Any]) -> None:
        minute = local_time(self.person.own_time).minute if self.person.own_time else None
        for at in self._instants.of(
            one, own_minute=minute, zone=self._phone.zone, is_early=self._is_early(one)
        ):
            self._stage.look_at(at, partial(self._is_awaited, one["id"]))

    def _is_awaited(self, id_: str) -> bool:
        """Tell whether a form is still to be answered, as far as her phone knows."""
        return id_ in self._phone.due and not self._has_left

    def _is_early(self, one: Mapping[str, Any]) -> bool:
        on = date.fromisoformat(one["on"])
        infusions = [at for at in (self.person.infused_at, self.person.second_at) if at]
        return any(0 <= (on - self.person.place.day(at)).days <= 2 for at in infusions)

    def _decide(self, one: Mapping[str, Any]) -> None:
        """Decide, once for all, whether and when she fills in a form; it may still move."""
        code, on = one["questionnaire"]["code"], date.fromisoformat(one["on"])
        chance = self.person.chance(f"fills:{code}:{self.person.day(on)}")
        rates, opens_at = self._rates["answers"], self._phone.instant(one, "opens_at")
        closes_at = self._phone.instant(one, "closes_at")
        late_until = self._phone.instant(one, "late_until")
        is_filled, way = chance.random() < self._share(on), chance.random()
        at = self._moment(one, chance)
        if at is None:
            return
        sent_at = at
        if way < rates["late"] and late_until > closes_at + HOUR:
            sent_at = at = closes_at + chance.uniform(0.6, 0.95) * (late_until - closes_at)
        elif way < rates["late"] + rates["too_late"]:
            sent_at = at = late_until + timedelta(minutes=chance.randrange(20, 900))
        elif way < rates["late"] + rates["too_late"] + rates["offline"]:
            sent_at = at + timedelta(hours=chance.uniform(*rates["offline_hours"]))
        if not is_filled or at < self._stage.clock.now() or opens_at > at:
            return
        words = symptoms.of_form(
            self.person, code, on, is_early=self._is_early(one), rates=self._rates
        )
        if way >= 1 - rates["on_paper"] and code != "practice":
            self._plan_paper(one["id"], code, on, at, words, chance)
            return
        act = partial(self._answer, one["id"], code, on, at, words, chance)
        plan = self._stage.at if words.matters else self._stage.calmly
        plan(sent_at, act, person=self.person.code)

    def _moment(self, one: Mapping[str, Any], chance: Random) -> datetime | None:
        """Return when in its window she fills a form in: on a day of it, at her own hour."""
        opens_at, closes_at = (self._phone.instant(one, name) for name in ("opens_at", "closes_at"))
        if one["questionnaire"]["code"] == "practice":
            return opens_at + timedelta(minutes=chance.randrange(25, 55))
        first = max(opens_at, self._stage.clock.now())
        length = (closes_at - first) / MINUTE
        if length < 3:
            return None
        if length > 24 * 60:  # a form of several days: on one of them, about noon or in the evening
            days = max(0, (closes_at - first).days - 1)
            local = first.astimezone(self._phone.zone) + timedelta(days=chance.randint(0, days))
            at = local.replace(hour=chance.choice((12, 18, 19, 20)), minute=chance.randrange(60))
            return (
                at
                if first <= at < closes_at
                else first + timedelta(minutes=chance.randrange(2, int(length)))
            )
        return first + timedelta(
            minutes=min(length - 2, 2 + chance.triangular(0, length, length / 4))
        )

    def _share(self, on: date) -> float:
        """Return how likely she fills in a form about a day."""
        rates = self._rates["compliance"]
        weeks = max(0, (on - self.person.place.day(self.person.infused_at)).days) / 7
        weekend = rates["weekend"] if on.weekday() >= 5 else 0
        share: float = self.person.compliance + weekend + weeks * rates["each_week"]
        return share

    def _answer(
        self, id_: str, code: str, on: date, at: datetime, words: Words, chance: Random
    ) -> None:
        """Fill in what was decided, if it still stands, and send it."""
        one = self._phone.due.get(id_)
        if self._has_left or one is None or (code, on) in self._decided_and_sent():
            return
        if one["questionnaire"]["code"] != code:
            return  # a visit has put another form in its place, about which she decided anew
        if at < self._phone.instant(one, "opens_at") or self._was_paused(at):
            return
        self._decided.add((code, on.isoformat()))
        sheet = self._fill_in(one, code, one["questionnaire"]["version"], at=at, words=words)
        answer = self._send(sheet, on=on, assessment=id_)
        if code == "ae_follow_up" and symptoms.is_over(words.but):
            self._reports_open -= 1
        if answer.status == 201:
            self._phone.answered.add(id_)
            self._phone.due.pop(id_, None)
        share = self._rates["answers"]["corrected"]
        is_open = self._stage.clock.now() + 2 * HOUR < self._phone.instant(one, "closes_at")
        if answer.status == 201 and "pain" in words.but and is_open and chance.random() < share:
            later = self._stage.clock.now() + timedelta(minutes=chance.randrange(5, 50))
            self._stage.at(later, partial(self._correct, sheet, on, chance))
        elif answer.status == 201 and "pain" in words.but:
            self._perhaps_tell_later(sheet, on)

    def _plan_paper(
        self, id_: str, code: str, on: date, at: datetime, words: Words, chance: Random
    ) -> None:
        """Fill a form in on paper, and hand the sheet in on one of the next days."""
        days = DAY * chance.randint(1, 3)
        handed_in_at = self.person.place.at(
            self.person.place.day(at) + days, time(10, chance.randrange(2, 28))
        )
        act = partial(self._hand_in, id_, code, on, at, words, chance)
        self._stage.at(handed_in_at, act, person=self.person.code)

    def _hand_in(
        self, id_: str, code: str, on: date, at: datetime, words: Words, chance: Random
    ) -> None:
        """Have a sheet typed in, as far as the form is still one of hers."""
        if self._has_left or (code, on) in self._decided_and_sent() or self._was_paused(at):
            return
        path = f"/participants/{self.person.code}/assessments"
        found = self._team.need(200, self._coordinator(), "GET", path, kind="her assessments")
        one = next((it for it in found["items"] if it["id"] == id_), None)
        if one is None or one["questionnaire"]["code"] != code:
            return
        if at < self._phone.instant(one, "opens_at"):
            return
        self._decided.add((code, on.isoformat()))
        sheet = self._fill_in(one, code, one["questionnaire"]["version"], at=at, words=words)
        pain = values_of(sheet.body["answers"]).get("pain")
        is_mistyped = chance.random() < self._rates["answers"]["mistyped"]
        slip = {"pain": pain + 1 if pain < 3 else pain - 1} if isinstance(pain, int) else {}
        self._records.paper.type_in(self.person.code, sheet, on, slip if is_mistyped else {})
        self._phone.answered.add(id_)
        self._phone.due.pop(id_, None)

    def _was_paused(self, at: datetime) -> bool:
        """Tell whether a pause lay on an instant: her phone asks nothing then."""
        return (
            self.person.paused is not None and self.person.paused[0] <= at < (self.person.paused[1])
        )

    def _decided_and_sent(self) -> set[tuple[str, date]]:
        return {(code, date.fromisoformat(on)) for code, on in self._decided}

    def _fill_in(
        self, one: dict[str, Any] | None, code: str, version: str, *, at: datetime, words: Words
    ) -> Sheet:
        id_ = UUID(int=self.person.chance(f"id:{code}:{at}").getrandbits(128), version=4)
        about = f"{code}:{self.person.day(self.person.place.day(at))}"
        chance = self.person.chance(f"calm:{about}")
        return self._phone.fill_in(
            one, code, version, id_=id_, answered_at=at, but=words.but, chance=chance
        )

    def _send(self, sheet: Sheet, *, on: date | None, assessment: str | None = None) -> Answer:
        now = self._stage.clock.now()
        answer = self._phone.send(sheet, now=now)
        if answer.status not in {200, 201}:
            raise Unexpected(f"{self.person.code}: {answer.status} {answer.body}")
        self._stage.note(
            self.person.code, Did.ANSWERED, at=now, response=str(sheet.id),
            questionnaire=sheet.body["questionnaire"]["code"], on=on, answered_at=sheet.answered_at,
            assessment=assessment, answers=values_of(sheet.body["answers"]),
        )  # fmt: skip
        return answer

    def _report(self, chance: Random) -> None:
        if self._has_left or "ae_report" not in self._phone.reports:
            return
        words = symptoms.of_report(chance, self._rates)
        at = self._stage.clock.now()
        sheet = self._fill_in(
            None, "ae_report", self._phone.reports["ae_report"], at=at, words=words
        )
        answer = self._send(sheet, on=None)
        if answer.body["safety_question"]:
            self._be_asked(sheet, answer.body["safety_question"], chance)
        self._reports_open += not symptoms.is_over(words.but)
        self._look()

    def _be_asked(self, sheet: Sheet, question: Mapping[str, Any], chance: Random) -> None:
        """Answer what is asked about her words: in time, late, or never."""
        rates, drawn = self._rates["reports"]["question"], chance.random()
        answer_by = datetime.fromisoformat(question["answer_by"])
        self._stage.look_at(answer_by)
        if drawn < rates["answered"]:
            at = self._stage.clock.now() + chance.randint(*rates["minutes"]) * MINUTE
        elif drawn < rates["answered"] + rates["late"]:
            at = answer_by + chance.randrange(10, 90) * MINUTE
        else:
            return
        act = partial(self._answer_question, sheet, question["id"], symptoms.of_question(chance))
        self._stage.at(at, act)

    def _answer_question(self, sheet: Sheet, id_: str, given: Mapping[str, bool | str]) -> None:
        if self._has_left:
            return
        now, path = self._stage.clock.now(), f"/me/safety-questions/{id_}/answer"
        self._own("POST", path, dict(given), 200, kind="safety question")
        self._stage.settle_soon()
        said = {"help_now": given["help_now"]}
        if given["hospital"] != "no":
            said["hospital_planned"] = given["hospital"]
        self._stage.note(
            self.person.code, Did.ANSWERED_QUESTION, at=now, response=str(sheet.id), answers=said
        )

    def _correct(self, sheet: Sheet, on: date, chance: Random) -> None:
        """Correct a rating by one: what the day said stays what it was."""
        values = values_of(sheet.body["answers"])
        pain = values.get("pain")
        if self._has_left or not isinstance(pain, int):
            return
        but = {"pain": pain + 1 if pain < 3 else pain - 1}
        now = self._stage.clock.now()
        id_ = UUID(int=chance.getrandbits(128), version=4)
        answer = self._phone.correct(sheet, id_=id_, but=but, now=now)
        if answer.status not in {200, 201}:
            raise Unexpected(f"{self.person.code}: {answer.status} {answer.body}")
        if answer.body["applied_at"] is None:
            return  # asked for too late: the investigator has to decide
        self._stage.note(
            self.person.code, Did.CORRECTED, at=now, response=str(sheet.id), on=on,
            answers=values | but,
        )  # fmt: skip

    def _perhaps_tell_later(self, sheet: Sheet, on: date) -> None:
        """Notice two days later, perhaps, that a rating was wrong, and tell the site."""
        chance = self.person.chance(f"tells later:{self.person.day(on)}")
        values = values_of(sheet.body["answers"])
        if not isinstance(values.get("pain"), int):
            return
        otherwise = values | {"pain": max(0, values["pain"] - 1) if values["pain"] else 1}
        at = self.person.place.at(on + 2 * DAY, time(11, chance.randrange(5, 55)))
        is_told = chance.random() < self._rates["answers"]["put_down"]
        if is_told and at > self._stage.clock.now():
            self._stage.at(at, partial(self._tell_site, sheet, on, otherwise, chance))
        elif not is_told:
            self._records.keep(self.person.code, sheet, on, otherwise)

    def _tell_site(
        self, sheet: Sheet, on: date, otherwise: Mapping[str, Any], chance: Random
    ) -> None:
        if self._has_left:
            return
        correction = self._records.corrections.put_down(self.person.code, sheet, on, otherwise)
        at = self._stage.clock.now() + timedelta(minutes=chance.randrange(20, 600))
        is_right = chance.random() >= self._rates["answers"]["put_down_wrongly"]
        self._stage.at(at, partial(self._say_of, correction, is_right=is_right))

    def _say_of(self, correction: str, *, is_right: bool) -> None:
        """Say in the app whether what the site put down is right."""
        if self._has_left:
            return  # the site has called her instead
        path = f"/me/corrections/{correction}/word"
        self._own("POST", path, {"is_right": is_right}, 200, kind="word to a correction")
        self._records.corrections.hear(correction, is_right=is_right)
