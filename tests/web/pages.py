"""What tests read off a page: its forms, its links, its words."""

import re

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

CONSOLE = "/console"


def text_of(answer: TestResponse) -> str:
    """Return what a reader sees, in one line."""
    return " ".join(html.fromstring(answer.text).text_content().split())


def csrf_of(browser: FlaskClient) -> str:
    """Return the token that the forms of this session carry."""
    page = browser.get(f"{CONSOLE}/phones")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def send(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form as a page of this session would."""
    return browser.post(f"{CONSOLE}{path}", data={"csrf": csrf_of(browser), **fields})
