"""A phone rings for an alert: what it says, to whom it says so, and what a pressed key means."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from epro.clock import wall_clock_now
from epro.models import JournalEntry, Participant, SafetyFlag, Screening, ScreeningSource
from epro.parts import Parts, build_parts
from epro.providers import SmsSettings
from epro.services import calling, flags, serious_clock
from epro.settings import Settings
from notifications.messages import MessageState, OutboxMessage
from tests.clock import FrozenClock
from tests.factories import (
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    user_actor,
)
from tests.settings import make_settings
from tests.standins.telephone import Conversation, answer, end, of_call, press
from tests.standins.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SENDER,
    Callback,
    TwilioStandIn,
    refuses,
    running_twilio,
)
from tests.standins.twilio_calls import StoredCall

PUBLIC_URL, NUMBER = "https://epro.example.org", "+8613900139000"
ZONE = ZoneInfo("Asia/Shanghai")


class Desk:
    """The application with a number to call from, and a flag that one coordinator is to hear of."""

    def __init__(self, app: Flask, twilio: TwilioStandIn, clock: FrozenClock) -> None:
        self.app, self.twilio, self.clock = app, twilio, clock
        self.parts: Parts = app.extensions["epro"]
        with self.parts.database.transaction() as session:
            site = add_site(session)
            site.calls_by_voice = True
            version = add_study_version(session, site)
            self.coordinator = add_user(session, "li.na", keyring=self.parts.keyring).user
            self.coordinator.phone_sealed = self.parts.keyring.seal(NUMBER)
            her = add_participant(session, site, "SZ01-014")
            screening = Screening(
                participant_id=her.id, study_version_id=version.id,
                source=ScreeningSource.RESPONSE, source_id="1", revision=1, body_sha256="0" * 64,
                inputs={}, rules_met=["R09"], answered_at=clock(), screened_at=clock(),
            )  # fmt: skip
            session.add(screening)
            session.flush()
            rule = next(one for one in shipped_package().rules if one.id == "R09")
            self.flag_id = flags.raise_or_join(
                session, session.get_one(Participant, her.id), site, shipped_package(),
                screening_id=screening.id, study_version_id=version.id, rules=[rule], now=clock(),
            ).id  # fmt: skip
        self.ring()

    def ring(self) -> None:
        """Make what is due happen, as the worker's ticks do."""
        with self.parts.database.transaction() as session:
            catalogue = self.parts.studies.catalogue(session)
            calling.ring(session, catalogue=catalogue, now=self.clock())
        self.parts.messaging.dispatcher.run()

    def post(self, callback: Callback) -> tuple[int, str]:
        """Deliver what Twilio posts as a proxy would, to a host that is not the public one."""
        answered = self.app.test_client().post(
            urlsplit(callback.url).path, base_url="http://inside:8000", data=callback.form,
            headers={"X-Twilio-Signature": callback.signature},
        )  # fmt: skip
        return answered.status_code, answered.text

    @property
    def call(self) -> StoredCall:
        return self.twilio.calls[-1]

    def pick_up(self) -> Conversation:
        return answer(self.call, self.post)

    def flag(self) -> SafetyFlag:
        with self.parts.database.reading() as session:
            return session.get_one(SafetyFlag, self.flag_id)

    def verbs(self) -> list[str]:
        with self.parts.database.reading() as session:
            return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))

    def calls_in(self, state: MessageState) -> list[OutboxMessage]:
        with self.parts.database.reading() as session:
            query = select(OutboxMessage).where(
                OutboxMessage.purpose == calling.PURPOSE, OutboxMessage.state == state
            )
            return list(session.scalars(query))


@pytest.fixture
def desk(joined_app: Flask, fresh_database_url: str, clock: FrozenClock) -> Iterator[Desk]:
    with running_twilio(wall_clock_now()) as twilio:
        account = SmsSettings(
            account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, voice_sender=SENDER,
            base_url=twilio.base_url,
        )  # fmt: skip
        settings = make_settings(fresh_database_url, sms=account, public_url=PUBLIC_URL)
        yield _desk(joined_app, settings, twilio, clock)
        joined_app.extensions["epro"].database.engine.dispose()


@pytest.mark.req("A-06", "A-08")
def test_whoever_picks_up_hears_code_tier_and_time_and_can_say_heard(desk: Desk) -> None:
    conversation = desk.pick_up()
    ended = press(desk.call, conversation, "1", desk.post)

    assert (desk.call.to, desk.call.sender) == (NUMBER, SENDER)
    first, again = conversation.said
    local = desk.flag().urgent_since.astimezone(ZONE).strftime("%H:%M")
    assert first == again == (
        "zh-CN", f"S Z 0 1 0 1 4，RED A，{local}。请登录确认。听到请按 1。",
    )  # fmt: skip
    assert ended.said == (("zh-CN", "已记录您听到了。还没有人确认，请登录确认。"),)
    assert desk.verbs().count("message.heard") == 1
    assert desk.flag().acknowledged_at is None


