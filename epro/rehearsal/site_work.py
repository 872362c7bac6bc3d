"""What the site does about flags: takes them by the hour of the day, follows them up on rounds."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from epro.rehearsal.assessor import Assessor
from epro.rehearsal.desk import Desk
from epro.rehearsal.facts import Did, Shift, Staff
from epro.rehearsal.places import Place
from epro.rehearsal.play import MINUTE, Stage
from epro.rehearsal.population import DAY
from epro.rehearsal.record_work import RecordWork
from epro.rehearsal.staff import SPONSOR, SPONSOR_EMAIL, SPONSOR_NUMBER, Colleague, Team
from epro.rehearsal.timing import local_time
from epro.rehearsal.wire import Unexpected

SERIOUS = {
    "is_adverse_event": True, "seriousness": ["hospitalisation"], "grade": 3,
    "relationship": "possible", "action_taken": "none", "outcome": "recovering",
}  # fmt: skip
NO_EVENT: dict[str, Any] = {"is_adverse_event": False}
WATCHED_JOBS = ("notice", "escalate", "flag_idle_drafts", "flag_unanswered_questions")
MAY_FLAG = (
    "response", "correction", "correction put down", "safety question", "sheet of paper",
    "sheet put right",
)  # fmt: skip
DUTIES = ("on_call", "backup")
SHIFT = timedelta(weeks=1)
RATES_AT = time(14, 5)


class SiteWork:
    """The coordinators and physicians, with the flags that they know of."""

    def __init__(
        self,
        stage: Stage,
        team: Team,
        place: Place,
        rates: Mapping[str, Any],
        *,
        seed: int,
        office: Mapping[str, Any],
    ) -> None:
        self._stage, self._team, self._place = stage, team, place
        self._rates, self._seed = rates["staff"], seed
        self._office = office
        self._taken: set[tuple[str, str]] = set()
        self._acknowledged: set[tuple[str, str]] = set()
        self._to_close: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._assessed: set[str] = set()
        self._written: set[str] = set()
        self._response_count = 0
        self.records = RecordWork(stage, team, place, rates, seed=seed)
        desk = Desk(stage.wire, team.with_role("outcomes_assessor")[0])
        self._assessor = Assessor(stage, desk, place, rates, seed=seed)
        stage.after_move.append(self._after_move)
        stage.after_acts.append(partial(self._after_move, {}))

    def plan(self, *, from_on: date, to_on: date) -> None:
        """Enter the roster, and put the rounds of every working day on the stage."""
        self._stage.script.staff += [
            Staff(one.username, one.role, one.number, one.email, self._place.code)
            for one in self._team.people
        ]
        sponsor = Staff(SPONSOR, "sponsor_contact", SPONSOR_NUMBER, SPONSOR_EMAIL, self._place.code)
        self._stage.script.staff.append(sponsor)
        self._stage.script.zones[self._place.code] = self._place.zone.key
        self._stage.script.digest_at[self._place.code] = f"{self._place.digest_at:%H:%M}"
        self._enter_roster(from_on, to_on)
        on = from_on
        while on < to_on:
            if self._is_working_day(on):
                self._stage.look_at(self._place.at(on, self._place.digest_at))
                self._stage.at(self._place.at(on, RATES_AT), self._assessor.round)
                for clock in self._rates["rounds"]:
                    self._stage.at(self._place.at(on, time.fromisoformat(clock)), self._round)
            on += DAY

    def look(self) -> None:
        """Look at the flags that nobody has taken; who takes each, and when, is decided here."""
        coordinator = self._team.with_role("coordinator")[0]
        found = self._team.need(
            200, coordinator, "GET", "/flags",
            query={"unacknowledged": "true", "limit": 200}, kind="flag list",
        )  # fmt: skip
        for flag in found["items"]:
            key = (flag["id"], flag["urgent_since"])
            if flag["next_rung_at"]:
                rung_at = datetime.fromisoformat(flag["next_rung_at"])
                self._stage.look_at(rung_at, partial(self._is_open, key))
            if key in self._taken:
                continue
            self._taken.add(key)
            # Whoever has to know at once is told before the clock goes on.
            self._stage.settle_soon()
            chance = self._chance(flag)
            at = self._stage.clock.now() + self._reaction(flag["tier"], chance)
            self._stage.at(at, partial(self._take, flag, chance))

    def _is_open(self, key: tuple[str, str]) -> bool:
        """Tell whether nobody has taken a flag since it became urgent, as far as the site knows."""
        return key not in self._acknowledged

    def _after_move(self, jobs: dict[str, int]) -> None:
        answers = sum(self._stage.wire.asked[kind] for kind in MAY_FLAG)
        if any(jobs.get(name) for name in WATCHED_JOBS) or answers != self._response_count:
            self._response_count = answers
            self.look()

    # --- taking a flag ---------------------------------------------------------------------------

    def _chance(self, flag: Mapping[str, Any]) -> Random:
        raised = datetime.fromisoformat(flag["urgent_since"]).astimezone(self._place.zone)
        about = f"{flag['participant']}:{self._stage.day(raised.date())} {raised:%H}:{flag['tier']}"
        return Random(f"{self._seed}:{about}")  # noqa: S311  invented reactions, no secret

    def _reaction(self, tier: str, chance: Random) -> timedelta:
        """Return how long it takes somebody to take a flag that was raised now."""
        now = self._stage.clock.now().astimezone(self._place.zone)
        if self._is_office(now):
            middle = self._rates["office_hours"][tier]
        elif tier == "YELLOW":  # nobody is told before the next working day
            return self._next_morning(now) - now + chance.randrange(5, 150) * MINUTE
        elif now.hour < 7 or now.hour >= 22:
            middle = self._rates["nights"][tier]
        elif self._is_working_day(now.date()):
            middle = self._rates["evenings"][tier]
        else:
            middle = self._rates["weekends"][tier]
        minutes: float = middle * chance.lognormvariate(0, self._rates["spread"])
        return max(1.0, minutes) * MINUTE

    def _take(self, flag: Mapping[str, Any], chance: Random) -> None:
        who = self._who(flag["tier"], chance)
        now = self._stage.clock.now()
        path = f"/flags/{flag['id']}/acknowledgement"
        taken = self._team.ask(who, "POST", path, kind="acknowledgement")
        self._acknowledged.add((flag["id"], flag["urgent_since"]))
        if taken.status == 409:
            return
        if taken.status != 200:
            raise Unexpected(f"{path}: {taken.status} {taken.body}")
        self._stage.note(
            flag["participant"], Did.ACKNOWLEDGED, at=now, flag=flag["id"],
            rules=taken.body["rules"], by=who.username,
        )  # fmt: skip
        hours = self._rates["closed_after_hours"][taken.body["tier"]]
        self._to_close[flag["id"]] = (now + timedelta(hours=hours), taken.body)

    def _who(self, tier: str, chance: Random) -> Colleague:
        if tier == "YELLOW" or chance.random() < 0.5:
            return chance.choice(self._team.with_role("coordinator"))
        now, duty = self._stage.clock.now(), "on_call"
        name = next(
            one.person for one in self._stage.script.shifts
            if (one.duty, one.site) == (duty, self._place.code)
            and one.begins_at <= now < one.ends_at
        )  # fmt: skip
        return next(one for one in self._team.people if one.username == name)

    # --- rounds ----------------------------------------------------------------------------------

    def _round(self) -> None:
        """Follow up everything that was taken: call, assess, report, close what is ripe."""
        now = self._stage.clock.now()
        for id_, (ripe_at, flag) in list(self._to_close.items()):
            if id_ not in self._written:
                self._written.add(id_)
                self._call(flag)
            if now >= ripe_at and self._close(flag):
                del self._to_close[id_]
        self.records.round()

    def _call(self, flag: Mapping[str, Any]) -> None:
        body = {
            "channel": "telephone",
            "outcome": "reached",
            "flag_id": flag["id"],
            "note": "已电话联系",
        }
        path = f"/participants/{flag['participant']}/contacts"
        coordinators = self._team.with_role("coordinator")
        who = coordinators[len(self._written) % len(coordinators)]
        self._team.need(201, who, "POST", path, body=body, kind="contact")
        self._stage.note(flag["participant"], Did.CALLED, by=who.username)

    def _close(self, flag: Mapping[str, Any]) -> bool:
        """Close a flag, unless a new sign has made it urgent again."""
        path, is_yellow = f"/flags/{flag['id']}", flag["tier"] == "YELLOW"
        who = self._team.with_role("coordinator")[1] if is_yellow else self._team.signer()
        if not is_yellow and flag["id"] not in self._assessed:
            self._assessed.add(flag["id"])
            facts = SERIOUS if {"R23"} & set(flag["rules"]) else NO_EVENT
            body = facts | {"narrative": "电话和门诊了解后判断。"}
            assessed = self._team.ask(
                who, "POST", f"{path}/assessments", body=body, kind="assessment"
            )
            if assessed.status == 409:
                return True
            if facts is SERIOUS:
                self._report(flag)
        proof = None if is_yellow else self._team.proof(who)
        body = {"reason": "已处理", "signature": proof}
        now = self._stage.clock.now()
        closed = self._team.ask(who, "POST", f"{path}/closure", body=body, kind="closure")
        if closed.status == 409:
            return True  # urgent again: whoever takes it next follows it up
        if closed.status != 200:
            raise Unexpected(f"{path}: {closed.status} {closed.body}")
        self._stage.note(
            flag["participant"], Did.CLOSED, at=now, flag=flag["id"], rules=flag["rules"],
            by=who.username,
        )  # fmt: skip
        if not is_yellow:  # how soon a problem is asked about again may follow from it
            self._stage.settle_soon()
        return True

    def _report(self, flag: Mapping[str, Any]) -> None:
        body = {
            "sent_at": self._stage.clock.now().isoformat(), "sent_by": "周敏 Zhou Min",
            "sent_to": "sponsor's safety desk", "proof": "fax 0001",
        }  # fmt: skip
        coordinator = self._team.with_role("coordinator")[0]
        path = f"/flags/{flag['id']}/sendings"
        self._team.need(201, coordinator, "POST", path, body=body, kind="sending")

    # --- when ------------------------------------------------------------------------------------

    def _enter_roster(self, from_on: date, to_on: date) -> None:
        physicians = [one.username for one in self._team.with_role("investigator")]
        weeks = range((to_on - from_on).days // 7 + 1)
        begins_at = self._place.at(from_on, time())
        shifts = [
            Shift(
                duty, physicians[(week + offset) % len(physicians)],
                begins_at + week * SHIFT, begins_at + (week + 1) * SHIFT, self._place.code,
            )
            for week in weeks
            for offset, duty in enumerate(DUTIES)
        ]  # fmt: skip
        body = {
            "from_on": from_on.isoformat(),
            "to_on": (from_on + timedelta(days=7 * len(weeks) - 1)).isoformat(),
            "shifts": [
                {"duty": one.duty, "person": one.person, "begins_at": one.begins_at.isoformat(),
                 "ends_at": one.ends_at.isoformat()}
                for one in shifts
            ],
        }  # fmt: skip
        coordinator = self._team.with_role("coordinator")[0]
        self._team.need(
            201, coordinator, "POST", f"/sites/{self._place.code}/rosters", body=body, kind="roster"
        )
        self._stage.script.shifts += shifts

    def _is_working_day(self, on: date) -> bool:
        if on.isoformat() in self._office["working_days"]:
            return True
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        return (
            days[on.weekday()] in self._office["days"]
            and on.isoformat() not in self._office["holidays"]
        )

    def _is_office(self, now: datetime) -> bool:
        begin, end = (local_time(self._office[name]).minute for name in ("begin", "end"))
        return self._is_working_day(now.date()) and begin <= now.hour * 60 + now.minute < end

    def _next_morning(self, now: datetime) -> datetime:
        on = now.date() + (DAY if now.hour >= 8 else timedelta())
        while not self._is_working_day(on):
            on += DAY
        return self._place.at(on, time(8, 31))
