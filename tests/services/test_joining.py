"""What joins a flag that somebody has: its holder is told, and it stands as new until looked at."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.access import Role
from epro.models import FlagState, ResponseStatus
from epro.services import awareness, flags
from tests.factories import shipped_package, user_actor
from tests.services.following import EVENING, Ward, begin_ward, user_named
from tests.services.line import flags_of, messages_of

pytestmark = pytest.mark.req("A-06", "T-06")

COMPLETED = ResponseStatus.COMPLETED
NEXT_DAY = EVENING + timedelta(days=1)


@pytest.fixture
def ward(session: Session) -> Ward:
    """Have a flag of ORANGE that the coordinator has taken."""
    ward = begin_ward(session, effect="help")
    ward.take(session)
    return ward


def told_of_more(session: Session) -> list[tuple[str, str, str]]:
    return [
        (one.template, one.recipient_ref, one.params["rule"])
        for one in messages_of(session, "safety")
        if one.template.startswith("joined")
    ]


def test_whoever_has_a_flag_is_told_of_a_further_sign_that_joins_it(
    session: Session, ward: Ward
) -> None:
    ward.line.answer(session, None, now=NEXT_DAY, effect="help")

    holder = f"user:{ward.coordinator.id}"
    assert told_of_more(session) == [
        ("joined_email", holder, "R25"), ("joined_sms", holder, "R25"),
    ]  # fmt: skip
    (flag,) = flags_of(session)
    assert (flag.state, flag.news_at) == (FlagState.ACKNOWLEDGED, NEXT_DAY)


def test_whom_it_was_handed_to_is_told_and_not_who_had_it_before(
    session: Session, ward: Ward
) -> None:
    colleague = user_named(session, "sun.li", Role.COORDINATOR)
    flags.reassign(
        session, ward.coordinator, ward.flag.id, to="sun.li", reason="my shift ends",
        package=shipped_package(), now=EVENING + timedelta(hours=1),
    )  # fmt: skip

    ward.line.answer(session, None, now=NEXT_DAY, effect="help")

    assert {whom for _, whom, _ in told_of_more(session)} == {f"user:{colleague.id}"}


def test_it_stands_as_new_until_somebody_of_the_site_has_looked(
    session: Session, ward: Ward
) -> None:
    ward.line.answer(session, None, now=NEXT_DAY, effect="help")
    ward.line.answer(session, None, now=NEXT_DAY + timedelta(hours=1), effect="help")
    monitor = user_actor(user_named(session, "he.wei", Role.MONITOR))
    assert not awareness.is_first_view(monitor, ward.flag)
    assert [one.news_at for one in flags_of(session)] == [NEXT_DAY]

    looked = [
        awareness.note_viewed(
            session, ward.physician, ward.flag.id, now=NEXT_DAY + timedelta(hours=hours)
        )
        for hours in (2, 3)
    ]

    assert looked == [True, False]
    assert [one.news_at for one in flags_of(session)] == [None]
    assert ward.clock(session).aware_at == EVENING + timedelta(minutes=5)


def test_what_the_same_response_had_said_already_is_no_news(session: Session) -> None:
    ward = begin_ward(session, help_now=True)
    response_id = uuid4()
    for minutes, revision, status in ((1, 1, ResponseStatus.IN_PROGRESS), (2, 2, COMPLETED)):
        now = EVENING + timedelta(minutes=minutes)
        ward.line.answer(
            session, None, now=now, response_id=response_id, revision=revision, status=status,
            advice_shown_at=now, help_now=True,
        )  # fmt: skip
        if revision == 1:
            flags.acknowledge(session, ward.coordinator, ward.flag.id, now=now)

    session.expire_all()
    assert len(flags.triggers_of(session, ward.flag)) == 3
    assert told_of_more(session) == []
    assert [one.news_at for one in flags_of(session)] == [None]


def test_of_what_nobody_has_taken_nobody_is_told_twice(session: Session) -> None:
    ward = begin_ward(session, effect="help")

    ward.line.answer(session, None, now=EVENING + timedelta(minutes=10), effect="help")

    assert told_of_more(session) == []
    assert [one.news_at for one in flags_of(session)] == [None]
