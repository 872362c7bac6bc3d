"""What a participant is shown, and what her response shows later: the same."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.errors import NotFound
from epro.models import Assessment, QuestionnaireResponse, ResponseStatus
from epro.services import forms
from epro.services.forms import Form
from questionnaires.catalogue import Catalogue
from questionnaires.definition import (
    Clause,
    Item,
    ItemType,
    Language,
    Operator,
    Recall,
    SafetyRule,
    Translated,
    Trigger,
)
from questionnaires.rendering import ItemState
from questionnaires.tiers import Tier
from tests.services.given import (
    CALM,
    DIARY,
    SHORT_DIARY,
    SMALL,
    TEMPERATURE,
    Given,
    answered,
    begin_after_infusion,
    local,
)

ON = date(2026, 3, 3)
EVENING = local(ON, 18)
SIGNS = Item(
    link_id="ill", type=ItemType.BOOLEAN, recall=Recall.SINCE_LAST_ENTRY,
    text=Translated("自上次填写（{last_entry_on}）以来病过吗？", "Ill since {last_entry_on}?"),
)  # fmt: skip
WELL = (*CALM, {"link_id": "ill", "value": False})


def rule(rule_id: str, *questions: str) -> SafetyRule:
    return SafetyRule(
        id=rule_id, tier=Tier.RED_B, possible_serious=True, title=SIGNS.text,
        advice=Translated("请打 {study_phone}", "Call {study_phone} or {emergency_number}"),
        triggers=tuple(Trigger((Clause(one, Operator.EXISTS, True),)) for one in questions),
    )  # fmt: skip


@pytest.fixture
def given(session: Session) -> Given:
    """The small study, whose diary asks about the time since the last entry."""
    given = begin_after_infusion(session)
    diary = replace(DIARY, items=(*DIARY.items, SIGNS))
    package = replace(
        SMALL,
        questionnaires=(diary, *SMALL.questionnaires[1:]),
        rules=(
            rule("known", "ill", "worse_for_days"),
            rule("of_the_server", "worse_for_days"),
            replace(rule("off", "ill"), is_on=False),
            rule("derived", "temperature_tenths_oral"),
        ),
    )
    return replace(given, catalogue=Catalogue({given.version.id: package}))


def form_on(session: Session, given: Given, on: date, *, hour: int = 19) -> Form:
    due = given.diary_on(session, on)
    return forms.of_assessment(
        session, given.actor, due.id, catalogue=given.catalogue, now=local(on, hour)
    )


def diary(session: Session, given: Given, on: date = ON) -> Assessment:
    return given.diary_on(session, on)


def words(form: Form) -> str:
    asked = form.questionnaire.item("ill")
    assert asked is not None
    return asked.text.en


@pytest.mark.req("Q-09")
def test_the_question_names_the_day_of_her_last_entry(session: Session, given: Given) -> None:
    given.submit(session, answered(diary(session, given), *WELL), now=EVENING)

    form = form_on(session, given, ON + timedelta(days=2))

    assert form.last_entry_on == ON
    assert words(form) == "Ill since Tue 3 Mar?"


@pytest.mark.req("Q-09")
def test_before_any_entry_it_names_the_day_of_activation(session: Session, given: Given) -> None:
    form = form_on(session, given, ON)

    assert given.participant.activated_at is not None
    assert form.last_entry_on == given.participant.activated_at.date()


@pytest.mark.req("Q-09")
def test_a_form_that_did_not_ask_is_no_entry_and_neither_is_a_draft(
    session: Session, given: Given
) -> None:
    given.submit(session, answered(diary(session, given), *WELL), now=EVENING)
    later = ON + timedelta(days=1)
    draft = answered(diary(session, given, later), CALM[0], status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=local(later, 18))
    given.submit(session, answered(), now=local(later, 18))

    assert SHORT_DIARY.code != DIARY.code
    assert form_on(session, given, later).last_entry_on == ON


@pytest.mark.req("Q-09")
def test_another_participants_form_looks_absent(session: Session, given: Given) -> None:
    other = replace(given.actor, id=uuid4())

    with pytest.raises(NotFound):
        forms.of_assessment(
            session, other, diary(session, given).id, catalogue=given.catalogue, now=EVENING
        )


@pytest.mark.req("Q-01", "Q-09")
def test_a_correction_answers_the_questions_of_then(session: Session, given: Given) -> None:
    given.submit(session, answered(diary(session, given), *WELL), now=EVENING)
    later, response_id = ON + timedelta(days=1), uuid4()
    sheet = answered(diary(session, given, later), *WELL, last_entry_on=ON)
    given.submit(session, sheet, now=local(later, 18), response_id=response_id)
    response = session.get_one(QuestionnaireResponse, response_id)

    form = forms.of_response(
        session, given.actor, response, catalogue=given.catalogue, now=local(later, 20)
    )

    assert form.last_entry_on == ON
    assert form.questionnaire.version == response.questionnaire_version


@pytest.mark.req("A-05")
def test_a_form_brings_the_rules_that_it_can_meet_with_numbers_put_in(
    session: Session, given: Given
) -> None:
    form = form_on(session, given, ON)

    assert [one.id for one in form.rules] == ["known", "derived"]
    assert [len(one.triggers) for one in form.rules] == [1, 1]
    assert given.site.phone_24h in form.rules[0].advice.en
    assert "{" not in form.rules[0].advice.zh + form.rules[0].advice.en


@pytest.mark.req("Q-01", "Q-05", "Q-06")
def test_an_old_response_shows_in_words_what_was_seen(session: Session, given: Given) -> None:
    response_id = uuid4()
    hot = ({"link_id": "temp", "value": 38.6}, {"link_id": "shivers", "value": True})
    first = answered(diary(session, given), *hot, status=ResponseStatus.IN_PROGRESS)
    given.submit(session, first, now=EVENING, response_id=response_id)
    final = answered(
        diary(session, given), {"link_id": "pain", "declined": True}, *WELL[1:],
        revision=2, language=Language.EN, last_entry_on=ON - timedelta(days=2),
    )  # fmt: skip
    given.submit(session, final, now=EVENING, response_id=response_id)
    (response,) = given.responses(session)

    seen = forms.seen(session, response, language=None, catalogue=given.catalogue)

    assert [(one.link_id, one.state, one.answer) for one in seen.items] == [
        ("pain", ItemState.DECLINED, None),
        ("temp", ItemState.ANSWERED, f"36.6\u00a0{TEMPERATURE.unit}"),
        ("shivers", ItemState.CLEARED, None),
        ("remark", ItemState.LEFT_BLANK, None),
        ("ill", ItemState.ANSWERED, "No"),
    ]
    assert seen.items[-1].question == "Ill since Sun 1 Mar?"
    assert seen.items[0].state_in_words == "Declined to answer"


@pytest.mark.req("Q-01", "Q-10")
def test_an_unfinished_response_says_what_was_not_reached_and_what_did_not_apply(
    session: Session, given: Given
) -> None:
    draft = answered(diary(session, given), *CALM, status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=EVENING)
    (response,) = given.responses(session)

    seen = forms.seen(session, response, language=Language.ZH, catalogue=given.catalogue)

    states = {one.link_id: one.state for one in seen.items}
    assert (states["shivers"], states["ill"]) == (ItemState.HIDDEN, ItemState.NOT_REACHED)
    assert seen.items[-1].question.startswith("自上次填写（2月")
