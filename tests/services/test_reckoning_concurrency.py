"""Who takes a flag while she reports the same again waits for nobody who waits for him."""

from threading import Thread

import pytest
from sqlalchemy import select, text

from epro.access import Permission
from epro.db import Database
from epro.models import JournalEntry, SafetyFlag
from epro.services import flags
from tests.services.eventful import begin_eventful, day
from tests.services.given import local
from tests.services.test_setting_up import until_somebody_waits


@pytest.mark.req("S-03", "E-04")
def test_taking_a_flag_and_reporting_the_same_again_do_not_wait_for_each_other(
    fresh_database: Database,
) -> None:
    """An answer holds her reckoning and wants the flag: whoever has that must not want hers."""
    if not fresh_database.is_postgresql:
        pytest.skip("SQLite has one writer at a time")
    with fresh_database.transaction() as session:
        eventful = begin_eventful(session)
        eventful.answer(5, temp=39.2)
        flag_id = session.query(SafetyFlag).one().id
    refused: list[Exception] = []

    def report_again() -> None:
        try:
            with fresh_database.transaction() as session:
                eventful.line.answer(
                    session, eventful.line.diary_on(session, day(6)), now=local(day(6), 18),
                    temp=39.4,
                )  # fmt: skip
        except Exception as refusal:
            refused.append(refusal)

    she = Thread(target=report_again)
    with fresh_database.transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        # As `flags.acknowledge` begins.
        flags.hold(session, eventful.physician, flag_id, Permission.ACKNOWLEDGE_FLAG)
        she.start()
        until_somebody_waits(fresh_database)
        flags.acknowledge(session, eventful.physician, flag_id, now=local(day(6), 18))
    she.join(timeout=30)

    assert refused == []
    with fresh_database.reading() as session:
        verbs = session.scalars(select(JournalEntry.verb)).all()
    assert verbs.count("flag.acknowledged") == 1
