"""A worker of the benchmark: waits for a line, then sends until nothing is due.

python -m tests.bench.dispatching DATABASE_URL SMS_URL
"""

import sys

from epro.clock import wall_clock_now
from epro.db import Database
from notifications.dispatch import Dispatcher
from notifications.messages import ChannelName
from tests.notifications.post import means, twilio_channel


def main(database_url: str, sms_url: str) -> None:
    dispatcher = Dispatcher(
        Database(database_url), means({ChannelName.SMS: twilio_channel(sms_url, timeout_s=20.0)}),
        now=wall_clock_now, wall_now=wall_clock_now,
    )  # fmt: skip
    dispatcher.run()  # nothing is due yet: it only connects
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while dispatcher.run():
        continue


if __name__ == "__main__":
    main(*sys.argv[1:])
