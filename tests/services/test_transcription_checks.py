"""Somebody else compares what was typed with the sheet; what differs is put right."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import InvalidAnswers, NotFound, ReasonRequired
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    GoesByItself,
    NothingCorrected,
    RecordLocked,
    SecondPersonNeeded,
)
from epro.models import (
    Correction,
    CorrectionSource,
    CorrectionState,
    RecordLock,
    SourceCheck,
    WorkItem,
    WorkKind,
)
from epro.services import (
    corrections,
    locking,
    work_list,
)
from tests.services.corrected import Answered, value_of
from tests.services.line import flags_of
from tests.services.paper import AGAIN, CHECKED, WRITTEN, Desk, begin_desk, sign_in

pytestmark = pytest.mark.req("C-04")


@pytest.fixture
def desk(session: Session) -> Desk:
    return begin_desk(session)


# --- compared -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["colleague", "physician"])
def test_somebody_else_finds_it_equal(desk: Desk, by: str) -> None:
    response_id, checker = desk.type_in(), getattr(desk, by)

    desk.check(response_id, by=checker)
    again = desk.check(response_id, by=checker, now=AGAIN)

    assert (again.checked_by_id, again.checked_at) == (checker.id, CHECKED)
    assert desk.response(response_id).source_check is SourceCheck.EQUAL
    assert desk.to_do() == []


def test_nobody_checks_what_she_typed_herself(desk: Desk) -> None:
    response_id = desk.type_in()

    with pytest.raises(SecondPersonNeeded):
        desk.check(response_id, by=desk.typist)

    assert desk.response(response_id).source_check is SourceCheck.NOT_CHECKED
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER])
def test_the_sponsor_s_people_do_not_check(desk: Desk, role: Role) -> None:
    response_id = desk.type_in()

    with pytest.raises(NotFound):
        desk.check(response_id, by=sign_in(desk.session, "somebody", role))


def test_the_line_that_asks_for_it_is_not_ticked_off(desk: Desk) -> None:
    desk.type_in()
    item_id = desk.session.scalars(
        select(WorkItem.id).where(WorkItem.kind == WorkKind.CHECK_TRANSCRIPTION)
    ).one()

    with pytest.raises(GoesByItself):
        work_list.finish(desk.session, desk.colleague, item_id, now=CHECKED)


def test_a_difference_is_named(desk: Desk) -> None:
    response_id = desk.type_in()

    with pytest.raises(ReasonRequired):
        desk.check(response_id, "  ")
    desk.check(response_id, "体温：纸上是 36.9")
    with pytest.raises(AlreadyDecided):
        desk.check(response_id, by=desk.physician)

    assert desk.response(response_id).source_check is SourceCheck.DIFFERS
    assert desk.to_do() == [WorkKind.TRANSCRIPTION_DIFFERS]


# --- put right ------------------------------------------------------------------------------------


def test_a_difference_is_put_right_with_its_reason_and_compared_anew(desk: Desk) -> None:
    response_id = desk.type_in(temp=36.9)
    first = desk.response(response_id).answers
    desk.check(response_id, "体温：纸上是 36.4")

    desk.put_right(response_id, temp=36.4)

    stored = desk.response(response_id)
    assert (stored.revision, stored.source_check) == (2, SourceCheck.NOT_CHECKED)
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]
    original, corrected = corrections.versions_of(desk.session, stored)
    assert original.revision.answers == first
    assert corrected.correction is not None
    made = corrected.correction
    assert (made.source, made.state) == (CorrectionSource.PAPER_CHECK, CorrectionState.APPLIED)
    assert (made.reason, made.asked_by_id) == ("看错一行", desk.typist.id)
    with pytest.raises(CorrectionOutdated):
        desk.check(response_id)  # she still looks at the first typing
    desk.check(response_id, revision=2, now=AGAIN)
    assert desk.response(response_id).source_check is SourceCheck.EQUAL_AFTER_CORRECTION
    assert desk.to_do() == []


@pytest.mark.req("A-04")
def test_danger_that_had_been_typed_amiss_raises_its_flag_when_it_is_put_right(desk: Desk) -> None:
    response_id = desk.type_in(temp=36.6)
    assert flags_of(desk.session) == []
    desk.check(response_id, "体温：纸上是 39.6")

    desk.put_right(response_id, temp=39.6)

    (flag,) = flags_of(desk.session)
    assert (flag.tier.is_red, flag.raised_at) == (True, AGAIN)


def test_whoever_found_the_difference_looks_again_and_types_nothing(desk: Desk) -> None:
    response_id = desk.type_in()
    desk.check(response_id, "体温：纸上是 36.4")

    with pytest.raises(SecondPersonNeeded):
        desk.put_right(response_id, by=desk.colleague, temp=36.4)


def test_nobody_who_typed_any_of_it_checks_it(desk: Desk) -> None:
    other = sign_in(desk.session, "zhou.qi")
    response_id = desk.type_in(temp=36.9)
    desk.check(response_id, "体温：纸上是 36.4")
    desk.put_right(response_id, by=other, temp=36.4)

    for typist in (desk.typist, other):
        with pytest.raises(SecondPersonNeeded):
            desk.check(response_id, by=typist, revision=2)
    desk.check(response_id, by=desk.physician, revision=2)


def test_a_typist_who_sees_her_own_mistake_need_not_wait_for_it_to_be_found(desk: Desk) -> None:
    response_id = desk.type_in(temp=36.9)

    desk.put_right(response_id, temp=36.4)

    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]
    assert desk.check(response_id, revision=2).checked_by_id == desk.colleague.id


def test_putting_right_needs_a_reason_a_change_and_a_copy_that_was_not_found_equal(
    desk: Desk,
) -> None:
    response_id = desk.type_in(temp=36.9)
    with pytest.raises(ReasonRequired):
        desk.put_right(response_id, reason=" ", temp=36.4)
    with pytest.raises(NothingCorrected):
        desk.put_right(response_id, temp=36.9)
    with pytest.raises(InvalidAnswers):
        desk.put_right(response_id, temp=99.0)
    with pytest.raises(NotFound):
        desk.put_right(response_id, by=desk.physician, temp=36.4)
    desk.check(response_id)

    with pytest.raises(AlreadyDecided):
        desk.put_right(response_id, temp=36.4)

    assert desk.session.scalars(select(Correction)).all() == []


def corrected_since(desk: Desk, response_id: UUID, *, temp: float) -> None:
    """Let her correct what was typed, and the physician approve: the response is a revision on."""
    answered = Answered(desk.line, response_id)
    asked = answered.correct(desk.session, now=CHECKED, temp=temp)
    answered.decide(desk.session, asked)
    assert desk.response(response_id).revision == 2


def test_a_difference_in_a_sheet_that_was_corrected_since_is_put_right_too(desk: Desk) -> None:
    response_id = desk.type_in(temp=36.9)
    corrected_since(desk, response_id, temp=37.2)
    desk.check(response_id, "体温：纸上是 36.4")
    (shown,) = desk.waiting_for(desk.typist)

    with pytest.raises(CorrectionOutdated):
        desk.put_right(response_id, temp=36.4)  # she still looks at the first typing
    sheet = desk.put_right(response_id, revision=2, temp=36.4)

    assert shown.may_put_right(desk.typist)
    stored = desk.response(response_id)
    assert (sheet.revision, stored.revision) == (3, 3)
    assert value_of(stored.answers, "temp") == 36.4
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]
    desk.check(response_id, revision=3, now=AGAIN)
    assert desk.response(response_id).source_check is SourceCheck.EQUAL_AFTER_CORRECTION
    assert desk.to_do() == []


def test_a_correction_that_says_what_the_sheet_says_is_compared_and_not_made_twice(
    desk: Desk,
) -> None:
    response_id = desk.type_in(temp=36.9)
    corrected_since(desk, response_id, temp=36.4)
    desk.check(response_id, "体温：纸上是 36.4")
    standing = desk.response(response_id).answers

    with pytest.raises(ReasonRequired):
        desk.put_right_as(response_id, standing, revision=2, reason=" ")
    sheet = desk.put_right_as(response_id, standing, revision=2)

    stored = desk.response(response_id)
    assert (sheet.revision, stored.revision) == (2, 2)
    assert stored.source_check is SourceCheck.NOT_CHECKED
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]
    with pytest.raises(NothingCorrected):
        desk.put_right_as(response_id, standing, revision=2)
    desk.check(response_id, revision=2, now=AGAIN)
    assert desk.response(response_id).source_check is SourceCheck.EQUAL_AFTER_CORRECTION


def test_what_waits_is_listed_and_shows_who_may_do_what(desk: Desk) -> None:
    response_id = desk.type_in()

    (waiting,) = desk.waiting_for(desk.colleague)
    assert waiting.transcription.response_id == response_id
    assert waiting.entered_by.username == "zhao.yan"
    assert [waiting.may_check(one) for one in (desk.typist, desk.colleague, desk.physician)] == [
        False, True, True,
    ]  # fmt: skip
    elsewhere = sign_in(desk.session, "gz.coordinator")
    desk.check(response_id)
    assert desk.waiting_for(elsewhere) == []


@pytest.mark.req("T-08")
def test_a_record_with_a_sheet_that_nobody_found_equal_is_not_ready(desk: Desk) -> None:
    def still_open() -> list[str]:
        state = locking.state_of(
            desk.session, desk.physician, desk.line.given.participant, catalogue=desk.catalogue,
            now=CHECKED,
        )  # fmt: skip
        assert state.still_open is not None
        assert state.still_open.is_empty is not bool(state.still_open.transcriptions)
        return list(state.still_open.transcriptions)

    response_id = desk.type_in()

    assert still_open() == [str(response_id)]
    desk.check(response_id)
    assert still_open() == []


@pytest.mark.req("T-08")
def test_a_locked_record_takes_her_sheet_and_no_correction_of_it(desk: Desk) -> None:
    who = desk.line.given.participant
    desk.session.add(
        RecordLock(
            participant_id=who.id, site_id=who.site_id, locked_at=WRITTEN,
            locked_by_id=desk.physician.id,
        )
    )  # fmt: skip
    desk.session.flush()

    response_id = desk.type_in(temp=36.9)

    with pytest.raises(RecordLocked):
        desk.put_right(response_id, temp=36.4)
    desk.check(response_id)
