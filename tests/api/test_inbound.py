"""STOP and START by text message: believed with Twilio's signature only, kept per number."""

from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.app import create_app
from epro.models import JournalEntry, OptOut, OptOutSource
from epro.parts import Parts
from epro.providers import SmsSettings
from epro.services import identity
from tests.clock import FrozenClock
from tests.factories import SYSTEM, add_participant, add_site, make_keyring
from tests.settings import make_settings
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, SENDER, sign

pytestmark = pytest.mark.req("N-01", "N-05")

PUBLIC_URL = "https://epro.example.org"
PATH = "/hooks/twilio/inbound"
NUMBER = "+8613900139000"
CODE = "SZ01-014"


class Desk:
    """The application with a Twilio account, and one participant with a number."""

    def __init__(self, app: Flask, clock: FrozenClock) -> None:
        self.app = app
        self.parts: Parts = app.extensions["epro"]
        with self.parts.database.transaction() as session:
            identity.seal(
                session, SYSTEM, add_participant(session, add_site(session), CODE), phone=NUMBER,
                year_of_birth=1988, keyring=self.parts.keyring, now=clock(),
            )  # fmt: skip

    def reply(self, body: str, *, signature: str | None = None, **more: str) -> TestResponse:
        form: Mapping[str, str] = {
            "From": NUMBER, "To": SENDER, "Body": body, "MessageSid": "SM1", **more
        }  # fmt: skip
        signed = sign(f"{PUBLIC_URL}{PATH}", form) if signature is None else signature
        return self.app.test_client().post(
            PATH, base_url="http://inside:8000", data=form, headers={"X-Twilio-Signature": signed}
        )

    @property
    def opt_outs(self) -> list[OptOut]:
        with self.parts.database.reading() as session:
            return list(session.scalars(select(OptOut).order_by(OptOut.begun_at)))

    @property
    def verbs(self) -> list[tuple[str, str | None]]:
        with self.parts.database.reading() as session:
            rows = session.scalars(select(JournalEntry).order_by(JournalEntry.id))
            return [
                (row.verb, row.participant_code) for row in rows if row.entity_type == "opt_out"
            ]


@pytest.fixture
def desk(fresh_database_url: str, clock: FrozenClock) -> Iterator[Desk]:
    account = SmsSettings(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER)
    settings = make_settings(fresh_database_url, sms=account, public_url=PUBLIC_URL)
    app = create_app(settings, keyring=make_keyring(), clock=clock)
    yield Desk(app, clock)
    app.extensions["epro"].database.engine.dispose()


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Unsubscribe", "退订", "TD"])
def test_stop_ends_text_messages_to_its_number(desk: Desk, word: str) -> None:
    answer = desk.reply(word)

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    (standing,) = desk.opt_outs
    assert (standing.source, standing.ended_at) == (OptOutSource.REPLY, None)
    assert NUMBER not in standing.number_lookup
    assert desk.verbs == [("number.opted_out", CODE)]


def test_stop_twice_is_one_opt_out(desk: Desk) -> None:
    desk.reply("STOP")
    desk.reply("STOP")

    assert len(desk.opt_outs) == 1
    assert desk.verbs == [("number.opted_out", CODE)]


def test_start_begins_them_again_and_stop_may_follow(desk: Desk) -> None:
    for word in ("STOP", "START", "START", "STOP"):
        desk.reply(word)

    assert [one.ended_at is None for one in desk.opt_outs] == [False, True]
    assert [verb for verb, _code in desk.verbs] == [
        "number.opted_out", "number.opted_in", "number.opted_out",
    ]  # fmt: skip


def test_where_twilio_handles_opt_outs_its_own_word_counts(desk: Desk) -> None:
    desk.reply("please leave me alone", OptOutType="STOP")

    assert len(desk.opt_outs) == 1


@pytest.mark.parametrize("said", ["Hello", "我不舒服", "don't stop", ""])
def test_anything_else_changes_nothing_and_is_not_kept(desk: Desk, said: str) -> None:
    assert desk.reply(said).status_code == 200

    assert desk.opt_outs == []
    assert desk.verbs == []


@pytest.mark.req("N-04")
@pytest.mark.parametrize("signature", ["", "AAAA", sign(f"{PUBLIC_URL}{PATH}", {"From": NUMBER})])
def test_without_the_right_signature_nobody_is_believed(desk: Desk, signature: str) -> None:
    assert desk.reply("STOP", signature=signature).status_code == 403

    assert desk.opt_outs == []
