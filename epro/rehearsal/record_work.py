"""What physicians do about a record: decide about candidates, follow events, sign off, lock."""

from collections.abc import Mapping
from datetime import date, datetime
from random import Random
from typing import Any

from epro.rehearsal.facts import Did
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
        self._numbers: dict[str, int] = {}
        self._open: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, dict[str, Any]] = {}
        self._to_sign: list[str] = []
        self._to_lock: list[str] = []

    def finish(self, code: str) -> None:
        """Hear that nothing further is asked of somebody, and try to sign her record off at once.

        As long as a flag of hers is open that has to be refused.
        """
        self._to_sign.append(code)
        for id_, one in self._waiting.items():
            if one["code"] == code and not one["is_confirmed"]:
                self._call_about(id_)
        self._correct()
        self._decide()
        self._end_events()
        self._sign_off(code)

    def round(self) -> None:
        """Decide what is new, end what is over, and bring finished records to their end."""
        self._lock_signed()
        self._correct()
        self._decide()
        self._end_events()
        for code in list(self._to_sign):
            self._sign_off(code)

    # --- corrections -----------------------------------------------------------------------------

    def put_down(self, code: str, sheet: Sheet, on: date, answers: Mapping[str, Any]) -> str:
        """Put down what she says was wrong with what she sent; return the correction's id."""
        now, who = self._stage.clock.now(), self._team.with_role("coordinator")[0]
        body = {
            "response_id": str(sheet.id), "questionnaire": sheet.body["questionnaire"],
            "corrected_revision": 1, "reason": "选错了", "source": "call",
            "said_at": now.isoformat(), "said_words": "应该低一格",
            "answers": [
                {**one, "value": answers[one["link_id"]]} if one["link_id"] in answers else one
                for one in sheet.body["answers"]
            ],
        }  # fmt: skip
        path = f"/participants/{code}/corrections"
        put_down = self._team.need(201, who, "POST", path, body=body, kind="correction put down")
        facts = {"response": str(sheet.id), "on": on, "answers": dict(answers)}
        self._stage.note(code, Did.ASKED_CORRECTION, at=now, by=who.username, **facts)
        self._stage.settle_soon()
        id_: str = put_down["id"]
        self._waiting[id_] = {"code": code, "is_confirmed": False, "facts": facts}
        return id_

    def confirmed(self, correction: str) -> None:
        """Hear that she has confirmed a correction: an investigator decides on the next round."""
        if correction in self._waiting:
            self._waiting[correction]["is_confirmed"] = True

    def _call_about(self, correction: str) -> None:
        """Ask her by telephone, who opens the app no more, whether a correction is right."""
        now, who = self._stage.clock.now(), self._team.with_role("coordinator")[0]
        body = {"is_right": True, "call_at": now.isoformat(), "call_words": "对"}
        path = f"/corrections/{correction}/call"
        self._team.need(200, who, "POST", path, body=body, kind="call about a correction")
        self.confirmed(correction)

    def _correct(self) -> None:
        ripe = [id_ for id_, one in self._waiting.items() if one["is_confirmed"]]
        for id_ in ripe:
            one, now, who = self._waiting.pop(id_), self._stage.clock.now(), self._physician()
            body, path = (
                {"is_approved": True, "reason": "与参与者核对"},
                f"/corrections/{id_}/decision",
            )
            self._team.need(200, who, "POST", path, body=body, kind="decided correction")
            self._stage.note(
                one["code"], Did.CORRECTED, at=now, by=who.username, is_decided=True, **one["facts"]
            )
            self._stage.settle_soon()

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
        chance = Random(f"{self._seed}:{code}:{one['source']}:{one['began_on']}")  # noqa: S311
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
        self._to_lock.clear()


def _facts(on: str) -> dict[str, Any]:
    return {
        "term": "不适", "onset_on": on, "ended_on": None, "outcome": "not_recovered",
        "action_taken": "none", "relationship": "possible", "seriousness": [],
        "grades": [{"grade": 1, "from_on": on}],
    }  # fmt: skip
