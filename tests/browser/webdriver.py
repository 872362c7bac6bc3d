"""Browsers that Playwright cannot drive, driven as W3C WebDriver says: WebKit's, Firefox's."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.blackbox.people import ZONE
from tests.blackbox.system import free_port, wait_for

# How W3C WebDriver names an element in JSON.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PATIENCE_S = 60.0
SIZE = (360, 740)


@dataclass(frozen=True, slots=True)
class Kind:
    """A browser and what drives it, by the names of their programs."""

    name: str
    driver: str
    beside: str  # the other program that it takes
    capabilities: dict[str, Any]

    @property
    def missing(self) -> list[str]:
        """Return what is not installed here."""
        return [one for one in (self.driver, self.beside) if shutil.which(one) is None]


WEBKIT = Kind("webkit", "WebKitWebDriver", "Xvfb", {})
HEADLESS = {"browserName": "firefox", "moz:firefoxOptions": {"args": ["-headless"]}}
FIREFOX = Kind("firefox", "geckodriver", "firefox", HEADLESS)


@dataclass(frozen=True, slots=True)
class Driven:
    """One window of a browser that is driven."""

    http: httpx.Client

    def go(self, address: str) -> None:
        _value(self.http.post("/url", json={"url": address}))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; a promise that it returns is waited for."""
        asked = {"script": script, "args": list(arguments)}
        return _value(self.http.post("/execute/sync", json=asked))

    def reload(self) -> None:
        """Load the page again, as somebody does; Firefox's driver would go round the worker."""
        self.run("window.isOld = true; setTimeout(() => location.reload(), 0);")

        def is_new() -> bool:
            asked = {"script": "return !window.isOld && document.readyState === 'complete'"}
            answer = self.http.post("/execute/sync", json=asked | {"args": []})
            return answer.status_code == httpx.codes.OK and bool(answer.json()["value"])

        wait_for(is_new, "the page is loaded again", timeout_s=PATIENCE_S)

    def press(self, selector: str) -> None:
        """Press what is there, as a finger would, once it is there."""
        self._act(selector, "click", {})

    def type(self, selector: str, text: str) -> None:
        """Type into a field with keys."""
        self._act(selector, "value", {"text": text})

    def text(self, selector: str = "body") -> str:
        """Return what can be read there; nothing where there is no such place."""
        script = "const at = document.querySelector(arguments[0]); return at ? at.innerText : '';"
        return str(self.run(script, selector))

    def until(self, text: str, selector: str = "body") -> None:
        """Wait until something can be read there."""
        wait_for(lambda: text in self.text(selector), text, timeout_s=PATIENCE_S)

    def until_gone(self, text: str, selector: str = "body") -> None:
        """Wait until something is no longer all that can be read there."""
        wait_for(lambda: text != self.text(selector), f"no {text}", timeout_s=PATIENCE_S)

    def count(self, selector: str) -> int:
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def picture(self, path: Path) -> None:
        """Keep a picture of what is seen."""
        path.write_bytes(base64.b64decode(_value(self.http.get("/screenshot"))))

    def _act(self, selector: str, act: str, body: dict[str, Any]) -> None:
        def is_done() -> bool:
            wanted = {"using": "css selector", "value": selector}
            found = self.http.post("/element", json=wanted)
            if found.status_code != httpx.codes.OK:
                return False
            element = _value(found)[ELEMENT]
            return (
                self.http.post(f"/element/{element}/{act}", json=body).status_code == httpx.codes.OK
            )

        wait_for(is_done, f"{act} {selector}", timeout_s=PATIENCE_S)


def _value(answer: httpx.Response) -> Any:
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.json()["value"]


@contextmanager
def driven(kind: Kind, folder: Path) -> Iterator[Driven]:
    """Open a window of a browser; what it and its driver say goes into the folder."""
    with _screen(folder) if kind is WEBKIT else _no_screen() as environment:
        port = free_port()
        with (folder / f"{kind.name}.log").open("wb") as log:
            driver = subprocess.Popen(
                [kind.driver, f"--port={port}"], env=environment | {"TZ": ZONE.key},
                stdout=log, stderr=log,
            )  # fmt: skip
            try:
                with (
                    httpx.Client(
                        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
                    ) as http,
                    _session(http, kind) as window,
                ):
                    yield window
            finally:
                driver.terminate()
                driver.wait()


@contextmanager
def _session(http: httpx.Client, kind: Kind) -> Iterator[Driven]:
    def is_ready() -> bool:
        try:
            return bool(_value(http.get("/status"))["ready"])
        except httpx.TransportError:
            return False

    wait_for(is_ready, f"{kind.driver} answers", timeout_s=PATIENCE_S)
    asked = {"capabilities": {"alwaysMatch": kind.capabilities}}
    begun = _value(http.post("/session", json=asked))
    http.base_url = http.base_url.join(f"/session/{begun['sessionId']}")
    try:
        width, height = SIZE
        http.post("/window/rect", json={"width": width, "height": height})
        yield Driven(http)
    finally:
        http.delete("")


@contextmanager
def _screen(folder: Path) -> Iterator[dict[str, str]]:
    """Have a screen that nobody looks at; give the environment that names it."""
    reading, writing = os.pipe()
    with (folder / "screen.log").open("wb") as log:
        how = ["-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), *how], pass_fds=[writing], stdout=log, stderr=log
        )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        yield os.environ | {"DISPLAY": f":{number}"}
    finally:
        screen.terminate()
        screen.wait()


@contextmanager
def _no_screen() -> Iterator[dict[str, str]]:
    yield dict(os.environ)
