"""The real worker, in a process that can be killed; for a negative control it may never ask.

Without asking, Twilio's adapter says of every message in doubt that it certainly did not leave:
what a system does that repeats what it has no answer to.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS
from epro.jobs.turns import SecondWorkerRefused
from epro.parts import build_parts
from epro.settings import Settings
from notifications.channels import Absent, Outgoing
from notifications.sms import TwilioChannel

REFUSED = 3
OFTEN = timedelta(seconds=0.4)


def never_asks(_channel: TwilioChannel, _outgoing: Outgoing, *, since: datetime) -> Absent:
    return Absent()


def live(environment: Mapping[str, str], log: Path, *, is_asking: bool) -> None:
    """Be a worker until told to stop; this process has nothing else to do."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab", buffering=0) as told:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(told.fileno(), stream.fileno())
    if not is_asking:
        TwilioChannel.find = never_asks  # type: ignore[assignment,method-assign]
    # Ticks more often than the real one, so that a storm is over before anybody loses patience.
    jobs = [
        replace(job, every=OFTEN) if job.name in {"remind", "dispatch"} else job for job in JOBS
    ]
    try:
        Worker(build_parts(Settings.from_env()), jobs).run_until_stopped()
    except SecondWorkerRefused as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(REFUSED)
