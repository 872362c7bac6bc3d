"""A participant flies Shenzhen, Urumqi, London and back, over the night on which clocks change.

What was due and what was sent, minute by minute, stands in `travel.txt`, which a person has read:
never in her night, never twice, never more than her day's budget, and no day without its reminder.
After a change that is meant, `python -m tests.services.travel` writes it anew; read it again.
"""

from collections import Counter
from pathlib import Path

import pytest

from epro.db import Database
from tests.clock import FrozenClock
from tests.services.travel import GOLDEN, Journey, fly

pytestmark = pytest.mark.req("S-03", "N-02", "N-03")


@pytest.fixture
def journey(fresh_database: Database) -> Journey:
    return Journey(fresh_database, FrozenClock())


def test_what_was_due_and_sent_on_the_way_is_what_was_reviewed(journey: Journey) -> None:
    fly(journey)

    assert journey.listing() == Path(GOLDEN).read_text(encoding="utf-8")
    # What the reader is promised, counted.
    sent = [one for one in journey.lines if one.outcome.startswith("sent")]
    assert all(
        one.local.hour >= 8 and (one.local.hour, one.local.minute) < (21, 30) for one in sent
    )
    days = Counter(one.local.date() for one in sent)
    assert max(days.values()) <= 3
    assert len(journey.sms.taken) == len({(one.at, one.outcome) for one in sent})
