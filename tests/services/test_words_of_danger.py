"""Words in free text are asked about first, and become a flag unless she answers in time."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import NotFound
from epro.models import (
    CorrectionSource,
    FlagTrigger,
    QuestionnaireResponse,
    ResponseStatus,
    SafetyQuestion,
    Site,
    WorkItem,
    WorkKind,
)
from epro.services import corrections, helping
from epro.services.correction_asking import Proposal
from epro.services.safety_questions import HelpAnswer, HospitalAnswer
from questionnaires.invented import calm_answers
from questionnaires.tiers import Tier
from tests.factories import add_participant, participant_actor
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of

EVENING = local(INFUSED_ON + timedelta(days=5), 18)
QUARTER = timedelta(minutes=15)
NO = HelpAnswer(help_now=False, hospital=HospitalAnswer.NO)
YES = HelpAnswer(help_now=True, hospital=HospitalAnswer.NO)
ADMITTED = HelpAnswer(help_now=False, hospital=HospitalAnswer.UNPLANNED)
PLANNED = HelpAnswer(help_now=False, hospital=HospitalAnswer.PLANNED)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def asked(session: Session, line: Line, words: str, **but: Any) -> UUID:
    """Report a problem in these words and return the id of the question that comes back."""
    stored = line.answer(session, None, now=EVENING, note=words, **but)
    return UUID(stored.reply["safety_question"]["id"])


def tell(session: Session, line: Line, question_id: UUID, given: HelpAnswer) -> None:
    helping.answer(
        session, line.given.actor, question_id, given,
        catalogue=line.given.catalogue, now=EVENING + timedelta(minutes=5),
    )  # fmt: skip


def wait(session: Session, line: Line, minutes: timedelta = QUARTER) -> int:
    return helping.flag_unanswered(session, catalogue=line.given.catalogue, now=EVENING + minutes)


def rules_of(session: Session) -> set[str]:
    return set(session.scalars(select(FlagTrigger.rule)))


@pytest.mark.req("A-11")
def test_words_of_an_emergency_are_asked_about_before_anybody_is_called(
    session: Session, line: Line
) -> None:
    stored = line.answer(session, None, now=EVENING, note="昨晚住院了")

    shown = stored.reply["safety_question"]
    assert "您现在需要帮助吗？您住院了吗？" in shown["question"]
    assert shown["answer_by"] == (EVENING + QUARTER).isoformat()
    assert flags_of(session) == []


@pytest.mark.req("A-11")
def test_unanswered_they_are_a_flag_after_fifteen_minutes_and_once(
    session: Session, line: Line
) -> None:
    asked(session, line, "I was admitted to hospital")

    assert wait(session, line, QUARTER - timedelta(microseconds=1)) == 0
    assert (wait(session, line), wait(session, line)) == (1, 0)

    assert [flag.tier for flag in flags_of(session)] == [Tier.ORANGE]
    assert rules_of(session) == {"R30"}


@pytest.mark.req("A-11")
@pytest.mark.parametrize(
    ("words", "given", "tier", "rules"),
    [
        ("叫了救护车", NO, None, set()),
        ("叫了救护车", PLANNED, None, set()),
        ("叫了救护车", YES, Tier.RED_B, {"R30", "R35"}),
        ("叫了救护车", ADMITTED, Tier.RED_B, {"R30", "R23"}),
        ("不想活了", NO, Tier.RED_A, {"R29b"}),
        ("不想活了", YES, Tier.RED_A, {"R29b", "R35"}),
        ("不想活了，吃药后送急诊", NO, Tier.RED_A, {"R29b"}),
    ],
)
def test_what_an_answer_leaves_standing_is_flagged_at_once(
    session: Session,
    line: Line,
    words: str,
    given: HelpAnswer,
    tier: Tier | None,
    rules: set[str],
) -> None:
    tell(session, line, asked(session, line, words), given)

    assert [flag.tier for flag in flags_of(session)] == ([tier] if tier else [])
    assert rules_of(session) == rules
    assert wait(session, line, timedelta(hours=1)) == 0


@pytest.mark.req("A-11")
def test_crisis_words_are_met_with_numbers_that_answer(session: Session, line: Line) -> None:
    stored = line.answer(session, None, now=EVENING, note="想死")

    said = stored.reply["safety_question"]["advice"]
    assert "120" in said
    assert "12356" in said
    assert "{" not in said


@pytest.mark.req("A-11")
def test_a_yes_after_a_no_and_after_the_flag_is_heard(session: Session, line: Line) -> None:
    question_id = asked(session, line, "叫了救护车")
    tell(session, line, question_id, NO)

    tell(session, line, question_id, YES)
    tell(session, line, question_id, YES)

    (flag,) = flags_of(session)
    assert flag.tier is Tier.RED_B


@pytest.mark.req("A-11")
def test_a_no_lowers_nothing_that_is_flagged(session: Session, line: Line) -> None:
    question_id = asked(session, line, "叫了救护车")
    wait(session, line)

    tell(session, line, question_id, NO)

    assert [flag.tier for flag in flags_of(session)] == [Tier.ORANGE]


@pytest.mark.req("A-11")
def test_beside_another_rule_all_is_flagged_at_once_and_nothing_waits_for_an_answer(
    session: Session, line: Line
) -> None:
    question_id = asked(session, line, "昨晚住院了", help_now=True)
    at_once = rules_of(session)

    tell(session, line, question_id, NO)

    (flag,) = flags_of(session)
    assert at_once == rules_of(session) == {"R30", "R35"}
    assert flag.tier is Tier.RED_B
    assert wait(session, line, timedelta(hours=1)) == 0


@pytest.mark.req("A-11")
@pytest.mark.parametrize(
    ("status", "at_once", "after_yes"),
    [
        (ResponseStatus.COMPLETED, {"R24", "R30"}, {"R24", "R30", "R35"}),
        # What else stands in an unfinished report is judged when it is finished, unless it is red.
        (ResponseStatus.IN_PROGRESS, set(), {"R30", "R35"}),
    ],
)
def test_her_yes_is_heard_also_beside_another_rule(
    session: Session, line: Line, status: ResponseStatus, at_once: set[str], after_yes: set[str]
) -> None:
    question_id = asked(
        session, line, "叫了救护车", done=("emergency",), status=status, advice_shown_at=EVENING
    )
    before = rules_of(session)

    tell(session, line, question_id, YES)

    (flag,) = flags_of(session)
    assert (before, rules_of(session)) == (at_once, after_yes)
    assert flag.tier is Tier.RED_B


def begun(session: Session, line: Line, words: str, **how: Any) -> Mapping[str, Any]:
    """Send the report so far, as her phone does at the moment of an answer; return the reply."""
    return line.answer(
        session, None, now=EVENING, note=words, status=ResponseStatus.IN_PROGRESS, **how
    ).reply


@pytest.mark.req("A-11", "A-05")
def test_what_her_phone_has_asked_in_an_unfinished_report_is_heard_at_once(
    session: Session, line: Line
) -> None:
    unasked = begun(session, line, "叫了救护车")
    shown = begun(session, line, "叫了救护车", advice_shown_at=EVENING)

    assert unasked["safety_question"] is None
    tell(session, line, UUID(shown["safety_question"]["id"]), YES)
    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]
    assert rules_of(session) == {"R30", "R35"}


@pytest.mark.req("A-11")
def test_an_unfinished_report_put_away_without_an_answer_is_a_flag_after_fifteen_minutes(
    session: Session, line: Line
) -> None:
    begun(session, line, "叫了救护车", advice_shown_at=EVENING)

    assert wait(session, line, QUARTER - timedelta(microseconds=1)) == 0
    assert wait(session, line) == 1
    assert [flag.tier for flag in flags_of(session)] == [Tier.ORANGE]


@pytest.mark.req("A-11")
@pytest.mark.parametrize(
    ("finally_written", "is_asked_again"),
    [("叫了救护车", False), ("叫了救护车，很累", False), ("叫了救护车，住进了重症监护室", True)],
)
def test_the_finished_report_asks_again_only_about_words_that_are_new(
    session: Session, line: Line, finally_written: str, is_asked_again: bool
) -> None:
    response_id = uuid4()
    shown = begun(
        session, line, "叫了救护车", response_id=response_id, advice_shown_at=EVENING
    )  # fmt: skip
    tell(session, line, UUID(shown["safety_question"]["id"]), NO)

    done = line.answer(
        session, None, now=EVENING, note=finally_written, response_id=response_id, revision=2
    )

    assert (done.reply["safety_question"] is not None) is is_asked_again
    assert flags_of(session) == []


@pytest.mark.req("A-11", "Q-10")
def test_the_same_body_again_is_asked_the_same(session: Session, line: Line) -> None:
    response_id = uuid4()
    first, again = (
        line.answer(session, None, now=EVENING, note="昨晚住院了", response_id=response_id)
        for _ in range(2)
    )

    assert again.reply == first.reply
    assert len(session.scalars(select(SafetyQuestion)).all()) == 1


@pytest.mark.req("P-01")
def test_a_question_of_another_looks_like_none(session: Session, line: Line) -> None:
    question_id = asked(session, line, "昨晚住院了")
    other = add_participant(
        session, session.get_one(Site, line.given.participant.site_id), code="SZ01-099"
    )

    with pytest.raises(NotFound):
        helping.answer(
            session, participant_actor(session, other), question_id, YES,
            catalogue=line.given.catalogue, now=EVENING,
        )  # fmt: skip


@pytest.mark.req("A-02")
def test_a_stay_in_hospital_is_one_case_until_she_has_left(session: Session, line: Line) -> None:
    def cases() -> list[bool]:
        query = select(WorkItem).where(WorkItem.kind == WorkKind.HOSPITAL_STAY)
        return [item.done_at is None for item in session.scalars(query)]

    line.answer(
        session, line.diary_on(session, EVENING.date()), now=EVENING,
        changes=("hospital",), hospital_planned="planned",
    )  # fmt: skip
    assert (cases(), flags_of(session)) == ([True], [])

    tomorrow = EVENING + timedelta(days=1)
    line.answer(
        session, line.diary_on(session, tomorrow.date()), now=tomorrow,
        changes=("hospital",), hospital_planned="longer",
    )  # fmt: skip
    assert cases() == [True]
    assert rules_of(session) == {"R23"}

    line.answer(
        session, None, code="contacts", now=tomorrow + timedelta(days=2),
        contact="hospital", hospital_planned="longer", in_hospital="left",
    )  # fmt: skip
    assert cases() == [False]


@pytest.mark.req("A-02")
def test_an_old_discharge_that_is_put_right_ends_no_stay_that_was_told_of_later(
    session: Session, line: Line
) -> None:
    old = uuid4()
    left: dict[str, Any] = {
        "contact": "hospital", "hospital_planned": "planned", "in_hospital": "left",
    }  # fmt: skip
    line.answer(session, None, code="contacts", now=EVENING, response_id=old, **left)
    later = EVENING + timedelta(days=9)
    line.answer(
        session, line.diary_on(session, later.date()), now=later,
        changes=("hospital",), hospital_planned="unplanned",
    )  # fmt: skip

    response = session.get_one(QuestionnaireResponse, old)
    form = line.given.catalogue.questionnaire("contacts", "1.0.0")
    answers = calm_answers(
        form, answered_at=EVENING, chance=Random(1), but=left | {"hospital_planned": "longer"}
    )
    corrections.put_down(
        session, line.coordinator, line.given.participant, old,
        Proposal(
            questionnaire_code=form.code, questionnaire_version=form.version,
            corrected_revision=response.revision, answers=list(answers), reason="misheard",
            source=CorrectionSource.CALL, said_at=later, said_words="住得比计划久",
        ),
        catalogue=line.given.catalogue, now=later + timedelta(hours=1),
    )  # fmt: skip

    query = select(WorkItem).where(WorkItem.kind == WorkKind.HOSPITAL_STAY)
    assert [item.done_at for item in session.scalars(query)] == [None]
