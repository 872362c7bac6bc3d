"""A participant's phone in a real browser: a narrow touch screen before the running system."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, cast

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.blackbox.people import DIARIES, PIN, activation_form
from tests.blackbox.system import System, wait_for
from tests.browser.desk import Watched
from tests.browser.gallery import HEIGHT, LARGEST, LYING, NARROWEST, USUAL, WIDTHS, Gallery

PATIENCE_S = 30
PATIENCE_MS = PATIENCE_S * 1000
A_TAP_MS = 2_000
TARGET_PX = 48
TOGETHER = 6
STAYS_OPEN = timedelta(hours=2)
# How the first row of a day or an instant begins.
TO_DAY = re.compile(r"^\s*(现在|Now|今天（|Today \()")
# What today's list says as long as the app has not heard from the server what is to be filled in.
NOT_HEARD_YET = re.compile("联网后会显示要填的内容|What to fill in shows once")
# Every control has to be big enough to be hit; a box or dot inside a row counts with its row.
SET_TEXT_SIZE = "(size) => { document.documentElement.dataset.text = size; }"
ALL_OF = """(name) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('epro-phone');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const asked = opening.result.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
  };
})"""
SMALL_TARGETS = """(least) =>
  [...document.querySelectorAll('button, a[href], input, textarea, select')]
  .map((one) => one.closest('label') || one).filter((one) => one.offsetParent !== null)
  .filter((one) => one.getBoundingClientRect().height < least - 0.5)
  .map((one) => one.outerHTML.slice(0, 80))"""
# A telephone number, a day, or a number and what it counts, in two lines is read, dialled or taken
# wrong.
BROKEN_NUMBERS = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  const WHOLE = new RegExp([
    '\\\\d[\\\\d-]{5,}\\\\d', '\\\\d+月\\\\d+日 周.', '[A-Z][a-z]{2} \\\\d+ [A-Z][a-z]{2}',
    '\\\\d+ (?:小时|分钟|天|次|条|公斤|hours|minutes|days|kg)', 'left:.\\\\d',
  ].join('|'), 'g');
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (const { 0: number, index } of text.data.matchAll(WHOLE)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + number.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(number);
    }
  }
  return found;
}"""
# All of it, of a screen that stands in this width.
MISFITS = f"""([width, least]) => {{
  const measured = [document.documentElement.scrollWidth, innerWidth];
  return [
    ...(measured.every((one) => one === width) ? [] : [`is ${{measured}} wide`]),
    ...({SMALL_TARGETS})(least).map((one) => `small ${{one}}`),
    ...({BROKEN_NUMBERS})().map((one) => `broken ${{one}}`),
    ...(document.querySelector('.help, .danger') ? [] : ['no way to help']),
  ];
}}"""
# Where little height is left the bar must not take a third of it.
STICKS = """() => [...document.querySelectorAll('.bar')]
  .filter((bar) => getComputedStyle(bar).position === 'sticky').length"""


@dataclass
class Somebody:
    """A participant as the site knows her, and what she types to activate her phone."""

    code: str
    typed: dict[str, Any]


