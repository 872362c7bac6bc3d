"""One participant's way through the trial: visits, pauses, journeys, phones, and leaving."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.facts import Did
from epro.rehearsal.phone import Phone
from epro.rehearsal.play import Stage
from epro.rehearsal.population import DAY, Person
from epro.rehearsal.record_work import RecordWork
from epro.rehearsal.staff import Team
from epro.rehearsal.timing import Instants

API = "/api/v1"
HOUR = timedelta(hours=1)
TEXTS = "sms_processor"
OTHER_SLOT = {"evening": "morning", "morning": "evening"}


class Life:
    """What the site does about her, and where she is; after each act she looks at her phone."""

    def __init__(
        self,
        person: Person,
        phone: Phone,
        stage: Stage,
        team: Team,
        records: RecordWork,
        instants: Instants,
        rates: Mapping[str, Any],
    ) -> None:
        self.person, self._phone, self._stage, self._team = person, phone, stage, team
        self._records, self._instants, self._rates = records, instants, rates
        self._decided: set[tuple[str, str]] = set()
        self._has_left = False
        self._reports_open = 0

    # --- at the site -----------------------------------------------------------------------------

    def _coordinator(self) -> Any:
        return self._team.with_role("coordinator")[int(self.person.code[-1]) % 2]

    def _enrol(self) -> None:
        person, now = self.person, self._stage.clock.now()
        consents = [_signed(kind, now - HOUR) for kind in person.consents]
        form = {
            "code": person.code, "site": person.place.code, "language": "zh",
            "zone": person.place.zone.key,
            "phone": person.number, "email": person.email, "year_of_birth": person.year_of_birth,
            "consents": consents, "diary_slot": person.slot,
        }  # fmt: skip
        enrolled = self._team.need(
            201, self._coordinator(), "POST", "/participants", body=form, kind="enrolment"
        )
        self._stage.note(
            person.code, Did.ENROLLED, at=now, slot=person.slot, zone=person.place.zone.key,
            consents=list(person.consents), number=person.number, email=person.email or "",
        )  # fmt: skip
        self._phone.activate(enrolled["activation_code"])
        self._stage.note(person.code, Did.ACTIVATED)
        if person.own_time:
            self._own("PATCH", "/me/preferences", {"reminder_time": person.own_time}, 200)
            self._stage.note(person.code, Did.CHOSE_TIME, time=person.own_time)
        self._anchor("INF1_PLANNED", person.infused_at)

    def _anchor(self, event: str, occurred_at: datetime) -> None:
        if self._has_left:
            return
        anchor = {"event": event, "occurred_at": occurred_at.isoformat(), "reason": None}
        path = f"/participants/{self.person.code}/anchors"
        now = self._stage.clock.now()
        self._team.need(201, self._coordinator(), "POST", path, body=anchor, kind="anchor")
        self._stage.note(
            self.person.code, Did.ANCHORED, at=now, event=event, occurred_at=occurred_at
        )
        self._look()

    def _pause(self) -> None:
        if not self._has_left:
            self._take_part("paused", Did.PAUSED, "a planned stay in hospital")
            self._look()

    def _come_back(self) -> None:
        if not self._has_left:
            self._take_part("active", Did.CAME_BACK, "back at home")
            self._look()

    def _leave(self) -> None:
        """Leave the diary, or everything: then by withdrawing what she agreed to at enrolment."""
        if self.person.leaves_as == "withdrawn_from_all":
            self._withdraw("trial", Did.LEFT, life_cycle=self.person.leaves_as)
        else:
            self._take_part(self.person.leaves_as, Did.LEFT, "does not want to go on")
        self._end()

    def _complete(self) -> None:
        """Have the site record that she came to her last visit."""
        if not self._has_left:
            self._take_part("completed", Did.LEFT, "all visits done")
            self._end()

    def _end(self) -> None:
        self._has_left = True
        self._look()
        self._records.finish(self.person.code)

    def _want_no_texts(self) -> None:
        """Withdraw the consent to text messages alone: her diary goes on."""
        if not self._has_left:
            self._withdraw(TEXTS, Did.WITHDREW_CONSENT)

    def _want_texts(self) -> None:
        if self._has_left:
            return
        now = self._stage.clock.now()
        path = f"/participants/{self.person.code}/consents"
        self._team.need(
            201, self._coordinator(), "POST", path, body=_signed(TEXTS, now), kind="consent"
        )
        self._stage.note(self.person.code, Did.GAVE_CONSENT, at=now, kind=TEXTS)
        self._look()

    def _withdraw(self, kind: str, did: Did, *, life_cycle: str | None = None) -> None:
        now = self._stage.clock.now()
        body = {
            "kind": kind, "withdrawn_at": now.isoformat(), "reason": None, "life_cycle": life_cycle
        }  # fmt: skip
        path = f"/participants/{self.person.code}/consents/withdrawal"
        self._team.need(200, self._coordinator(), "POST", path, body=body, kind="consent")
        also = {"life_cycle": life_cycle} if life_cycle else {}
        self._stage.note(self.person.code, did, at=now, withdrawn=kind, **also)
        self._look()

    def _take_part(self, life_cycle: str, did: Did, reason: str) -> None:
        now = self._stage.clock.now()
        body = {"life_cycle": life_cycle, "occurred_at": now.isoformat(), "reason": reason}
        path = f"/participants/{self.person.code}/life-cycle"
        self._team.need(200, self._coordinator(), "PUT", path, body=body, kind="life cycle")
        self._stage.note(self.person.code, did, at=now, life_cycle=life_cycle, withdrawn=None)

    def _lose_phone(self) -> None:
        """Get a new activation code for another phone; what the old one had not sent is gone."""
        if self._has_left:
            return
        path = f"/participants/{self.person.code}/activation-codes"
        issued = self._team.need(201, self._coordinator(), "POST", path, kind="activation code")
        self._phone.activate(issued["activation_code"])
        self._look()

    def _number(self, *, is_dead: bool) -> None:
        """Let her number take nothing for a while, or take messages again."""
        dead = self._stage.provider.dead
        (dead.add if is_dead else dead.discard)(self.person.number)
        did = Did.NUMBER_DIED if is_dead else Did.NUMBER_CAME_BACK
        self._stage.note(self.person.code, did)

    # --- where she is ----------------------------------------------------------------------------

    def _move_to(self, zone: ZoneInfo) -> None:
        if self._has_left:
            return
        now = self._stage.clock.now()
        self._own("PUT", "/me/zone", {"zone": zone.key, "reason": None}, 200)
        self._phone.zone = zone
        self._stage.note(self.person.code, Did.MOVED_ZONE, at=now, zone=zone.key)
        self._look()

    def _change_slot(self) -> None:
        if self._has_left:
            return
        now, slot = self._stage.clock.now(), OTHER_SLOT[self.person.slot]
        self._own("PUT", "/me/diary-slot", {"diary_slot": slot}, 200)
        from_on = now.astimezone(self._phone.zone).date() + DAY
        self._stage.note(self.person.code, Did.CHANGED_SLOT, at=now, slot=slot, from_on=from_on)
        self._look()

    def _look(self) -> None:
        """Open the app. Whatever was just done, the jobs follow it before the clock goes on."""
        self._stage.settle_soon()

    def _own(
        self, method: str, path: str, body: Mapping[str, Any], status: int, *, kind: str = ""
    ) -> None:
        """Ask as herself for something that has to succeed."""
        self._phone.wire.need(
            status,
            method,
            f"{API}{path}",
            token=self._phone.token(),
            body=body,
            kind=kind or path,
        )


def _signed(kind: str, given_at: datetime) -> dict[str, str]:
    return {
        "kind": kind, "document_version": "2.0", "explained_by": "李敏 Li Min",
        "given_at": given_at.isoformat(), "paper_location": "binder 1",
    }  # fmt: skip
