"""Whose phone rings, and when: those the ladder has reached, by the roster of the hour."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.models import Duty
from epro.services import calling, escalation, roster, sites
from epro.services.roster import NewRoster, NewShift
from notifications.messages import ChannelName, MessageState
from questionnaires.definition import Language
from questionnaires.tiers import Channel
from tests.factories import SYSTEM, shipped_package
from tests.services.following import EVENING, Ward, begin_ward
from tests.services.given import local
from tests.services.line import messages_of


@pytest.fixture
def ward(session: Session) -> Ward:
    """A red flag of a Friday evening at a site that wants calls."""
    ward = begin_ward(session)
    sites.set_alerting(session, SYSTEM, ward.line.given.site, calls_by_voice=True, now=EVENING)
    ward.flag.next_call_at = EVENING
    return ward


def enter_roster(session: Session, ward: Ward) -> None:
    """Have one physician on call for the evening, and the other as her backup."""
    on = EVENING.date()
    begins_at, ends_at = local(on, 0), local(on + timedelta(days=1), 0)
    shifts = tuple(
        NewShift(duty=duty, person=one.name, begins_at=begins_at, ends_at=ends_at)
        for duty, one in ((Duty.ON_CALL, ward.physician), (Duty.BACKUP, ward.line.investigator))
    )
    new = NewRoster(site=ward.line.given.site.code, from_on=on, to_on=on, shifts=shifts)
    roster.enter(session, ward.coordinator, new, now=EVENING)


def tick(session: Session, ward: Ward, minutes: int) -> None:
    """Let the worker look at a minute, as its two jobs do."""
    now = EVENING + timedelta(minutes=minutes)
    catalogue = ward.line.given.catalogue
    escalation.climb(session, catalogue=catalogue, now=now)
    calling.ring(session, catalogue=catalogue, now=now)


def rung_at(session: Session) -> list[datetime]:
    """Return when phones rang, each round once."""
    return sorted({one.created_at for one in messages_of(session, calling.PURPOSE)})


@pytest.mark.req("A-06", "A-07")
def test_phones_ring_in_rounds_and_stop_when_somebody_has_taken_the_flag(
    session: Session, ward: Ward
) -> None:
    for minute in range(13):
        tick(session, ward, minute)
    ward.take(session, minutes=13)
    for minute in range(13, 40):
        tick(session, ward, minute)

    assert rung_at(session) == [EVENING + timedelta(minutes=minute) for minute in (0, 5, 10)]
    states = {one.state for one in messages_of(session, calling.PURPOSE)}
    assert states == {MessageState.CANCELLED}


@pytest.mark.req("A-06", "A-07", "C-05")
def test_with_each_rung_more_people_are_called_and_the_sponsor_never(
    session: Session, ward: Ward
) -> None:
    enter_roster(session, ward)
    told = []
    for minute in (0, 30, 120):
        tick(session, ward, minute)
        now = EVENING + timedelta(minutes=minute)
        calls = [one for one in messages_of(session, calling.PURPOSE) if one.created_at == now]
        assert {one.channel for one in calls} == {ChannelName.VOICE}
        told.append({one.recipient_ref for one in calls})

    assert told[0] < told[1] == told[2]
    assert f"user:{ward.root.user.id}" in told[1]
    assert all(one.startswith("user:") for one in told[2])


@pytest.mark.req("A-06")
def test_a_call_that_could_not_be_made_in_time_is_not_made_up_for(
    session: Session, ward: Ward
) -> None:
    tick(session, ward, 0)

    (call, *_) = messages_of(session, calling.PURPOSE)
    assert call.not_after == EVENING + timedelta(minutes=5)
    tick(session, ward, 61)
    assert rung_at(session) == [EVENING, EVENING + timedelta(minutes=61)]
    assert ward.flag.next_call_at == EVENING + timedelta(minutes=65)


@pytest.mark.req("A-06")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_that_is_said_aloud_names_anybody_or_a_sign(language: str) -> None:
    package = shipped_package()
    spoken = [text for text in package.texts if text.channel is Channel.VOICE]
    assert {text.key for text in spoken} == {"alert_voice", "drill_voice", "heard_voice"}

    for text in spoken:
        words = text.body.in_language(Language(language))
        assert set(_names(words)) <= {"code", "tier", "time"}
        assert [one for one in package.never_say.zh if one in words] == []
        for word in package.never_say.en:
            assert not re.search(rf"\b{word}", words, re.IGNORECASE), word


@pytest.mark.req("A-06", "A-07")
def test_no_phone_rings_where_the_site_does_not_want_it(session: Session, ward: Ward) -> None:
    tick(session, ward, 0)
    sites.set_alerting(session, SYSTEM, ward.line.given.site, calls_by_voice=False, now=EVENING)
    for minute in range(1, 40):
        tick(session, ward, minute)

    assert rung_at(session) == [EVENING]
    assert ward.flag.next_call_at is None


@pytest.mark.req("A-06", "A-07")
def test_a_second_emergency_lets_the_phones_ring_anew(session: Session, ward: Ward) -> None:
    tick(session, ward, 0)
    ward.take(session, minutes=3)
    again = EVENING + timedelta(minutes=20)
    ward.line.answer(session, None, now=again, help_now=True)

    tick(session, ward, 20)
    tick(session, ward, 25)

    assert rung_at(session) == [EVENING, again, again + timedelta(minutes=5)]


def _names(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]
