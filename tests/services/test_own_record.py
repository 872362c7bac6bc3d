"""What her phone tells her of what she sent: never that somebody has seen it before anybody has."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.services import flags, own_record
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of

pytestmark = pytest.mark.req("A-10")

MORNING = local(INFUSED_ON + timedelta(days=5), 9)
NOON, EVENING = MORNING + timedelta(hours=3), MORNING + timedelta(hours=9)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def report_antibiotics(session: Session, line: Line, *, now: datetime) -> None:
    line.answer(
        session, None, now=now, code="medicines", medicine_kind="antibiotic",
        medicine_change="started",
    )  # fmt: skip


def seen(session: Session, line: Line) -> list[datetime | None]:
    """Return when each of her responses was taken, the newest first."""
    found = own_record.entries_of(
        session, line.given.actor, catalogue=line.given.catalogue, limit=10
    )
    return [one.taken_at for one in found]


def test_what_joins_a_flag_that_somebody_has_taken_is_not_said_to_be_seen_too(
    session: Session, line: Line
) -> None:
    report_antibiotics(session, line, now=MORNING)
    (flag,) = flags_of(session)
    flags.acknowledge(session, line.coordinator, flag.id, now=NOON)

    report_antibiotics(session, line, now=EVENING)

    assert len(flags_of(session)) == 1
    assert seen(session, line) == [None, NOON]
    flag.assessed_at = EVENING + timedelta(hours=1)
    session.flush()
    assert seen(session, line) == [EVENING + timedelta(hours=1), NOON]
