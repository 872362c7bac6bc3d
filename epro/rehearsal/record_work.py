"""What physicians do about a record: decide about candidates, follow events, sign off, lock."""

from collections.abc import Mapping
from datetime import date, datetime
from random import Random
from typing import Any

from epro.rehearsal.correction_work import CorrectionWork
from epro.rehearsal.facts import Did
from epro.rehearsal.paper_work import PaperWork
from epro.rehearsal.phone import Sheet
from epro.rehearsal.places import Place
from epro.rehearsal.play import Stage
from epro.rehearsal.population import DAY
from epro.rehearsal.staff import Colleague, Team
from epro.rehearsal.wire import Unexpected

SELF_REPORT = "self_report"
ACCEPTED, DECLINED, MERGED = "accepted", "declined", "merged"


class RecordWork:
    """The records of a site's participants, from the first candidate to the lock."""

    def __init__(
        self, stage: Stage, team: Team, place: Place, rates: Mapping[str, Any], *, seed: int
    ) -> None:
        self._stage, self._team, self._place = stage, team, place
        self._rates, self._seed = rates["events"], seed
        self._unlocked: float = rates["staff"]["unlocked"]
        self.paper = PaperWork(stage, team)
        self.corrections = CorrectionWork(stage, team, rates, seed=seed)
        self._numbers: dict[str, int] = {}
        self._open: dict[str, dict[str, Any]] = {}
        self._to_sign: list[str] = []
        self._to_lock: list[str] = []
        self._locked: list[str] = []
        self._were_unlocked: set[str] = set()
        self._sheets: dict[str, tuple[Sheet, date, Mapping[str, Any]]] = {}

    def keep(self, code: str, sheet: Sheet, on: date, otherwise: Mapping[str, Any]) -> None:
        """Keep in mind what may turn out to be wrong once her record is locked."""
        self._sheets[code] = (sheet, on, otherwise)

    def finish(self, code: str) -> None:
        """Hear that nothing further is asked of somebody, and try to sign her record off at once.

        As long as a flag of hers is open that has to be refused.
        """
        self._to_sign.append(code)
        self.corrections.call_about(code)
        self.corrections.decide()
        self._decide()
        self._end_events()
        self._sign_off(code)

    def round(self) -> None:
        """Decide what is new, end what is over, and bring finished records to their end."""
        self.paper.round()
        self._unlock()
        self._lock_signed()
        self.corrections.decide()
        self._decide()
        self._end_events()
        for code in list(self._to_sign):
            self._sign_off(code)

    # --- candidates and events -------------------------------------------------------------------

    def _physician(self) -> Colleague:
        return self._team.with_role("investigator")[0]

    def _decide(self) -> None:
        path = "/adverse-event-candidates"
        found = self._team.need(200, self._physician(), "GET", path, kind="candidates")
        for one in found["items"]:
            self._decide_about(one)
        if found["items"]:  # whether a problem is asked about again follows from it
            self._stage.settle_soon()

    def _decide_about(self, one: Mapping[str, Any]) -> None:
        code, number = one["participant"], self._numbers.get(one["id"])
        began = self._stage.day(date.fromisoformat(one["began_on"]))
        chance = Random(f"{self._seed}:{code}:{one['source']}:{began}")  # noqa: S311  no secret
        is_event = chance.random() < self._rates[f"of_{one['source']}"]
        way = DECLINED if number is None and not is_event else ACCEPTED
        body: dict[str, Any] = {"disposition": way, "reason": "门诊了解后判断"}
        if number is not None:  # it says something else than when it was decided
            way, body = MERGED, body | {"disposition": MERGED, "event_number": number}
        elif way == ACCEPTED:
            body["event"] = _facts(one["began_on"])
        now, who = self._stage.clock.now(), self._physician()
        path = f"/participants/{code}/adverse-event-candidates/{one['id']}/decision"
        self._team.need(200, who, "POST", path, body=body, kind="decision")
        self._stage.note(
            code, Did.DECIDED, at=now, source=one["source"], key=one["source_key"],
            disposition=way, by=who.username,
        )  # fmt: skip
        if way == ACCEPTED:
            self._take_up(code, one)

    def _take_up(self, code: str, one: Mapping[str, Any]) -> None:
        """Remember a new event, to be followed until it has ended."""
        path = f"/participants/{code}/adverse-events"
        events = self._team.need(200, self._physician(), "GET", path, kind="events")["items"]
        event = max(events, key=lambda it: it["number"])
        self._numbers[one["id"]] = event["number"]
        self._open[event["id"]] = event | {"key": one["source_key"]}

    def _end_events(self) -> None:
        """End what has gone on for long enough, and all of whose record is to be signed."""
        today = self._place.day(self._stage.clock.now())
        longest = self._rates["days"] * DAY
        for id_, event in list(self._open.items()):
            since = self._place.day(datetime.fromisoformat(event["recorded_at"]))
            if event["participant"] in self._to_sign or today - since >= longest:
                del self._open[id_]
                self._end(id_, event, max(today.isoformat(), event["onset_on"]))

    def _end(self, id_: str, event: Mapping[str, Any], today: str) -> None:
        code, now, who = event["participant"], self._stage.clock.now(), self._physician()
        facts = _facts(event["onset_on"]) | {"outcome": "recovered", "ended_on": today}
        body = {"event": facts, "reason": "复诊时已好", "version": event["version"]}
        path = f"/adverse-events/{id_}"
        self._team.need(200, who, "PUT", path, body=body, kind="event")
        self._stage.note(
            code, Did.ENDED_EVENT, at=now, event=id_, key=event["key"], by=who.username
        )
        self._stage.settle_soon()

    # --- sign-off and lock -----------------------------------------------------------------------

    def _sign_off(self, code: str) -> None:
        """Try to sign a record off; while anything is open that is refused, and tried again."""
        who = self._team.signer()
        body, path = {"signature": self._team.proof(who)}, f"/participants/{code}/record/sign-off"
        now = self._stage.clock.now()
        signed = self._team.ask(who, "POST", path, body=body, kind="sign-off")
        if signed.status not in {200, 409}:
            raise Unexpected(f"{path}: {signed.status} {signed.body}")
        self._stage.note(code, Did.SIGNED_OFF, at=now, by=who.username)
        if signed.status == 200:
            self._to_sign.remove(code)
            self._to_lock.append(code)

    def _lock_signed(self) -> None:
        """Lock what was signed by the round before, and see that it takes no correction."""
        principal = self._team.with_role("principal_investigator")[0]
        for code in self._to_lock:
            now, path = self._stage.clock.now(), f"/participants/{code}"
            self._team.need(200, principal, "POST", f"{path}/record/lock", kind="lock")
            self._stage.note(code, Did.LOCKED, at=now, by=principal.username)
            anchor = {"event": "INF1", "occurred_at": now.isoformat(), "reason": "wrong day"}
            self._team.need(
                409, self._physician(), "POST", f"{path}/anchors", body=anchor, kind="locked anchor"
            )
        self._locked += self._to_lock
        self._to_lock.clear()

    def _unlock(self) -> None:
        """Unlock some of what was locked by the round before; each is locked anew, and stays so.

        What was signed still holds by then. Where an answer turns out to have been wrong it does
        not any more, and the record is signed off anew before it is locked.
        """
        principal = self._team.with_role("principal_investigator")[0]
        for code in self._locked:
            chance = Random(f"{self._seed}:{code}:unlocks")  # noqa: S311  no secret
            if chance.random() >= self._unlocked or code in self._were_unlocked:
                continue
            self._were_unlocked.add(code)
            now, path = self._stage.clock.now(), f"/participants/{code}/record/unlock"
            body = {"reason": "复核时发现一处有误"}
            shown = self._team.need(200, principal, "POST", path, body=body, kind="unlock")
            if not shown["is_signed_off"]:
                raise Unexpected(f"{code}: unlocking alone broke the signature under her record")
            self._stage.note(code, Did.UNLOCKED, at=now, by=principal.username)
            if code in self._sheets:
                self.corrections.put_down(code, *self._sheets.pop(code))
                self.corrections.call_about(code)
                self._to_sign.append(code)
            else:
                self._to_lock.append(code)
        self._locked.clear()


def _facts(on: str) -> dict[str, Any]:
    return {
        "term": "不适", "onset_on": on, "ended_on": None, "outcome": "not_recovered",
        "action_taken": "none", "relationship": "possible", "seriousness": [],
        "grades": [{"grade": 1, "from_on": on}],
    }  # fmt: skip
