"""What was taken away before, and how many rows a file holds."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from epro.services import exports
from epro.services.exports import ExportKind
from epro.services.paging import PAGE
from tests.clock import START
from tests.factories import add_site, add_user, user_actor

WORDS = 'participant,words\r\nSZ01-001,"two\nlines"\r\nSZ01-002,one\r\n'


@pytest.mark.req("T-04")
def test_what_one_took_is_listed_however_much_others_take(session: Session) -> None:
    add_site(session)
    hers, theirs = (user_actor(add_user(session, name).user) for name in ("li.min", "li.min.two"))
    exports.put_on_record(session, hers, ExportKind.EVENTS, WORDS, now=START)
    for number in range(PAGE + 1):
        exports.put_on_record(
            session, theirs, ExportKind.EVENTS, WORDS, now=START + timedelta(minutes=number)
        )

    (listed,) = exports.earlier(session, hers).lines
    pages = [exports.earlier(session, theirs, page=page) for page in (1, 2, 3)]

    assert (listed["at"], listed["rows"]) == (START, 2)
    assert {one.total for one in pages} == {PAGE + 1}
    assert [len(one.lines) for one in pages] == [PAGE, 1, 1]  # beyond the last stands the last
    assert pages[1].lines[0]["at"] == START
