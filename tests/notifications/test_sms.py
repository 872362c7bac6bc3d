"""Twilio, by its own SDK, against a stand-in that follows its public contract."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from werkzeug.datastructures import MultiDict

from notifications.channels import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    Match,
    Outgoing,
    Refused,
    Unclear,
)
from notifications.refusals import Refusal, meaning_of
from notifications.sms import StatusReport, TwilioChannel, read_status_report
from notifications.twilio_client import TwilioAccount, signature_is_valid
from tests.clock import FrozenClock
from tests.notifications.post import NUMBER, twilio_channel
from tests.standins.twilio import (
    ACCEPTS_THEN_HANGS,
    ACCOUNT_SID,
    AUTH_TOKEN,
    DROPS,
    SENDER,
    SERVER_ERROR,
    TOO_MANY,
    Fault,
    TwilioStandIn,
    refuses,
    sign,
)

CALLBACK = "https://epro.example/hooks/twilio/messages/7f/status?n=1"
FORM = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": NUMBER, "NewField": "x"}


def outgoing(body: str = "请打开您的日记。", *, valid_for_s: int | None = None) -> Outgoing:
    return Outgoing(
        message_id=uuid4(), address=NUMBER, template="diary_open", template_version="1.0",
        params={}, language="zh", subject=None, body=body, callback_url=CALLBACK,
        valid_for_s=valid_for_s,
    )  # fmt: skip


@pytest.mark.req("N-06")
def test_a_message_carries_sender_callback_and_how_long_it_is_wanted(
    twilio: TwilioStandIn,
) -> None:
    accepted = twilio_channel(twilio.base_url).send(outgoing(valid_for_s=100_000))

    [message] = twilio.to(NUMBER)
    assert accepted == Accepted(message.sid)
    assert (message.sender, message.callback_url) == (SENDER, CALLBACK)
    assert message.validity_period == 36_000


def test_a_messaging_service_takes_the_place_of_the_sender(twilio: TwilioStandIn) -> None:
    account = TwilioAccount(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender="MG1", base_url=twilio.base_url
    )

    TwilioChannel(account).send(outgoing())

    assert (twilio.messages[0].service, twilio.messages[0].sender) == ("MG1", None)


@pytest.mark.req("N-05")
@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (21610, Refusal.OPTED_OUT),
        (21211, Refusal.PERMANENT),
        (21611, Refusal.TRANSIENT),
        (29999, Refusal.UNKNOWN),
    ],
)
def test_an_error_code_is_read_from_the_table(
    twilio: TwilioStandIn, code: int, meaning: Refusal
) -> None:
    twilio.fail_next(refuses(code))

    with pytest.raises(Refused) as refusal:
        twilio_channel(twilio.base_url).send(outgoing())

    assert (refusal.value.code, refusal.value.meaning) == (str(code), meaning)


@pytest.mark.req("N-05")
def test_the_codes_of_undelivered_messages_are_known_too() -> None:
    assert meaning_of("30003") is Refusal.TRANSIENT
    assert meaning_of("30005") is Refusal.PERMANENT
    assert meaning_of(None) is Refusal.UNKNOWN


def test_too_many_requests_is_safe_to_repeat_when_twilio_says_so(twilio: TwilioStandIn) -> None:
    twilio.fail_next(TOO_MANY)

    with pytest.raises(Refused) as refusal:
        twilio_channel(twilio.base_url).send(outgoing())

    assert not refusal.value.is_permanent
    assert refusal.value.retry_after_s == 120


def test_a_wrong_account_is_no_fault_of_the_message(twilio: TwilioStandIn) -> None:
    account = TwilioAccount(
        account_sid=ACCOUNT_SID, auth_token="wrong", sender=SENDER, base_url=twilio.base_url
    )

    with pytest.raises(Refused) as refusal:
        TwilioChannel(account).send(outgoing())

    assert (refusal.value.code, refusal.value.is_permanent) == ("20003", False)


@pytest.mark.req("N-03")
@pytest.mark.parametrize("fault", [SERVER_ERROR, ACCEPTS_THEN_HANGS, DROPS])
def test_no_clear_answer_is_neither_yes_nor_no(twilio: TwilioStandIn, fault: Fault) -> None:
    twilio.fail_next(fault)

    with pytest.raises(Unclear):
        twilio_channel(twilio.base_url, timeout_s=0.3).send(outgoing())


@pytest.mark.req("N-03")
def test_one_call_is_one_request(twilio: TwilioStandIn) -> None:
    """The SDK and the layers below it must not repeat by themselves."""
    twilio.fail_next(SERVER_ERROR, refuses(21211))

    with pytest.raises(Unclear):
        twilio_channel(twilio.base_url).send(outgoing())

    assert len(twilio.faults) == 1


@pytest.mark.req("N-03")
def test_no_connection_is_used_twice(twilio: TwilioStandIn, wall: FrozenClock) -> None:
    """One that the other side closes in the very moment would make an outcome unclear."""
    channel = twilio_channel(twilio.base_url)

    channel.send(outgoing())
    channel.send(outgoing())
    channel.find(outgoing(), since=wall())

    assert twilio.connection_count == 3


@pytest.mark.req("N-03")
def test_a_message_that_still_waits_in_the_queue_is_found(
    twilio: TwilioStandIn, wall: FrozenClock
) -> None:
    channel = twilio_channel(twilio.base_url)
    accepted = channel.send(outgoing())
    assert twilio.messages[0].sent_at is None

    answer = channel.find(outgoing(), since=wall())

    assert answer == Found((Match(accepted.provider_id, "queued"),))


@pytest.mark.req("N-03")
def test_a_provider_whose_clock_is_behind_is_understood(
    twilio: TwilioStandIn, wall: FrozenClock
) -> None:
    twilio.wall_now = wall() - timedelta(minutes=1)
    channel = twilio_channel(twilio.base_url)
    channel.send(outgoing())

    assert isinstance(channel.find(outgoing(), since=wall()), Found)


def test_what_became_of_it_is_found_as_well(twilio: TwilioStandIn, wall: FrozenClock) -> None:
    channel = twilio_channel(twilio.base_url)
    accepted = channel.send(outgoing())
    twilio.callback(accepted.provider_id, "undelivered", error_code=30003)

    answer = channel.find(outgoing(), since=wall())

    assert answer == Found((Match(accepted.provider_id, "undelivered", "30003"),))


def test_the_search_goes_on_over_several_pages(twilio: TwilioStandIn, wall: FrozenClock) -> None:
    channel = twilio_channel(twilio.base_url)
    channel.send(outgoing("The one in question."))
    for number in range(250):
        twilio.create({"To": NUMBER, "Body": f"Text {number}", "From": SENDER})

    answer = channel.find(outgoing("The one in question."), since=wall())

    assert isinstance(answer, Found)
    assert twilio.list_count == 2


@pytest.mark.req("N-03")
def test_a_list_that_is_cut_before_the_time_in_question_proves_nothing(
    twilio: TwilioStandIn, wall: FrozenClock
) -> None:
    for number in range(500):
        twilio.create({"To": NUMBER, "Body": f"Text {number}", "From": SENDER})

    channel = twilio_channel(twilio.base_url)

    assert channel.find(outgoing(), since=wall()) == CannotTell()
    assert channel.find(outgoing(), since=wall() + timedelta(hours=1)) == Absent()


@pytest.mark.req("N-03")
def test_texts_that_the_account_erases_prove_nothing(
    twilio: TwilioStandIn, wall: FrozenClock
) -> None:
    channel = twilio_channel(twilio.base_url)
    channel.send(outgoing())
    twilio.messages[0].body = ""

    assert channel.find(outgoing(), since=wall()) == CannotTell()


@pytest.mark.parametrize("fault", [SERVER_ERROR, TOO_MANY, DROPS])
def test_a_list_that_cannot_be_read_is_no_answer(
    twilio: TwilioStandIn, wall: FrozenClock, fault: Fault
) -> None:
    twilio.fail_next_list(fault)

    with pytest.raises((Refused, Unclear)):
        twilio_channel(twilio.base_url).find(outgoing(), since=wall())


@pytest.mark.req("X-07")
def test_the_sdk_logs_no_numbers(
    twilio: TwilioStandIn, wall: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    channel = twilio_channel(twilio.base_url)

    channel.send(outgoing())
    channel.find(outgoing(), since=wall())

    assert [record for record in caplog.records if NUMBER[1:] in record.getMessage()] == []


@pytest.mark.req("N-04")
@pytest.mark.parametrize("form", [FORM, MultiDict(FORM)], ids=["mapping", "flask"])
def test_a_callback_signed_by_twilio_is_genuine(form: dict[str, str]) -> None:
    assert signature_is_valid(AUTH_TOKEN, url=CALLBACK, form=form, signature=sign(CALLBACK, FORM))


@pytest.mark.req("N-04")
@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        (CALLBACK, FORM, ""),
        (CALLBACK, FORM, "é" * 28),
        (CALLBACK, FORM, sign(CALLBACK, FORM, auth_token="another")),
        (CALLBACK.replace("7f", "8a"), FORM, sign(CALLBACK, FORM)),
        (CALLBACK.replace("n=1", "n=2"), FORM, sign(CALLBACK, FORM)),
        (CALLBACK, {**FORM, "MessageStatus": "failed"}, sign(CALLBACK, FORM)),
        (CALLBACK, {**FORM, "More": "x"}, sign(CALLBACK, FORM)),
        (CALLBACK, {"MessageSid": "SM1"}, sign(CALLBACK, FORM)),
    ],
    ids=["none", "noise", "token", "message", "query", "status", "added", "removed"],
)
def test_a_forged_or_tampered_callback_is_not(
    url: str, form: dict[str, str], signature: str
) -> None:
    assert not signature_is_valid(AUTH_TOKEN, url=url, form=form, signature=signature)


@pytest.mark.req("N-04")
def test_a_status_callback_is_read(twilio: TwilioStandIn) -> None:
    sid = twilio_channel(twilio.base_url).send(outgoing()).provider_id
    callback = twilio.callback(sid, "undelivered", error_code=30003)

    assert signature_is_valid(
        AUTH_TOKEN, url=callback.url, form=callback.form, signature=callback.signature
    )
    assert read_status_report(callback.form) == StatusReport(sid, "undelivered", "30003")
    assert read_status_report({"Body": "STOP", "From": NUMBER}) is None
