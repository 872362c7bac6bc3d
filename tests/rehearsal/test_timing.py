"""When the clock of a rehearsal stops: wherever the system may have something to do."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from epro.rehearsal.timing import Instants
from questionnaires.scaffolding import SHIPPED

SHENZHEN = ZoneInfo("Asia/Shanghai")


@pytest.mark.req("V-02", "N-03")
def test_a_step_before_the_form_opens_is_looked_at_as_well() -> None:
    """It is noted as left out; an answer given before the next stop would come before the note."""
    evening = {
        "questionnaire": {"code": "infusion_evening"}, "on": "2026-12-05",
        "opens_at": "2026-12-05T19:20:00+08:00", "due_at": "2026-12-05T21:00:00+08:00",
        "late_until": "2026-12-07T00:00:00+08:00",
    }  # fmt: skip

    looks = set(Instants(SHIPPED).of(evening, own_minute=None, zone=SHENZHEN, is_early=True))

    assert datetime(2026, 12, 5, 11, tzinfo=UTC) in looks
