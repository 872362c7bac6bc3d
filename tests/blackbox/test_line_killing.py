"""`kill -9` of the worker between claim, call and record: nothing doubled, nothing lost unseen."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import SupportsIndex

import pytest
from sqlalchemy import text

from epro.db import make_engine
from tests.blackbox.line import BREATHLESS, Line
from tests.blackbox.people import Phone
from tests.blackbox.system import wait_for
from tests.standins.twilio import ACCEPTS_THEN_DROPS, ACCEPTS_THEN_HANGS, LONGEST_HANG_S, Fault

pytestmark = pytest.mark.blackbox

OPEN = "请打开您的日记。"
Kill = Callable[[Line, Phone], None]


def kill_before_it_is_taken(line: Line, _phone: Phone) -> None:
    """The request is on its way and has not been read to its end."""
    line.twilio.fail_next(Fault(hangs=True))
    _wait_for_request(line)
    line.kill_worker()


def kill_before_the_answer(line: Line, phone: Phone) -> None:
    """Twilio has it; that it has is still to be said."""
    line.twilio.fail_next(ACCEPTS_THEN_HANGS)
    wait_for(lambda: bool(line.texts_to(phone)), "Twilio has taken it")
    line.kill_worker()


def kill_before_the_record(line: Line, phone: Phone) -> None:
    """Twilio has said that it has it; that it said so is still to be written down."""
    with ExitStack() as until_it_is_killed:
        with line.twilio._lock:
            _wait_for_request(line)
            until_it_is_killed.enter_context(nobody_writes_messages(line))
        wait_for(lambda: bool(line.texts_to(phone)), "Twilio has taken it")
        line.kill_worker()


def lose_the_answer(line: Line, phone: Phone) -> None:
    """Nobody is killed, but the connection is gone before the answer came."""
    line.twilio.fail_next(ACCEPTS_THEN_DROPS)
    wait_for(lambda: bool(line.texts_to(phone)), "Twilio has taken it")


@pytest.mark.req("N-03")
@pytest.mark.parametrize(
    "strike",
    [
        kill_before_it_is_taken,
        kill_before_the_answer,
        kill_before_the_record,
        lose_the_answer,
    ],
)
def test_a_reminder_in_doubt_is_asked_about_and_neither_doubled_nor_lost(
    line: Line, strike: Kill
) -> None:
    line.begin_day()
    phone = line.expecting()
    line.move_to(line.at("17:50"))
    asked_before = line.twilio.list_count

    line.twilio.has_request.clear()
    with line.moving_to(line.at("18:00")):
        strike(line, phone)
        line.release()
        line.system.mend()
    wait_for(lambda: sent_count(line, phone) == 1, "it is known that the reminder left")
    line.move_to(line.at("18:30"))

    assert line.texts_to(phone) == [OPEN]
    assert sent_count(line, phone) == 1
    assert line.twilio.list_count > asked_before


@pytest.mark.req("A-06", "N-03")
def test_an_emergency_reaches_everybody_once_though_the_worker_is_killed_in_the_middle(
    line: Line,
) -> None:
    line.begin_day()
    phone = line.expecting()
    line.move_to(line.at("17:10"))
    asked_before = line.twilio.list_count

    line.twilio.has_request.clear()
    line.twilio.fail_next(ACCEPTS_THEN_HANGS)
    line.answer(phone, but=BREATHLESS)
    assert line.twilio.has_request.wait(LONGEST_HANG_S)
    line.kill_worker()
    line.release()
    line.system.mend()
    line.wait_for_mails(phone, len(line.staff))
    line.wait_for_texts(phone, len(line.staff))
    wait_for(lambda: sent_count(line, phone) == 2 * len(line.staff), "it is known that all left")

    assert line.twilio.list_count > asked_before
    everybody_once = {one.username: 1 for one in line.staff}
    assert Counter(name for name, _subject in line.mails_about(phone)) == everybody_once
    assert Counter(name for name, _body in line.texts_about(phone)) == everybody_once


class HeldReplies(list[str]):
    """The mail server has taken a mail, and says so only when it is let go."""

    def __init__(self) -> None:
        super().__init__(["250 OK"])
        self.has_mail, self.is_released = threading.Event(), threading.Event()

    def pop(self, index: SupportsIndex = -1) -> str:
        self.has_mail.set()
        self.is_released.wait(LONGEST_HANG_S)
        return super().pop(index)


@pytest.mark.req("A-06", "N-03")
def test_an_emergency_mail_that_nobody_can_ask_about_is_rather_sent_twice_than_never(
    line: Line,
) -> None:
    line.begin_day()
    phone = line.expecting()
    line.move_to(line.at("17:10"))

    line.mail.replies_to_content = held = HeldReplies()
    line.answer(phone, but=BREATHLESS)
    assert held.has_mail.wait(LONGEST_HANG_S)
    line.kill_worker()
    held.is_released.set()
    line.system.mend()
    line.wait_for_mails(phone, len(line.staff) + 1)
    wait_for(lambda: sent_count(line, phone) == 2 * len(line.staff), "it is known that all left")

    told = Counter(name for name, _subject in line.mails_about(phone))
    assert sorted(told.values()) == [*[1] * (len(line.staff) - 1), 2]
    # A mailbox can tell that both are one.
    ids = {mail.message["Message-ID"] for mail in line.mails if phone.code in mail.text}
    assert len(ids) == len(line.staff)


def sent_count(line: Line, phone: Phone) -> int:
    return len(line.journal(phone, "message.sent"))


def _wait_for_request(line: Line) -> None:
    assert line.twilio.has_request.wait(LONGEST_HANG_S), "No request came."


@contextmanager
def nobody_writes_messages(line: Line) -> Iterator[None]:
    """Keep everybody from recording what became of a message."""
    engine = make_engine(line.system.database_url)
    try:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE outbox_message IN EXCLUSIVE MODE"))
            yield
    finally:
        engine.dispose()
