"""How long the phone app takes until it can be used: first start on a bad network, later starts."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.section import Ratio, Section
from tests.blackbox.system import System
from tests.browser.desk import CHROMIUM, FLAGS
from tests.databases import DatabaseKind, DatabaseShelf

Network = dict[str, int]
RUNS = 5
CPU_SLOWER = 4
# Bytes a second and milliseconds, as UX's table of budgets names them.
SLOW_3G: Network = {"downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 2000}
SLOW_4G: Network = {"downloadThroughput": 200_000, "uploadThroughput": 93_750, "latency": 150}
PATIENCE_MS = 60_000
# When the first field that can be typed into stands on the screen.
WATCH = """new MutationObserver(() => {
  if (window.usableAt || !document.querySelector('#code, #pin')) return;
  window.usableAt = performance.now();
}).observe(document, { childList: true, subtree: true });"""


def measure() -> Section:
    """Open the app in Chromium with a phone's speed, anew each time, against a running server."""
    with (
        TemporaryDirectory() as folder,
        DatabaseShelf(Path(folder)) as shelf,
        System(Path(folder) / "phone", shelf.new(DatabaseKind.SQLITE)) as system,
        sync_playwright() as running,
    ):
        system.environment["EPRO_PHONE_BUNDLE"] = "1"
        system.prepare()
        system.start_apart()
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = [_starts(chromium, system.url) for _ in range(RUNS)]
        chromium.close()
    names = ("first start, slow 3G", "first start, slow 4G", "later start, online",
             "later start, no network")  # fmt: skip
    limits = (7.0, 2.5, 1.0, 1.0)
    times = [median(one) for one in zip(*found, strict=True)]
    return Section(
        title="Phone app",
        how=f"From opening the address to a field that can be typed into, in Chromium with a CPU "
        f"{CPU_SLOWER} times slower; slow 3G is 400 kbit/s and 2 s a round trip, slow 4G "
        f"1.6 Mbit/s and 150 ms. Median of {RUNS}, one script as in production.",
        columns=("start", "s", "budget s"),
        rows=[
            (name, f"{took:.1f}", f"{limit:.1f}")
            for name, took, limit in zip(names, times, limits, strict=True)
        ],
        ratios={
            "first start on slow 3G to slow 4G": Ratio(times[0] / times[1], 20),
            "later start without network to with it": Ratio(times[3] / times[2], 30),
        },
        finding="A later start asks the network for nothing: with it and without it take the same.",
    )


def _starts(chromium: Browser, url: str) -> tuple[float, ...]:
    first = [_start(chromium, url, network) for network in (SLOW_3G, SLOW_4G)]
    context = chromium.new_context(base_url=url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto("/p/")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    _slow_down(page, None)
    later = [_again(page)]
    context.set_offline(True)
    later.append(_again(page))
    context.close()
    return (*first, *later)


def _start(chromium: Browser, url: str, network: Network) -> float:
    context = chromium.new_context(base_url=url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.add_init_script(WATCH)
    _slow_down(page, network)
    page.goto("/p/", timeout=PATIENCE_MS)
    usable = _usable_ms(page)
    context.close()
    return usable / 1000


def _again(page: Page) -> float:
    page.reload()
    return _usable_ms(page) / 1000


def _usable_ms(page: Page) -> float:
    page.wait_for_function("() => window.usableAt", timeout=PATIENCE_MS)
    return float(page.evaluate("window.usableAt"))


def _slow_down(page: Page, network: Network | None) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    if network:
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", {"offline": False, **network})
