"""What tests read off a page: its forms, its links, its words."""

import re
from uuid import uuid4

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from epro.api.access_table import Route

CONSOLE = "/console"


def text_of(answer: TestResponse) -> str:
    """Return what a reader sees, in one line."""
    return " ".join(html.fromstring(answer.text).text_content().split())


def somewhere(route: Route, code: str) -> str:
    """Return the path of a route: for this participant, a coordinator, and things that are not."""
    path = route.path.replace("{code}", code).replace("{username}", "coordinator")
    return re.sub(r"{\w+}", str(uuid4()), path)


def links_of(answer: TestResponse) -> set[str]:
    """Return where the links of a page lead, inside the console and without filters."""
    found = html.fromstring(answer.text).xpath("//a/@href")
    paths = {str(link).split("?")[0].split("#")[0] for link in found}
    return {path for path in paths if path.startswith(CONSOLE) and "/language/" not in path}


def csrf_of(browser: FlaskClient) -> str:
    """Return the token that the forms of this session carry."""
    page = browser.get(f"{CONSOLE}/phones")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def send(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form as a page of this session would."""
    return browser.post(f"{CONSOLE}{path}", data={"csrf": csrf_of(browser), **fields})
