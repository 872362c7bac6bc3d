"""The development inbox: what would have left, on a page that a phone can show."""

from html.parser import HTMLParser
from uuid import uuid4

import pytest
from flask import Flask

from epro.api.access_table import routes_of
from epro.app import create_app
from epro.parts import Parts
from epro.providers import MailSettings, SmsSettings
from epro.settings import Environment
from notifications.messages import ChannelName, DevelopmentMessage
from tests.clock import START
from tests.factories import make_keyring
from tests.settings import make_settings

MAIL = MailSettings(host="mail.example.org", port=465, tls="implicit", sender="e@example.org")
SMS = SmsSettings(account_sid="AC1", auth_token="token", sender="+15005550006")


class Page(HTMLParser):
    """The tags of a page, its attributes and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())


def put(app: Flask, *bodies: str) -> None:
    parts: Parts = app.extensions["epro"]
    with parts.database.transaction() as session:
        session.add_all(
            DevelopmentMessage(
                message_id=uuid4(), channel=ChannelName.EMAIL, address="li.na@example.org",
                language="zh", subject=f"about {body}", body=body, received_at=START,
            )
            for body in bodies
        )  # fmt: skip


def test_messages_stand_on_the_page_the_newest_first(app: Flask) -> None:
    put(app, "first", "second\nline")

    page = Page(app.test_client().get("/dev/inbox").text)

    subjects = [word for word in page.words if word.startswith("about")]
    assert subjects == ["about second\nline", "about first"]
    assert "li.na@example.org" in " ".join(page.words)
    assert "2026-03-01 10:00:00" in page.words


def test_the_same_as_json_for_tests_and_scripts(app: Flask) -> None:
    put(app, "first", "second")

    answer = app.test_client().get("/dev/inbox", headers={"Accept": "application/json"})

    items = answer.get_json()["items"]
    assert [item["body"] for item in items] == ["second", "first"]
    assert items[0].keys() == {
        "message_id", "channel", "to", "language", "subject", "body", "received_at",
    }  # fmt: skip


@pytest.mark.req("X-05")
def test_what_stands_in_a_message_is_text_and_no_markup(app: Flask) -> None:
    put(app, "<script>alert(1)</script>")

    text = app.test_client().get("/dev/inbox").text

    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.req("X-05")
def test_the_page_needs_no_script_and_forbids_any(app: Flask) -> None:
    put(app, "first")

    answer = app.test_client().get("/dev/inbox")

    policy = answer.headers["Content-Security-Policy"]
    page = Page(answer.text)
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    assert {"script", "style", "form", "iframe"}.isdisjoint(page.tags)
    assert {"style", "onclick", "onload"}.isdisjoint(page.attributes)


def test_it_is_made_for_the_width_of_a_phone_and_its_style_is_served(app: Flask) -> None:
    client = app.test_client()

    page, style = client.get("/dev/inbox"), client.get("/dev/inbox.css")

    assert 'content="width=device-width, initial-scale=1"' in page.text
    assert '/dev/inbox.css"' in page.text
    assert (style.status_code, style.mimetype) == (200, "text/css")


@pytest.mark.parametrize(
    ("query", "language", "word"),
    [
        ("", "zh-CN", "开发收件箱"),
        ("?language=zh", "zh-CN", "还没有消息。"),
        ("?language=en", "en", "No messages yet."),
        ("?language=fr", "zh-CN", "还没有消息。"),
    ],
)
def test_it_speaks_both_languages(app: Flask, query: str, language: str, word: str) -> None:
    text = app.test_client().get(f"/dev/inbox{query}").text

    assert f'<html lang="{language}">' in text
    assert word in Page(text).words


@pytest.mark.req("X-03")
@pytest.mark.parametrize(
    ("environment", "mail", "sms", "is_there"),
    [
        (Environment.DEVELOPMENT, None, None, True),
        (Environment.DEVELOPMENT, MAIL, None, True),
        (Environment.DEVELOPMENT, None, SMS, True),
        (Environment.DEVELOPMENT, MAIL, SMS, False),
        (Environment.PRODUCTION, MAIL, SMS, False),
        (Environment.PRODUCTION, None, None, False),
    ],
)
def test_it_exists_only_where_messages_stay_on_this_machine(
    environment: Environment, mail: MailSettings | None, sms: SmsSettings | None, is_there: bool
) -> None:
    settings = make_settings("sqlite://", environment=environment, mail=mail, sms=sms)

    app = create_app(settings, keyring=make_keyring())

    assert ("/dev/inbox" in {route.path for route in routes_of(app)}) is is_there
