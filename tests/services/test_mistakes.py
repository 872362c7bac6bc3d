"""She says that she pressed an alarming answer by mistake: the flag stays, with a note."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagNote, JournalEntry, ResponseStatus
from epro.services import flags
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of

EVENING = local(INFUSED_ON + timedelta(days=5), 18)
LATER = EVENING + timedelta(minutes=1)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


@pytest.mark.req("A-05", "T-06")
def test_a_mistake_leaves_the_flag_open_with_a_note(session: Session, line: Line) -> None:
    diary, response_id = line.diary_on(session, EVENING.date()), uuid4()
    line.answer(
        session, diary, now=EVENING, response_id=response_id, status=ResponseStatus.IN_PROGRESS,
        advice_shown_at=EVENING, urgent=("limb",),
    )  # fmt: skip
    (before,) = [(flag.tier, flag.state, flag.version) for flag in flags_of(session)]

    line.answer(
        session, diary, now=LATER, response_id=response_id, revision=2,
        status=ResponseStatus.IN_PROGRESS, advice_shown_at=EVENING, mistaken_at=LATER,
        urgent=("limb",),
    )  # fmt: skip
    line.answer(session, diary, now=LATER, response_id=response_id, revision=3)

    (flag,) = flags_of(session)
    note = session.scalars(select(FlagNote)).one()
    assert (flag.tier, flag.state, flag.version) == (before[0], before[1], before[2] + 2)
    assert (note.flag_id, note.kind, note.about) == (
        flag.id, "pressed_by_mistake", str(response_id),
    )  # fmt: skip
    verbs = session.scalars(select(JournalEntry.verb)).all()
    assert verbs.count("flag.said_mistaken") == 1


@pytest.mark.req("A-04", "A-08")
@pytest.mark.parametrize("urgent", [("limb",), ("limb", "belly")])
def test_what_a_response_says_again_calls_nobody_a_second_time(
    session: Session, line: Line, urgent: tuple[str, ...]
) -> None:
    diary, response_id = line.diary_on(session, EVENING.date()), uuid4()
    line.answer(
        session, diary, now=EVENING, response_id=response_id, status=ResponseStatus.IN_PROGRESS,
        advice_shown_at=EVENING, urgent=("limb",),
    )  # fmt: skip
    (flag,) = flags_of(session)
    flags.acknowledge(session, line.coordinator, flag.id, now=EVENING)

    line.answer(session, diary, now=LATER, response_id=response_id, revision=2, urgent=urgent)

    (flag,) = flags_of(session)
    assert (flag.acknowledged_at is None) == ("belly" in urgent)


@pytest.mark.req("A-05")
def test_the_same_word_again_is_noted_once(session: Session, line: Line) -> None:
    diary, response_id = line.diary_on(session, EVENING.date()), uuid4()
    for _ in range(2):
        line.answer(
            session, diary, now=EVENING, response_id=response_id, advice_shown_at=EVENING,
            mistaken_at=EVENING, status=ResponseStatus.IN_PROGRESS, urgent=("limb",),
        )  # fmt: skip

    assert len(session.scalars(select(FlagNote)).all()) == 1


@pytest.mark.req("A-05")
def test_a_mistake_about_nothing_that_alarmed_is_noted_nowhere(
    session: Session, line: Line
) -> None:
    line.answer(session, line.diary_on(session, EVENING.date()), now=EVENING, mistaken_at=EVENING)

    assert flags_of(session) == []
    assert session.scalars(select(FlagNote)).all() == []
