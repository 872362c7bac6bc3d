"""The timeline says what happened in words, in both languages: no code of ours stands there."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.models import (
    Anchor,
    Contact,
    ContactChannel,
    ContactOutcome,
    DataReview,
    EntryMode,
    FlagTrigger,
    NextStep,
    Participant,
    SafetyFlag,
    Screening,
    ScreeningSource,
    Visit,
)
from epro.services import timeline
from epro.services.timeline import Happening, Kind
from notifications.messages import ChannelName, MessageState, OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent
from questionnaires.tiers import Tier
from tests.clock import FrozenClock
from tests.factories import (
    add_device,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    shipped_package,
    user_actor,
)
from tests.services.read_in_words import RAW
from tests.services.test_journal_reading import REASONS, TEXTS

pytestmark = pytest.mark.req("T-04", "P-10")


class Told:
    """A participant with one happening of each code that a timeline can meet."""

    def __init__(self, session: Session, clock: FrozenClock) -> None:
        self.session, self.now = session, clock()
        self.site = add_site(session)
        self.version = add_study_version(session, self.site)
        self.who: Participant = add_participant(session, self.site)
        self.user = add_user(session).user
        self._messages()
        self._sessions()
        self._flags()
        self._visits()
        session.flush()

    def happenings(self) -> Sequence[Happening]:
        return timeline.happenings(
            self.session, user_actor(self.user), self.who, since=None,
            catalogue=Catalogue({self.version.id: shipped_package()}),
        )  # fmt: skip

    def _messages(self) -> None:
        for key in sorted(TEXTS):
            self.session.add(
                OutboxMessage(
                    purpose="reminder", is_vital=False, channel=ChannelName.SMS, template=key,
                    template_version="1", params={}, language="zh",
                    recipient_ref=f"participant:{self.who.id}", created_at=self.now,
                    not_before=self.now, state=MessageState.SENT, next_attempt_at=self.now,
                    attempt_count=1, doubt_count=0, ask_count=0,
                )
            )  # fmt: skip

    def _sessions(self) -> None:
        for reason in sorted(REASONS):
            add_device(self.session, self.who, revoked_reason=reason, revoked_at=self.now)
        for mode in EntryMode:
            add_device(self.session, self.who, client=f"li.min ({mode.value}) Firefox")

    def _flags(self) -> None:
        rules = [one.id for one in shipped_package().rules]
        for tier, rule in zip(Tier, rules, strict=False):
            flag = SafetyFlag(
                participant_id=self.who.id, site_id=self.site.id,
                study_version_id=self.version.id, tier=tier, tonight=False,
                possible_serious=True, raised_at=self.now, urgent_since=self.now,
            )  # fmt: skip
            screening = Screening(
                participant_id=self.who.id, study_version_id=self.version.id,
                source=ScreeningSource.RESPONSE, source_id=str(uuid4()), revision=1,
                body_sha256="", inputs={}, rules_met=[rule], answered_at=self.now,
                screened_at=self.now,
            )  # fmt: skip
            self.session.add_all([flag, screening])
            self.session.flush()
            self.session.add(
                FlagTrigger(
                    flag_id=flag.id, screening_id=screening.id, rule=rule, tier=tier,
                    met_at=self.now,
                )
            )  # fmt: skip

    def _visits(self) -> None:
        common = {"participant_id": self.who.id}
        for number, event in enumerate(AnchorEvent):
            self.session.add(
                Anchor(
                    **common, event=event, occurred_at=self.now + timedelta(days=number),
                    zone=self.site.zone, utc_offset_minutes=480, recorded_at=self.now,
                )
            )  # fmt: skip
        common["site_id"] = self.site.id
        for visit in Visit:
            self.session.add(
                DataReview(**common, visit=visit, reviewed_at=self.now, reviewed_by_id=self.user.id)
            )
        for outcome in ContactOutcome:
            self.session.add(
                Contact(
                    **common, channel=ContactChannel.TELEPHONE, outcome=outcome,
                    next_step=NextStep.NOTHING, note="", contacted_at=self.now,
                    recorded_at=self.now, recorded_by_id=self.user.id,
                )
            )  # fmt: skip


@pytest.fixture
def told(session: Session, clock: FrozenClock) -> Told:
    return Told(session, clock)


def test_nothing_on_a_timeline_is_a_code(told: Told) -> None:
    found = told.happenings()
    words = [one for line in found for one in (line.what, line.more) if one is not None]

    assert {one.kind for one in found} == set(Kind) - {Kind.ANSWER}
    assert [one for one in words if RAW.search(one.zh + one.en)] == []
    # Names of devices and of people are no words; everything else of ours is Chinese in Chinese.
    own = [one.what for one in found if one.kind is not Kind.DEVICE]
    ends = [one.more for one in found if one.kind is Kind.DEVICE and one.more]
    assert len(ends) == len(REASONS)
    assert [one for one in own + ends if not re.search("[\u4e00-\u9fff]", one.zh)] == []


def test_a_flag_says_which_rules_it_is_about(told: Told) -> None:
    titles = {one.title for one in shipped_package().rules}
    flags = [one for one in told.happenings() if one.kind is Kind.FLAG]

    assert len(flags) == len(Tier)
    assert {one.more for one in flags} <= titles