@dataclass
class Handset:
    """One phone: its browser's context with all that it keeps, and the page that is watched."""

    system: System
    context: BrowserContext
    watched: Watched
    somebody: Somebody
    pin: str = PIN
    diary: str = ""  # the title of the diary that is open

    @property
    def page(self) -> Page:
        return self.watched.page

    def activate(self) -> None:
        """Come in by the printed address, and wait until today's list is there."""
        page, typed = self.page, self.somebody.typed
        page.goto(f"/a#{typed['code']}")
        page.fill("#year", str(typed["year_of_birth"]))
        self.press()
        page.fill("#pin", PIN)
        page.fill("#again", PIN)
        self.press()
        expect(page.locator(".strip")).to_be_visible()
        expect(page.get_by_text(NOT_HEARD_YET)).to_have_count(0)

    def unlock(self) -> None:
        """Type the PIN, as after every cold start."""
        self.page.fill("#pin", PIN)
        self.press()
        expect(self.page.locator(".strip")).to_be_visible()

    def unlock_at(self, shown: str) -> None:
        """Type the PIN where something else than today's list lies behind it."""
        self.page.fill("#pin", PIN)
        self.press()
        expect(self.page.locator(shown)).to_be_visible()

    def press(self) -> None:
        """Press the main button of the bottom bar."""
        self.page.locator(".bar button.main").click()

    def send_now(self) -> None:
        """Tap "send now"; nothing is left to tap when the app sends by itself in that moment."""
        with suppress(PlaywrightTimeout):
            self.page.get_by_role("button", name="立即发送").click(timeout=A_TAP_MS)

    def open_form(self, title: str) -> None:
        """Open a form from today's list, and wait for its question."""
        self.card(title).get_by_role("button").click()
        expect(self.page.locator(".step")).to_be_visible()

    def next(self) -> None:
        """Press the main button of a question, and wait for the next one."""
        before = self.heading()
        self.press()
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text(before)

    def answer_calmly(self) -> None:
        """Answer whatever is asked as on a good day, up to the review."""
        expect(self.page.locator(".step")).to_be_visible()
        while self.page.locator(".review").count() == 0:
            if self.page.locator("input[inputmode=decimal]").count():
                self.page.fill("input[inputmode=decimal]", "36.6")
            elif self.page.locator(".cells").count():
                self.page.locator(".cells label").first.click()
            elif self.page.locator("textarea").count():
                self.page.fill("textarea", "没有别的")
            elif self.page.locator("label.row", has_text=TO_DAY).count():
                self.page.locator("label.row", has_text=TO_DAY).first.click()
            elif self.page.locator("label.row").count():
                self.page.locator("label.row").last.click()
            self.next()

    def put_into_outbox(self, record: dict[str, Any]) -> None:
        """Have the app keep and send a record of hers."""
        self.page.evaluate(
            """(record) => import(document.getElementById('app').dataset.base + 'js/outbox.js')
              .then((outbox) => outbox.put(record))""",
            {"participant": self.somebody.code, **record},
        )

    def another_tab(self) -> Page:
        """Open the same address in a second tab of this browser, and unlock it there."""
        page = self.context.new_page()
        page.goto(self.page.url)
        page.fill("#pin", self.pin)
        page.locator(".bar button.main").click()
        return page

    def start_again(self) -> None:
        """Close the app and open it: a cold start that shows the lock."""
        self.page.reload()
        expect(self.page.locator("#pin")).to_be_visible()

    def a_new_worker_waits(self) -> None:
        """Wait until the browser has fetched a newer app, which does not take over by itself."""
        self.until(
            "() => navigator.serviceWorker.getRegistration('/p/').then((one) => !!one.waiting)"
        )

    def until(self, is_so: str, arg: Any = None) -> None:
        """Wait until a function in the page says so; it may promise its answer.

        `wait_for_function` takes the promise itself for a yes.
        """
        wait_for(lambda: bool(self.page.evaluate(is_so, arg)), is_so[:60], timeout_s=PATIENCE_S)

    def show(self, address: str) -> None:
        """Go to a screen by its address, as a link within the app does."""
        self.page.evaluate("(address) => { location.hash = address; }", address)

    def send_as_her(self, path: str, body: dict[str, Any]) -> None:
        """Send something with this phone's own session, past the app."""
        status = self.page.evaluate(
            """([path, body]) => fetch('/api/v1' + path, {
              method: 'PUT', body: JSON.stringify(body), headers: {
                'Content-Type': 'application/json', 'Answer-Age': '1',
                'X-CSRF-TOKEN': document.cookie.match(/epro_phone_csrf=([^;]+)/)[1],
              }}).then((answer) => answer.status)""",
            [path, body],
        )
        assert status in {200, 201}

    def card(self, title: str) -> Locator:
        """Return a card of today's list by its title."""
        return self.page.locator(".card", has=self.page.get_by_role("heading", name=title))

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def is_kept(self) -> None:
        """Wait until the phone keeps the app, and her diary, for use without network."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        if self.diary:
            self.until(
                f"""(title) => ({ALL_OF})('form').then(
                  (kept) => kept.some(({{ form }}) => form.questionnaire.title.zh === title))""",
                self.diary,
            )

    def kept(self, store: str) -> list[Any]:
        """Return what lies in one of the stores of the phone."""
        found: list[Any] = self.page.evaluate(ALL_OF, store)
        return found

    def responses(self) -> list[dict[str, Any]]:
        """Return what the server has stored of hers."""
        items = self.system.read(f"/participants/{self.somebody.code}/responses")["items"]
        return list(items)

    @classmethod
    def of(cls, page: Page) -> Self:
        """Return a phone only to look at a page with; nobody's, and no system behind it."""
        return cls(cast("System", None), page.context, Watched(page), Somebody("", {}))

    def glance(self, name: str, gallery: Gallery) -> list[str]:
        """Judge the screen in the language it stands in; return what is wrong."""
        language = str(self.page.evaluate("document.documentElement.lang")).split("-")[0]
        found = [
            one for size in gallery.sizes(language)
            for one in self._judged(name, language, size, gallery)
        ]  # fmt: skip
        self._as_usual()
        return found

    def look(self, name: str, gallery: Gallery) -> list[str]:
        """Judge the screen in both languages; return what is wrong."""
        found: list[str] = []
        for language, size in gallery.sights:
            self.speak(language)
            found += self._judged(name, language, size, gallery)
        self.speak("zh")
        self._as_usual()
        return found

    def _judged(self, name: str, language: str, size: str, gallery: Gallery) -> list[str]:
        """Return what scrolls sideways or is too small to hit; where it is hardest, axe's too."""
        found: list[str] = []
        self.page.evaluate(SET_TEXT_SIZE, size)
        for width, height in (*((one, HEIGHT) for one in WIDTHS), LYING):
            where = f"{name} {language} {width} {size}"
            self.page.set_viewport_size({"width": width, "height": height})
            found += [f"{where}: {one}" for one in self._misfits(width)]
            if height < HEIGHT and self.page.evaluate(STICKS):
                found.append(f"{where}: the bar sticks")
            if picture := gallery.picture(name, language, width, size):
                self.page.screenshot(path=picture, full_page=True)
            if width == NARROWEST:
                found += [f"{where}: {one}" for one in self.watched.findings()]
        return found

    @contextmanager
    def at_its_hardest(self) -> Iterator[str]:
        """Hold the narrowest phone, its text at its largest; give what looks at it then."""
        self.page.evaluate(SET_TEXT_SIZE, LARGEST)
        self.page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
        yield f"() => ({MISFITS})([{NARROWEST}, {TARGET_PX}])"
        self._as_usual()

    def _as_usual(self) -> None:
        self.page.evaluate(SET_TEXT_SIZE, USUAL)
        self.page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHT})

    def _misfits(self, width: int) -> list[str]:
        """Return what scrolls sideways, is too small to hit or broken, as the screen stands."""
        found: list[str] = self.page.evaluate(MISFITS, [width, TARGET_PX])
        return found

    def speak(self, language: str) -> None:
        """Change the app's language where it stands; nothing happens where it is this one."""
        if self.page.locator(f"html[lang^={language}]").count():
            return
        self.page.evaluate(
            """(language) => import(document.getElementById('app').dataset.base + 'js/settings.js')
              .then((settings) => settings.chooseLanguage(language))""",
            language,
        )
        expect(self.page.locator(f"html[lang^={language}]")).to_be_attached()


