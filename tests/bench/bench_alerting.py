"""From a participant's answer to the mail in the hands of a mail server, on a whole deployment.

Web and worker are processes of their own with their default ticks, the mail server is a real one on
this machine, text messages go to Twilio's stand-in at the same time.
"""

from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from tests.bench.section import Ratio, Section
from tests.blackbox.line import BREATHLESS, Line
from tests.databases import DatabaseKind, DatabaseShelf

ALERTS = 40
PATIENCE_S = 60.0
POLL_S = 0.005
DISPATCH_S = 2.0


def measure() -> Section:
    """Report an emergency, wait for the first mail about it, and take the flag; again and again."""
    with TemporaryDirectory() as name, DatabaseShelf(Path(name)) as shelf:
        url = shelf.new(DatabaseKind.POSTGRESQL)
        with Line(Path(name) / "line", url) as line:
            took = [_seconds_to_first_mail(line, number) for number in range(ALERTS)]
    return Section(
        title="Alerting",
        how=f"{ALERTS} emergencies reported over HTTP, one after the other, to a web process on "
        "PostgreSQL; a worker with its default ticks; two people to be told by mail (SMTP) and "
        "text each. From sending the report to the first mail having been handed over.",
        columns=("p50", "p95", "longest"),
        rows=[(_s(median(took)), _s(quantiles(took, n=20)[-1]), _s(max(took)))],
        finding="Under 5 s (p95) is the target. The report itself tells the worker nothing: the "
        "dispatcher looks every 2 seconds, and most of the time goes by until it looks.",
        ratios={"p50 to the dispatcher's 2 seconds": Ratio(median(took) / DISPATCH_S, 40)},
    )


def _seconds_to_first_mail(line: Line, number: int) -> float:
    phone = line.new_phone()
    # Spread over the worker's tick, so that no beat of ours falls in with its beat.
    sleep(number % 10 / 5)
    began = perf_counter()
    line.answer(phone, "ae_report", BREATHLESS)
    while not line.mails_about(phone):
        if perf_counter() - began > PATIENCE_S:
            raise RuntimeError("No mail has come.")
        sleep(POLL_S)
    took = perf_counter() - began
    for flag in line.flags(phone):
        line.acknowledge(flag, line.coordinator)
    return took


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s"
