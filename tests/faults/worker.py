"""The real worker, in a process that can be killed; for a negative control it may never ask.

    python -m tests.faults.worker [--without-asking]

`--without-asking` makes Twilio's adapter say of every message in doubt that it certainly did not
leave: what a system does that repeats what it has no answer to.
"""

import sys
from dataclasses import replace
from datetime import datetime, timedelta

from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS
from epro.jobs.turns import SecondWorkerRefused
from epro.parts import build_parts
from epro.settings import Settings
from notifications.channels import Absent, Outgoing
from notifications.sms import TwilioChannel

REFUSED = 3
OFTEN = timedelta(seconds=0.2)


def never_asks(_channel: TwilioChannel, _outgoing: Outgoing, *, since: datetime) -> Absent:
    return Absent()


def main(arguments: list[str]) -> int:
    if "--without-asking" in arguments:
        TwilioChannel.find = never_asks  # type: ignore[assignment,method-assign]
    # Ticks more often than the real one, so that a storm is over before anybody loses patience.
    jobs = [
        replace(job, every=OFTEN) if job.name in {"remind", "dispatch"} else job for job in JOBS
    ]
    try:
        Worker(build_parts(Settings.from_env()), jobs).run_until_stopped()
    except SecondWorkerRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