@contextmanager
def handset(system: System, chromium: Browser, somebody: Somebody, **how: Any) -> Iterator[Handset]:
    """Take a new phone into the hand; whatever its content policy refuses is a fault."""
    context = chromium.new_context(
        base_url=system.url, viewport={"width": 360, "height": HEIGHT}, has_touch=True,
        is_mobile=True, locale="zh-CN", timezone_id="Asia/Shanghai", **how,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield Handset(system, context, Watched(context.new_page()), somebody)
    finally:
        context.close()


@contextmanager
def phone_with_a_diary(system: System, chromium: Browser, **how: Any) -> Iterator[Handset]:
    """Take the phone of somebody who has activated it; her diary is open and kept on it."""
    somebody, diary = with_a_diary(system)
    with handset(system, chromium, somebody, **how) as phone:
        phone.diary = diary["title"]["zh"]
        phone.activate()
        expect(phone.card(phone.diary)).to_be_visible()
        phone.is_kept()
        yield phone


def newcomer(system: System) -> Somebody:
    """Enrol somebody who has her code on paper and no phone yet."""
    form = activation_form(system)
    return Somebody(form["participant"], form["typed"])


# Whose diary is open just now and who has not been anybody's yet, by the address of their system.
_waiting: dict[str, list[tuple[Somebody, dict[str, Any]]]] = {}
# Who has had her turn, or came too late for one.
_done: dict[str, list[Somebody]] = {}


def infused(system: System, somebody: Somebody) -> dict[str, Any]:
    """Have her infused now and wait until that evening's diary is open; return it."""
    _done.setdefault(system.url, []).append(somebody)
    return _until_her_evening(system, somebody)


def let_go(system: System) -> None:
    """Pause whoever has had her turn: else each day that a test lets pass asks her, and alarms."""
    for somebody in _done.pop(system.url, []):
        change = {
            "life_cycle": "paused", "occurred_at": system.now().isoformat(),
            "reason": "her test is over",
        }  # fmt: skip
        answer = system.staff("PUT", f"/participants/{somebody.code}/life-cycle", json=change)
        assert answer.status_code in {200, 409}, answer.text  # 409: paused, or gone, already


def with_a_diary(system: System) -> tuple[Somebody, dict[str, Any]]:
    """Return somebody who has her code on paper, and her diary, which is open.

    Several are infused together: the trial's time moves once for all of them.
    """
    waiting = _waiting.setdefault(system.url, [])
    until = system.now() + STAYS_OPEN
    done = _done.setdefault(system.url, [])
    while waiting and datetime.fromisoformat(waiting[-1][1]["closes_at"]) < until:
        done.append(waiting.pop()[0])
    if not waiting:
        people = [newcomer(system) for _ in range(TOGETHER)]
        for somebody in people[1:]:
            _infuse(system, somebody)
        _until_her_evening(system, people[0])
        waiting += [(somebody, _first_diary(system, somebody)) for somebody in people]
    done.append(waiting[-1][0])
    return waiting.pop()


def _until_her_evening(system: System, somebody: Somebody) -> dict[str, Any]:
    _infuse(system, somebody)
    diary = _first_diary(system, somebody)
    system.move_to(datetime.fromisoformat(diary["opens_at"]) + timedelta(minutes=1))
    return diary


def _infuse(system: System, somebody: Somebody) -> None:
    anchor = {"event": "INF1", "occurred_at": system.now().isoformat()}
    answer = system.staff("POST", f"/participants/{somebody.code}/anchors", json=anchor)
    assert answer.status_code == 201, answer.text


def _first_diary(system: System, somebody: Somebody) -> dict[str, Any]:
    items = system.read(f"/participants/{somebody.code}/assessments")["items"]
    diary: dict[str, Any] = next(one for one in items if one["questionnaire"]["code"] in DIARIES)
    return diary
