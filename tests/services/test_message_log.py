"""The log of messages in the order that is asked for, page by page and without a gap."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from epro.services import message_log
from epro.services.message_log import Column, Line, Wanted
from notifications.messages import ChannelName, MessageState, OutboxMessage
from tests.clock import START
from tests.factories import add_participant, add_site, add_user, user_actor

PLACES = {
    Column.OUTCOME: lambda one: one.outcome.value,
    Column.TEMPLATE: lambda one: one.message.template,
    Column.CHANNEL: lambda one: one.message.channel.value,
    Column.WRITTEN: lambda one: one.message.created_at,
    Column.ATTEMPTS: lambda one: one.message.attempt_count,
}


def add_messages(session: Session) -> None:
    who = add_participant(session, add_site(session))
    for number in range(9):
        at = START - timedelta(minutes=number // 2)
        session.add(
            OutboxMessage(
                purpose="reminder", is_vital=False, template=f"diary_{number % 2}",
                channel=(ChannelName.SMS, ChannelName.EMAIL)[number % 2], template_version="1",
                params={}, language="zh", recipient_ref=f"participant:{who.id}", created_at=at,
                not_before=at, state=(MessageState.SENT, MessageState.FAILED)[number % 3 == 0],
                next_attempt_at=at, attempt_count=number % 4, doubt_count=0, ask_count=0,
            )
        )  # fmt: skip
    session.flush()


@pytest.mark.req("C-01")
@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("column", Column)
def test_each_order_goes_through_all_pages_without_a_gap(
    session: Session, monkeypatch: pytest.MonkeyPatch, column: Column, is_descending: bool
) -> None:
    add_messages(session)
    actor = user_actor(add_user(session).user)
    monkeypatch.setattr(message_log, "PAGE", 2)
    monkeypatch.setattr(message_log, "PIECE", 3)
    after: UUID | None = None
    found: list[Line] = []
    while after is not None or not found:
        wanted = Wanted(column=column, is_descending=is_descending, after=after)
        page = message_log.list_page(session, actor, wanted, now=START)
        found += page.lines
        after = page.next_after

    places = [PLACES[column](one) for one in found]
    assert len({one.message.id for one in found}) == len(found) == 9
    assert places == sorted(places, reverse=is_descending)