@pytest.mark.req("A-09")
def test_a_call_that_was_heard_makes_the_site_aware(desk: Desk) -> None:
    conversation = desk.pick_up()
    desk.clock.advance(minutes=1)
    press(desk.call, conversation, "1", desk.post)

    with desk.parts.database.transaction() as session:
        catalogue = desk.parts.studies.catalogue(session)
        session.execute(update(OutboxMessage).values(sent_at=None))  # as if no mail had left
        serious_clock.look(session, catalogue=catalogue, now=desk.clock())

    assert desk.flag().delivered_at == desk.clock()


@pytest.mark.req("A-08")
@pytest.mark.parametrize("digits", ["2", "*", ""])
def test_no_other_key_says_heard(desk: Desk, digits: str) -> None:
    ended = press(desk.call, desk.pick_up(), digits, desk.post)

    assert ended.said == ()
    assert "message.heard" not in desk.verbs()


@pytest.mark.req("A-07")
def test_a_call_comes_every_five_minutes_until_somebody_acknowledges(desk: Desk) -> None:
    press(desk.call, desk.pick_up(), "1", desk.post)
    desk.post(end(desk.call, "completed"))
    counts = []
    for _ in range(2):
        desk.clock.advance(minutes=4, seconds=59)
        desk.ring()
        counts.append(len(desk.twilio.calls))
        desk.clock.advance(seconds=1)
        desk.ring()
        counts.append(len(desk.twilio.calls))
    with desk.parts.database.transaction() as session:
        flags.acknowledge(session, user_actor(desk.coordinator), desk.flag_id, now=desk.clock())
    desk.clock.advance(minutes=30)
    desk.ring()

    assert counts == [1, 2, 2, 3]
    assert len(desk.twilio.calls) == 3


@pytest.mark.req("A-07")
@pytest.mark.parametrize("status", ["no-answer", "busy", "completed"])
def test_a_call_that_nobody_heard_is_on_record_and_simply_repeated(desk: Desk, status: str) -> None:
    assert desk.post(end(desk.call, status)) == (204, "")
    desk.clock.advance(minutes=5)
    desk.ring()

    assert len(desk.twilio.calls) == 2
    assert ("message.undelivered" in desk.verbs()) is (status != "completed")
    assert "incident.opened" not in desk.verbs()


@pytest.mark.req("A-07", "A-14")
def test_a_number_that_cannot_be_called_is_told_of_once_by_another_way(desk: Desk) -> None:
    for _ in range(3):
        desk.twilio.fail_next(refuses(21214))
        desk.clock.advance(minutes=5)
        desk.ring()
    desk.ring()

    assert len(desk.calls_in(MessageState.FAILED)) == 3
    assert desk.verbs().count("incident.opened") == 1
    assert [one.body for one in desk.twilio.to(NUMBER) if "没能送达" in one.body]


@pytest.mark.req("N-04")
def test_neither_words_nor_keys_are_taken_without_twilios_signature(desk: Desk) -> None:
    conversation = desk.pick_up()
    assert conversation.key_url

    for url in (desk.call.url, conversation.key_url):
        signed = of_call(desk.call, url, Digits="1")
        for forged in (
            Callback(url, signed.form, signed.signature.swapcase()),
            Callback(url, signed.form | {"Digits": "9"}, signed.signature),
        ):
            assert desk.post(forged)[0] == 403
    assert "message.heard" not in desk.verbs()


@pytest.mark.req("N-04")
def test_what_is_no_call_says_nothing(desk: Desk) -> None:
    with desk.parts.database.reading() as session:
        text = session.scalars(
            select(OutboxMessage.id).where(OutboxMessage.template == "alert_sms")
        ).all()[0]

    assert [_asked(desk, one) for one in (text, uuid4())] == [404, 404]


@pytest.mark.req("A-06")
def test_an_account_without_a_number_to_call_from_says_so(
    joined_app: Flask, fresh_database_url: str, clock: FrozenClock
) -> None:
    with running_twilio(wall_clock_now()) as twilio:
        account = SmsSettings(
            account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, base_url=twilio.base_url
        )
        settings = make_settings(fresh_database_url, sms=account, public_url=PUBLIC_URL)
        desk = _desk(joined_app, settings, twilio, clock)
    failed, verbs = desk.calls_in(MessageState.FAILED), desk.verbs()
    desk.parts.database.engine.dispose()

    assert [one.last_error for one in failed] == ["no_channel"]
    assert "incident.opened" in verbs


def _desk(app: Flask, settings: Settings, twilio: TwilioStandIn, clock: FrozenClock) -> Desk:
    app.extensions["epro"] = build_parts(settings, keyring=make_keyring(), clock=clock)
    return Desk(app, twilio, clock)


def _asked(desk: Desk, message_id: UUID) -> int:
    url = f"{PUBLIC_URL}/hooks/twilio/voice/{message_id}"
    return desk.post(of_call(desk.call, url))[0]
