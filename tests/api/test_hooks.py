"""What Twilio reports afterwards: believed with its signature only, kept once, never backwards."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from epro.app import create_app
from epro.clock import wall_clock_now
from epro.models import JournalEntry, Site, WorkItem, WorkKind
from epro.parts import Parts
from epro.providers import SmsSettings
from epro.services import identity
from notifications import outbox
from notifications.hooks import Hooks
from notifications.messages import ChannelName, DeliveryReceipt, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from tests.clock import FrozenClock
from tests.factories import (
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
)
from tests.settings import make_settings
from tests.standins.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SENDER,
    Callback,
    TwilioStandIn,
    running_twilio,
    sign,
)

pytestmark = pytest.mark.req("N-04")

PUBLIC_URL = "https://epro.example.org"
NUMBER = "+8613900139000"


class Office:
    """The application with a Twilio account, and one text message that has left."""

    def __init__(self, app: Flask, twilio: TwilioStandIn, clock: FrozenClock) -> None:
        self.app, self.twilio, self.clock = app, twilio, clock
        self.parts: Parts = app.extensions["epro"]
        with self.parts.database.transaction() as session:
            site = add_site(session)
            version = add_study_version(session, site)
            user = add_user(session, keyring=self.parts.keyring).user
            user.phone_sealed = self.parts.keyring.seal(NUMBER)
            self.message_id = outbox.enqueue(
                session,
                NewMessage(
                    purpose="safety", channel=ChannelName.SMS, template="alert_sms",
                    template_version=str(version.id), language="zh", is_vital=True,
                    recipient_ref=f"user:{user.id}",
                    params={"code": "SZ01-014", "tier": "RED_A", "time": "19:04"},
                ),
                now=clock(),
            )  # fmt: skip
        self.parts.messaging.dispatcher.run()
        self.sid = twilio.messages[0].sid

    def post(self, callback: Callback, *, base: str = "http://inside:8000") -> TestResponse:
        """Deliver a callback as a proxy would: to a host that is not the public one."""
        target = urlsplit(callback.url)
        return self.app.test_client().post(
            f"{target.path}?{target.query}" if target.query else target.path,
            base_url=base, data=callback.form,
            headers={"X-Twilio-Signature": callback.signature},
        )  # fmt: skip

    def report(self, status: str, error_code: int | None = None) -> int:
        return self.post(self.twilio.callback(self.sid, status, error_code=error_code)).status_code

    @property
    def message(self) -> OutboxMessage:
        with self.parts.database.reading() as session:
            return session.get_one(OutboxMessage, self.message_id)

    @property
    def receipts(self) -> list[DeliveryReceipt]:
        with self.parts.database.reading() as session:
            return list(session.scalars(select(DeliveryReceipt).order_by(DeliveryReceipt.id)))


@pytest.fixture
def office(fresh_database_url: str, clock: FrozenClock) -> Iterator[Office]:
    with running_twilio(wall_clock_now()) as twilio:
        account = SmsSettings(
            account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, base_url=twilio.base_url
        )
        settings = make_settings(fresh_database_url, sms=account, public_url=PUBLIC_URL)
        app = create_app(settings, keyring=make_keyring(), clock=clock)
        yield Office(app, twilio, clock)
        app.extensions["epro"].database.engine.dispose()


def test_our_own_id_is_in_the_address_that_twilio_calls(office: Office) -> None:
    url = office.twilio.messages[0].callback_url

    assert url == f"{PUBLIC_URL}/hooks/twilio/status/{office.message_id}"


def test_a_signed_report_is_kept_with_its_time(office: Office) -> None:
    office.clock.advance(minutes=3)

    assert office.report("delivered") == 204

    (receipt,) = office.receipts
    assert (receipt.provider_id, receipt.status) == (office.sid, "delivered")
    assert receipt.received_at == office.clock()
    assert office.message.delivery_status == "delivered"


def test_the_history_is_kept_and_never_runs_backwards(office: Office) -> None:
    for status in ("sent", "undelivered", "queued", "sending", "sent"):
        office.report(status, 30003 if status == "undelivered" else None)

    assert [one.status for one in office.receipts] == ["sent", "undelivered", "queued", "sending"]
    assert office.message.delivery_status == "undelivered"


def test_a_repeated_report_changes_nothing(office: Office) -> None:
    callback = office.twilio.callback(office.sid, "undelivered", error_code=30003)

    assert [office.post(callback).status_code for _ in range(3)] == [204] * 3

    assert len(office.receipts) == 1
    with office.parts.database.reading() as session:
        verbs = session.scalars(select(JournalEntry.verb)).all()
    assert verbs.count("message.undelivered") == verbs.count("incident.opened") == 1


@pytest.mark.parametrize(
    ("changes", "signature"),
    [
        ({}, ""),
        ({}, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ({"MessageStatus": "delivered"}, None),
        ({"ErrorCode": "30007"}, None),
        ({"Added": "field"}, None),
    ],
    ids=["unsigned", "invented", "other status", "other code", "one more field"],
)
def test_what_is_forged_or_tampered_with_is_refused_and_leaves_nothing(
    office: Office, changes: Mapping[str, str], signature: str | None
) -> None:
    genuine = office.twilio.callback(office.sid, "failed", error_code=30003)
    forged = replace(
        genuine,
        form={**genuine.form, **changes},
        signature=genuine.signature if signature is None else signature,
    )

    answer = office.post(forged)

    assert answer.status_code == 403
    assert answer.get_json()["error"]["code"] == "signature_invalid"
    assert office.receipts == []
    assert office.message.state is MessageState.SENT


def test_a_report_signed_for_one_message_is_not_believed_about_another(office: Office) -> None:
    genuine = office.twilio.callback(office.sid, "delivered")
    elsewhere = replace(genuine, url=f"{PUBLIC_URL}/hooks/twilio/status/{uuid4()}")

    assert office.post(elsewhere).status_code == 403


def test_a_signature_made_with_another_token_is_refused(office: Office) -> None:
    genuine = office.twilio.callback(office.sid, "delivered")
    forged = replace(genuine, signature=sign(genuine.url, genuine.form, auth_token="guessed"))

    assert office.post(forged).status_code == 403


@pytest.mark.parametrize("query", ["", "?a=1&b=%20"])
@pytest.mark.parametrize("base", ["http://inside:8000", "https://epro.example.org", "http://evil"])
def test_only_the_public_address_counts_whatever_a_proxy_makes_of_it(
    office: Office, base: str, query: str
) -> None:
    genuine = office.twilio.callback(office.sid, "delivered")
    url = genuine.url + query
    callback = replace(genuine, url=url, signature=sign(url, genuine.form))

    assert office.post(callback, base=base).status_code == 204


def test_a_signed_report_about_an_unknown_message_is_harmless(office: Office) -> None:
    url = f"{PUBLIC_URL}/hooks/twilio/status/{uuid4()}"
    form = office.twilio.callback(office.sid, "delivered").form

    answer = office.post(Callback(url, form, sign(url, form)))

    assert (answer.status_code, office.receipts) == (204, [])


def test_a_signed_call_about_something_else_is_harmless(office: Office) -> None:
    url, form = office.parts.messaging.callback_url(office.message_id), {"Digits": "1"}

    assert office.post(Callback(url, form, sign(url, form))).status_code == 204
    assert office.receipts == []


@pytest.mark.req("N-03")
def test_a_report_heals_a_message_of_which_nobody_knows_whether_it_left(office: Office) -> None:
    with office.parts.database.transaction() as session:
        message = session.get_one(OutboxMessage, office.message_id)
        message.state, message.sent_at, message.provider_id = MessageState.UNKNOWN, None, None

    office.report("queued")

    assert (office.message.state, office.message.provider_id) == (MessageState.SENT, office.sid)


@pytest.mark.req("N-05")
@pytest.mark.parametrize("code", [30003, 21610])
def test_a_reminder_that_did_not_arrive_is_on_the_coordinators_list(
    office: Office, code: int
) -> None:
    with office.parts.database.transaction() as session:
        _turn_into_a_reminder(session, office.message_id, office.parts)

    office.report("undelivered", code)

    with office.parts.database.reading() as session:
        assert session.scalars(select(WorkItem.kind)).all() == [WorkKind.NOT_REACHED]


def test_a_report_is_kept_also_when_what_follows_from_it_fails(office: Office) -> None:
    class Faulty(Hooks):
        def on_undelivered(self, *_args: object, **_kwargs: object) -> None:
            raise ZeroDivisionError

    broken = replace(office.parts.messaging, hooks=Faulty())
    office.app.extensions["epro"] = replace(office.parts, messaging=broken)

    assert office.report("undelivered", 30003) == 500
    assert [one.status for one in office.receipts] == ["undelivered"]


def test_without_a_twilio_account_nothing_is_believed(app: Flask) -> None:
    answer = app.test_client().post(f"/hooks/twilio/status/{uuid4()}", data={"MessageSid": "SM1"})

    assert answer.status_code == 403


def _turn_into_a_reminder(session: Session, message_id: UUID, parts: Parts) -> None:
    her = add_participant(session, session.scalars(select(Site)).one())
    identity.seal(
        session, SYSTEM, her, phone=NUMBER, year_of_birth=1988, keyring=parts.keyring,
        now=parts.clock.now(),
    )  # fmt: skip
    message = session.get_one(OutboxMessage, message_id)
    message.purpose, message.recipient_ref = "reminder", f"participant:{her.id}"
