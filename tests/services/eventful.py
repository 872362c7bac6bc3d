"""Days of a diary on the shipped study, and a physician who decides about what they show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import AdverseEvent, Disposition, EventSource, User
from epro.services import adverse_events, candidates
from epro.services.adverse_events import Choice
from epro.services.candidates import Candidate
from epro.services.event_facts import EventFacts
from tests.factories import add_delegation, event_facts
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line


def day(number: int) -> date:
    """Return the local date of a study day; D1 is the infusion day."""
    return INFUSED_ON + timedelta(days=number - 1)


@dataclass
class Eventful:
    """One participant, and the investigator of her site with every task delegated."""

    session: Session
    line: Line
    diaries: dict[int, UUID] = field(default_factory=dict)

    @property
    def physician(self) -> Actor:
        return self.line.investigator

    def answer(self, number: int, **but: Any) -> UUID:
        """Send the evening diary of a study day, as on a good day but for what is named."""
        response_id = uuid4()
        self.line.answer(
            self.session, self.line.diary_on(self.session, day(number)),
            now=local(day(number), 18), response_id=response_id, **but,
        )  # fmt: skip
        self.diaries[number] = response_id
        return response_id

    def report(self, at: datetime, **but: Any) -> UUID:
        response_id = uuid4()
        self.line.answer(self.session, None, now=at, response_id=response_id, **but)
        return response_id

    def found(self, *sources: EventSource, on: int = 28) -> list[Candidate]:
        """Return the candidates, of these sources only where any is named."""
        self.session.expire_all()
        found = candidates.candidates_of(
            self.session, self.line.given.participant, catalogue=self.line.given.catalogue,
            now=local(day(on), 20),
        )  # fmt: skip
        return [one for one in found if not sources or one.source in sources]

    def decide(
        self,
        candidate: Candidate,
        disposition: Disposition = Disposition.ACCEPTED,
        *,
        actor: Actor | None = None,
        reason: str = "检查过",
        event_number: int | None = None,
        on: int = 28,
        **facts: Any,
    ) -> Candidate:
        known = event_facts(candidate.began_on, **facts)
        is_new = disposition is Disposition.ACCEPTED
        return adverse_events.decide(
            self.session, actor or self.physician, self.line.given.participant, candidate.id,
            Choice(disposition=disposition, reason=reason, event_number=event_number,
                   facts=known if is_new else None),
            catalogue=self.line.given.catalogue, now=local(day(on), 20),
        )  # fmt: skip

    def enter(self, facts: EventFacts, *, on: int = 28, **acting: Any) -> AdverseEvent:
        return adverse_events.enter(
            self.session, acting.pop("actor", self.physician), self.line.given.participant, facts,
            reason=acting.pop("reason", "检查"), catalogue=self.line.given.catalogue,
            now=local(day(on), 20),
        )  # fmt: skip

    def seen(self) -> Mapping[str, Any]:
        return {"catalogue": self.line.given.catalogue, "now": local(day(28), 20)}


def begin_eventful(session: Session) -> Eventful:
    line = begin_line(session)
    add_delegation(session, line.given.site, session.get_one(User, line.investigator.id))
    return Eventful(session, line)
