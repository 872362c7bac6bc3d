"""A rehearsal that is told to stop plays nothing further; what was lived through is judged."""

import signal
from datetime import date

import pytest

from epro.commands.rehearsing import until_stopped
from epro.rehearsal.wire import Unexpected
from epro.supervision import Supervisor

DAY = date(2026, 12, 1)


@pytest.mark.req("V-02")
def test_stop_ends_the_play_with_the_next_day_that_is_told() -> None:
    told: list[date] = []
    supervisor = Supervisor(log_folder=None, echo=print, environment={})
    tell = until_stopped(lambda on, _over, _days: told.append(on), supervisor)
    tell(DAY, 1, 10)

    supervisor._stop(signal.SIGINT, None)

    with pytest.raises(Unexpected, match="stop"):
        tell(DAY, 1, 10)
    assert told == [DAY, DAY]
