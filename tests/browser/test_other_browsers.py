"""The diary in browsers that are not Chromium: WebKit, as on every iPhone, and Firefox.

Only what they do otherwise can be found here: what is kept, the worker, the controls. They run with
`make test-long` where they are installed (docs/device-test.md says how); else they say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from questionnaires.validation import judge
from tests.blackbox.people import PIN
from tests.blackbox.system import wait_for
from tests.browser.desk import Desk
from tests.browser.filling import DRIVER, NOW, as_form, by_chance
from tests.browser.handset import ALL_OF, with_a_diary
from tests.browser.test_phone_controls import GALLERY
from tests.browser.test_phone_forms import said
from tests.browser.webdriver import FIREFOX, WEBKIT, Driven, Kind, driven

pytestmark = [pytest.mark.blackbox, pytest.mark.long]
each = pytest.mark.parametrize("kind", [WEBKIT, FIREFOX], ids=lambda kind: str(kind.name))
SEED = 2  # declines nothing
MAIN = ".bar button.main"
KEPT_WITH_WORKER = "return navigator.serviceWorker.ready.then(() => caches.keys())"
# Press what somebody does on a good day; numbers are typed with keys.
CALMLY = """
const rows = [...document.querySelectorAll("label.row")];
const today = rows.find((one) => /^现在|^今天（/.test(one.innerText.trim()));
(document.querySelector(".cells label") || today || rows.pop()).click();
"""


@contextmanager
def window_of(kind: Kind, folder: Path) -> Iterator[Driven]:
    if kind.missing:
        pytest.skip(f"not installed here: {', '.join(kind.missing)}")
    with driven(kind, folder) as window:
        yield window


def unlock(window: Driven, *fields: str) -> None:
    for field in fields:
        window.type(field, PIN)
    window.press(MAIN)


def answer_calmly(window: Driven) -> None:
    """Answer whatever is asked as on a good day, up to the review."""
    while not window.count(".review"):
        asked = window.text("h1")
        if window.count("input[inputmode=decimal]"):
            window.type("input[inputmode=decimal]", "36.6")
        else:
            window.run(CALMLY)
        window.press(MAIN)
        window.until_gone(asked, "h1")


@pytest.mark.req("Q-03", "Q-04", "S-02", "P-02")
@each
def test_a_diary_is_filled_in_without_a_server_and_delivered_once_there_is_one(
    desk: Desk, kind: Kind, tmp_path: Path, pictures: Path
) -> None:
    somebody, diary = with_a_diary(desk.system)
    with window_of(kind, tmp_path) as window:

        def look(name: str) -> None:
            window.picture(pictures / f"{kind.name}-{name}.png")
            assert window.run("return document.documentElement.scrollWidth <= innerWidth"), name

        def kept(store: str) -> list[Any]:
            return list(window.run(f"return ({ALL_OF})(arguments[0])", store))

        window.go(f"{desk.system.url}/a#{somebody.typed['code']}")
        window.type("#year", str(somebody.typed["year_of_birth"]))
        window.press(MAIN)
        unlock(window, "#pin", "#again")
        window.until(diary["title"]["zh"])
        look("today")
        wait_for(lambda: len(kept("form")) > 1, "her forms are kept")
        assert len(window.run(KEPT_WITH_WORKER)) == 1
        assert somebody.typed["code"] not in window.run("return location.href")

        desk.system.processes["web"].kill()
        window.reload()
        unlock(window, "#pin")
        window.press(".card button.main")
        window.until("第 1 题", ".step")
        look("question")
        answer_calmly(window)
        look("review")
        window.press(MAIN)
        window.until("已安全保存在本机")
        look("kept")
        assert (len(kept("outbox")), kept("draft")) == (1, [])

        desk.system.mend()
        window.press("button.second.wide")
        window.until("已送达研究中心")
        look("delivered")
        (stored,) = desk.system.read(f"/participants/{somebody.code}/responses")["items"]
        assert (stored["status"], stored["timeliness"]) == ("completed", "on_time")
        assert kept("outbox") == []


@pytest.mark.req("Q-03", "Q-05", "P-11")
@each
def test_every_kind_of_question_is_answered_as_over_the_api(
    desk: Desk, kind: Kind, tmp_path: Path
) -> None:
    answers = by_chance(GALLERY, Random(SEED), now=NOW)
    with window_of(kind, tmp_path) as window:
        window.go(f"{desk.system.url}/p/")
        window.until("欢迎")
        window.run(f"return ({DRIVER})()")
        window.run("return driver.mount(arguments[0], 'zh')", as_form(GALLERY))

        sent = window.run(
            "return driver.answer(arguments[0], () => [])",
            {one["link_id"]: one for one in answers},
        )

    by_phone = judge(GALLERY, sent["answers"], is_complete=True)
    by_api = judge(GALLERY, list(answers), is_complete=True)
    assert by_phone.problems == by_api.problems == ()
    assert said(by_phone.answers) == said(by_api.answers)
