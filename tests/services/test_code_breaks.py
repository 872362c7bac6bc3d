"""Of a code break only the fact is kept, by physicians, and nothing that could tell more."""

from datetime import timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from epro.access import PERMISSIONS_OF, Actor, Permission, Role
from epro.errors import InvalidInput, NotFound
from epro.models import CodeBreak, CodeBreakKind, JournalEntry
from epro.services import code_breaks
from tests.factories import add_user, user_actor
from tests.services.given import ENROLLED_AT, Given, begin

pytestmark = pytest.mark.req("B-05")

NOW = ENROLLED_AT + timedelta(days=20)


@pytest.fixture
def given(session: Session) -> Given:
    given = begin(session)
    add_user(session, "wang.fang", roles=[Role.INVESTIGATOR])
    return given


def test_it_has_these_fields_and_no_other() -> None:
    assert set(inspect(CodeBreak).columns.keys()) == {
        "id", "participant_id", "kind", "happened_at", "done_by", "recorded_at", "recorded_by_id",
    }  # fmt: skip


def test_only_physicians_record_it_and_besides_them_only_inspectors_read_it() -> None:
    def holders(permission: Permission) -> set[Role]:
        return {role for role in Role if permission in PERMISSIONS_OF[role]}

    physicians = {Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR}
    assert holders(Permission.RECORD_CODE_BREAK) == physicians
    assert holders(Permission.READ_CODE_BREAK) == physicians | {Role.INSPECTOR}


@pytest.mark.parametrize("kind", CodeBreakKind)
def test_when_by_whom_and_how_is_on_record(
    session: Session, given: Given, kind: CodeBreakKind
) -> None:
    doctor = user_actor(add_user(session, "zhao.ming", roles=[Role.INVESTIGATOR]).user)

    code_breaks.record(
        session, doctor, given.participant.code, kind=kind, happened_at=NOW - timedelta(hours=1),
        done_by="wang.fang", now=NOW,
    )  # fmt: skip

    (row,) = code_breaks.of_participant(session, doctor, given.participant.code)
    facts = code_breaks.facts_of(session, row)
    assert (facts["kind"], facts["done_by"], facts["recorded_by"]) == (
        kind, "wang.fang", "zhao.ming",
    )  # fmt: skip
    verbs = session.scalars(select(JournalEntry.verb)).all()
    assert verbs.count("code_break.recorded") == 1


def test_a_coordinator_cannot_and_a_name_that_is_none_is_refused(
    session: Session, given: Given
) -> None:
    doctor = user_actor(add_user(session, "zhao.ming", roles=[Role.INVESTIGATOR]).user)

    with pytest.raises(NotFound):
        record(session, given, given.coordinator, "wang.fang")
    with pytest.raises(InvalidInput):
        record(session, given, doctor, "she.who.got.it")


def record(session: Session, given: Given, actor: Actor, done_by: str) -> None:
    code_breaks.record(
        session, actor, given.participant.code,
        kind=CodeBreakKind.EMERGENCY, happened_at=NOW, done_by=done_by, now=NOW,
    )  # fmt: skip
