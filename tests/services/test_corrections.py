"""What was answered can be corrected by her who answered; the first answer stays for ever."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import InvalidAnswers, NotFound, ReasonRequired, RevisionConflict
from epro.errors_of_record import CorrectionOutdated, NothingCorrected, NotSubmittedYet
from epro.models import (
    Correction,
    CorrectionSource,
    CorrectionState,
    FlagNote,
    JournalEntry,
    Quarantine,
    ResponseStatus,
    Screening,
)
from epro.services import corrections, flags
from epro.services.correction_asking import Proposal
from epro.services.submission import Sending
from questionnaires.invented import calm_answers
from tests.services.corrected import CLOSED, EVENING, JUST_BEFORE, ON, Answered, answer, value_of
from tests.services.line import Line, begin_line, flags_of

US = timedelta(microseconds=1)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def verbs(session: Session) -> list[str]:
    return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))


# --- her own, within the window -------------------------------------------------------------------


@pytest.mark.req("T-05")
def test_the_first_answer_stays_when_she_corrects_it(session: Session, line: Line) -> None:
    diary = answer(session, line, pain=9)

    correction = diary.correct(session, now=JUST_BEFORE, pain=3)

    response = diary.response(session)
    first, second = corrections.versions_of(session, response)
    assert correction.state is CorrectionState.APPLIED
    assert (response.revision, value_of(response.answers, "pain")) == (2, 3)
    assert (first.revision.revision, value_of(first.revision.answers, "pain")) == (1, 9)
    assert first.correction is None
    assert (second.revision.revision, second.correction) == (2, correction)


@pytest.mark.req("T-05", "S-02")
def test_when_it_was_answered_and_whether_it_counts_stay(session: Session, line: Line) -> None:
    diary = answer(session, line, pain=9)
    kept = ("answered_at", "timeliness", "counts", "day_label", "received_at", "mode", "language")
    before = {name: getattr(diary.response(session), name) for name in kept}

    diary.correct(session, now=JUST_BEFORE, pain=3)

    response = diary.response(session)
    assert {name: getattr(response, name) for name in kept} == before


@pytest.mark.req("T-05", "T-06")
def test_from_the_very_instant_the_window_closes_two_people_are_needed(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, pain=9)

    correction = diary.correct(session, now=CLOSED, pain=3)

    assert correction.state is CorrectionState.AWAITING_DECISION
    assert value_of(diary.response(session).answers, "pain") == 9


@pytest.mark.req("T-05")
def test_a_correction_made_in_time_and_sent_late_is_her_own(session: Session, line: Line) -> None:
    diary = answer(session, line, pain=9)

    correction = diary.correct(session, now=CLOSED + timedelta(hours=5), age_s=5 * 3600 + 1, pain=3)

    assert correction.state is CorrectionState.APPLIED


@pytest.mark.req("T-05", "S-08")
@pytest.mark.parametrize(
    ("later", "state"),
    [
        (timedelta(hours=24) - US, CorrectionState.APPLIED),
        (timedelta(hours=24), CorrectionState.AWAITING_DECISION),
    ],
)
def test_a_report_without_a_window_is_hers_to_correct_for_a_day(
    session: Session, line: Line, later: timedelta, state: CorrectionState
) -> None:
    report_id = uuid4()
    line.answer(session, None, now=EVENING, response_id=report_id, worst="danger")
    questionnaire = line.given.catalogue.questionnaire("ae_report", "1.0.0")
    proposal = Proposal(
        questionnaire_code="ae_report", questionnaire_version="1.0.0", corrected_revision=1,
        answers=list(calm_answers(questionnaire, answered_at=EVENING, chance=Random(1))),
        reason="看错了", source=CorrectionSource.APP, said_at=EVENING,
    )  # fmt: skip

    correction = Answered(line, report_id).correct(session, now=EVENING + later, proposal=proposal)

    assert correction.state is state


@pytest.mark.req("T-05")
def test_the_same_correction_sent_again_changes_nothing(session: Session, line: Line) -> None:
    diary, correction_id = answer(session, line, pain=9), uuid4()
    first = diary.correct(session, now=EVENING, correction_id=correction_id, pain=3)
    earlier = verbs(session)

    again = diary.correct(session, now=JUST_BEFORE, correction_id=correction_id, pain=3)

    assert again is first
    assert diary.response(session).revision == 2
    assert verbs(session) == earlier


@pytest.mark.req("T-05")
def test_another_correction_under_the_same_id_is_kept_and_refused(
    session: Session, line: Line
) -> None:
    diary, correction_id = answer(session, line, pain=9), uuid4()
    diary.correct(session, now=EVENING, correction_id=correction_id, pain=3)

    with pytest.raises(RevisionConflict):
        diary.correct(session, now=EVENING, correction_id=correction_id, pain=4)

    assert session.scalars(select(Quarantine)).one().refusal_code == "revision_conflict"


@pytest.mark.req("T-05")
@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"pain": 9}, NothingCorrected),
        ({"pain": 3, "revision": 2}, CorrectionOutdated),
        ({"pain": 11}, InvalidAnswers),
        ({"pain": 3, "reason": "  "}, ReasonRequired),
    ],
)
def test_what_is_no_correction_is_refused(
    session: Session, line: Line, said: dict[str, Any], refusal: type[Exception]
) -> None:
    diary = answer(session, line, pain=9)

    with pytest.raises(refusal):
        diary.correct(session, now=EVENING, **said)

    assert diary.response(session).revision == 1
    assert session.scalars(select(Correction)).all() == []


@pytest.mark.req("T-05")
def test_a_form_not_sent_off_is_gone_on_with_and_not_corrected(
    session: Session, line: Line
) -> None:
    response_id, diary = uuid4(), line.diary_on(session, ON)
    line.answer(
        session, diary, now=EVENING, response_id=response_id, status=ResponseStatus.IN_PROGRESS
    )

    with pytest.raises(NotSubmittedYet):
        Answered(line, response_id).correct(session, now=EVENING, pain=9)


@pytest.mark.req("T-05", "P-06")
def test_nobody_corrects_what_another_answered(session: Session, line: Line) -> None:
    diary = answer(session, line, pain=9)
    stranger = replace(line.given.actor, id=uuid4())

    with pytest.raises(NotFound):
        corrections.ask(
            session, stranger, diary.response_id, uuid4(), diary.proposal(pain=3),
            Sending(answer_age_s=0.0, app_version="test", body=b"{}"),
            catalogue=line.given.catalogue, now=EVENING,
        )  # fmt: skip


# --- what follows from it -------------------------------------------------------------------------


@pytest.mark.req("T-07", "A-10", "A-04")
def test_lowering_a_fever_leaves_its_flag_open_with_a_note(session: Session, line: Line) -> None:
    diary = answer(session, line, temp=39.2)
    (flag,) = flags_of(session)
    triggers = len(flags.triggers_of(session, flag))

    diary.correct(session, now=JUST_BEFORE, temp=37.1)

    (still,) = flags_of(session)
    note = session.scalars(select(FlagNote)).one()
    assert (still.id, still.closed_at, still.tier) == (flag.id, None, flag.tier)
    assert len(flags.triggers_of(session, still)) == triggers
    assert (note.flag_id, note.kind, note.about) == (flag.id, "corrected", str(diary.response_id))
    assert still.version == 2


@pytest.mark.req("T-07", "A-04")
def test_raising_a_temperature_flags_at_once(session: Session, line: Line) -> None:
    diary = answer(session, line, temp=36.6)
    assert flags_of(session) == []

    diary.correct(session, now=JUST_BEFORE, temp=39.2)

    assert len(flags_of(session)) == 1


@pytest.mark.req("T-07", "A-04")
def test_what_waits_for_a_decision_is_screened_now_and_only_once(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, temp=36.6)

    asked = diary.correct(session, now=CLOSED, temp=39.2)
    screened = [one.id for one in session.scalars(select(Screening))]
    raised = [one.id for one in flags_of(session)]
    diary.decide(session, asked)

    assert len(raised) == 1
    assert [one.id for one in flags_of(session)] == raised
    assert [one.id for one in session.scalars(select(Screening))] == screened
    assert value_of(diary.response(session).answers, "temp") == 39.2


@pytest.mark.req("T-07", "E-02")
def test_a_correction_is_on_record_with_old_and_new_value_and_its_reason(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, temp=39.2)

    diary.correct(session, now=JUST_BEFORE, temp=37.1, reason="看错了体温计")

    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.verb == "response.corrected")
    ).one()
    assert entry.entity_id == str(diary.response_id)
    assert "看错了体温计" in entry.body
    assert verbs(session)[-3:] == ["correction.made", "response.corrected", "flag.noted"]
