"""A browser at the site's desk: signed in to the console, reads pages, and sends their forms."""

import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from epro.rehearsal.staff import Colleague
from epro.rehearsal.wire import Page, Unexpected, Wire

CONSOLE = "/console"
DOOR = f"{CONSOLE}/sign-in"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Desk:
    """One person's browser with its cookies. She signs in where a page asks her to."""

    def __init__(self, wire: Wire, who: Colleague) -> None:
        self.who = who
        self._wire = wire
        self._cookies: dict[str, str] = {}

    def get(self, path: str, *, kind: str) -> str:
        """Return a page. Raises Unexpected where there is none."""
        page = self._ask("GET", path, kind=kind)
        if page.goes_to.startswith(DOOR):
            self._sign_in()
            page = self._ask("GET", path, kind=kind)
        if page.status != 200:
            raise Unexpected(f"GET {CONSOLE}{path}: {page.status} as {self.who.username}")
        return page.text

    def send(self, path: str, form: dict[str, str], *, on: str, kind: str) -> None:
        """Send a form that stands on a page which was read; it has to be taken."""
        token = CSRF.search(on)
        if token is None:
            raise Unexpected(f"{CONSOLE}{path}: the page holds no form")
        page = self._ask("POST", path, form | {"csrf": token[1]}, kind=kind)
        if page.status != 303 or page.goes_to.startswith(DOOR):
            raise Unexpected(f"POST {CONSOLE}{path}: {page.status} as {self.who.username}")

    def _sign_in(self) -> None:
        form = {
            "username": self.who.username, "password": self.who.password,
            "totp": self.who.spend_code(),
        }  # fmt: skip
        page = self._ask("POST", "/sign-in", form, kind="console sign-in")
        if page.status != 303:
            raise Unexpected(f"{DOOR}: {page.status} as {self.who.username}")

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, kind: str
    ) -> Page:
        headers = {"Cookie": "; ".join(f"{name}={one}" for name, one in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = None if form is None else urlencode(form).encode()
        page = self._wire.page(method, f"{CONSOLE}{path}", content, headers, kind=kind)
        for line in page.cookies:
            self._cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return page
