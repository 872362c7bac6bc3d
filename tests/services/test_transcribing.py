"""A sheet of paper is typed in, and looked at for danger at once."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import InvalidAnswers, InvalidInput, RevisionConflict
from epro.errors_of_record import (
    ModeNotAllowed,
)
from epro.models import (
    Completer,
    EntryMode,
    ResponseStatus,
    SafetyQuestion,
    SourceCheck,
    Timeliness,
    WorkKind,
)
from epro.services import (
    transcribing,
)
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language
from questionnaires.invented import calm_answers
from questionnaires.licensing import FormModes
from questionnaires.tiers import Tier
from tests.factories import shipped_package
from tests.services.given import local
from tests.services.line import INFUSED_ON, flags_of
from tests.services.paper import CHECKED, ON, TYPED, WRITTEN, Desk, begin_desk

pytestmark = pytest.mark.req("C-04")


@pytest.fixture
def desk(session: Session) -> Desk:
    return begin_desk(session)


# --- typed in -------------------------------------------------------------------------------------


@pytest.mark.req("P-08", "S-02")
def test_a_sheet_is_her_answer_from_the_hour_that_stands_on_it(desk: Desk) -> None:
    stored = desk.response(desk.type_in(desk.sheet(completer=Completer.READ_TO_ME)))

    assert (stored.mode, stored.completer) == (
        EntryMode.PAPER_TRANSCRIPTION, Completer.READ_TO_ME,
    )  # fmt: skip
    assert (stored.answered_at, stored.received_at) == (WRITTEN, TYPED)
    assert (stored.timeliness, stored.received_late, stored.counts) == (
        Timeliness.ON_TIME, True, True,
    )  # fmt: skip
    assert not stored.clock_unsure
    assert stored.source_check is SourceCheck.NOT_CHECKED
    assert desk.line.diary_on(desk.session, ON).completed_at == WRITTEN
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]


@pytest.mark.req("A-04")
def test_danger_on_a_sheet_raises_its_flag_before_anybody_compares(desk: Desk) -> None:
    response_id = desk.type_in(temp=39.6)

    (flag,) = flags_of(desk.session)
    assert flag.tier.is_red
    assert flag.raised_at == TYPED
    assert desk.response(response_id).source_check is SourceCheck.NOT_CHECKED


@pytest.mark.req("A-04", "A-11")
def test_words_of_danger_on_a_sheet_flag_at_once_for_nobody_can_be_asked(desk: Desk) -> None:
    form = desk.catalogue.questionnaire("ae_report", "1.0.0")
    answers = calm_answers(form, answered_at=WRITTEN, chance=Random(1), but={"note": "不想活了"})

    desk.type_in(
        desk.sheet(assessment_id=None, questionnaire_code="ae_report", answers=list(answers))
    )

    assert [(one.tier, one.raised_at) for one in flags_of(desk.session)] == [(Tier.RED_A, TYPED)]
    assert desk.session.scalars(select(SafetyQuestion)).all() == []


def test_what_is_not_from_paper_has_nothing_to_compare(desk: Desk) -> None:
    desk.line.answer(desk.session, None, now=TYPED)

    (own,) = desk.line.given.responses(desk.session)
    assert own.source_check is None
    assert desk.to_do() == []


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"written_at": TYPED + timedelta(seconds=1)}, "written_at"),
        ({"written_at": local(INFUSED_ON - timedelta(days=60), 9)}, "written_at"),
        ({"reason": " "}, "reason"),
        ({"source_reference": ""}, "source_reference"),
    ],
)
def test_a_sheet_says_when_why_and_where_it_is(
    desk: Desk, said: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.type_in(desk.sheet(**said))

    assert [one["place"] for one in refused.value.details["problems"]] == [place]
    assert desk.line.given.responses(desk.session) == []


def test_on_paper_she_can_have_answered_before_she_had_the_app(desk: Desk) -> None:
    desk.line.given.participant.activated_at = TYPED
    desk.session.flush()

    assert desk.response(desk.type_in()).answered_at == WRITTEN


@pytest.mark.req("Q-10", "A-04")
def test_blanks_that_the_sheet_really_has_are_kept_as_such_and_looked_at_like_the_rest(
    desk: Desk,
) -> None:
    torn = [one for one in desk.answers(temp=39.6) if one["link_id"] != "help_now"]
    with pytest.raises(InvalidAnswers):
        desk.type_in(desk.sheet(answers=torn))
    assert desk.line.given.responses(desk.session) == []

    stored = desk.response(desk.type_in(desk.sheet(answers=torn, leaves_blank=True)))

    assert (stored.status, stored.counts) == (ResponseStatus.INCOMPLETE, False)
    assert "help_now" in stored.not_reached
    (flag,) = flags_of(desk.session)
    assert flag.raised_at == TYPED  # no ten minutes as for a form that she may still go on with


def test_a_sheet_without_blanks_is_complete_whatever_is_ticked(desk: Desk) -> None:
    stored = desk.response(desk.type_in(desk.sheet(leaves_blank=True)))

    assert stored.status is ResponseStatus.COMPLETED


def test_the_same_sheet_again_is_harmless_and_another_under_its_id_is_refused(desk: Desk) -> None:
    response_id = desk.type_in()
    desk.type_in(response_id=response_id, now=CHECKED)

    with pytest.raises(RevisionConflict):
        desk.type_in(response_id=response_id, now=CHECKED, temp=37.0)
    with pytest.raises(RevisionConflict):
        desk.type_in(response_id=response_id, by=desk.colleague, now=CHECKED)
    assert len(desk.line.given.responses(desk.session)) == 1
    assert desk.to_do() == [WorkKind.CHECK_TRANSCRIPTION]


@pytest.mark.parametrize(
    "changed",
    [
        {"written_at": WRITTEN - timedelta(hours=1)},
        {"reason": "手机丢失"},
        {"source_reference": "文件夹 4"},
        {"completer": Completer.READ_TO_ME},
        {"language": Language.EN},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_is_said_otherwise_about_a_stored_sheet_is_never_dropped_as_if_saved(
    desk: Desk, changed: dict[str, Any]
) -> None:
    response_id = desk.type_in()

    with pytest.raises(RevisionConflict):
        desk.type_in(desk.sheet(**changed), response_id=response_id, now=CHECKED)


def test_a_form_that_the_study_does_not_take_on_paper_is_neither_offered_nor_stored(
    desk: Desk,
) -> None:
    package = replace(
        shipped_package(),
        form_modes=(FormModes(questionnaire="daily", modes=(EntryMode.OWN_DEVICE,)),),
    )
    desk.catalogue = Catalogue({desk.line.given.version.id: package})

    offered = transcribing.typeable(
        desk.session, desk.line.given.participant, catalogue=desk.catalogue, now=TYPED
    )
    with pytest.raises(ModeNotAllowed) as refused:
        desk.type_in()

    assert {one.questionnaire.code for one in offered.forms} >= {"ae_report", "morning_check"}
    assert "daily" not in {one.questionnaire.code for one in offered.forms}
    assert refused.value.details == {"mode": "paper_transcription", "form": "daily"}


def test_forms_of_long_ago_stand_on_later_pages_and_can_be_typed_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribing, "MOST_FORMS", 2)
    asked: dict[str, Any] = {"catalogue": desk.catalogue, "now": TYPED + timedelta(days=9)}
    who = desk.line.given.participant

    first = transcribing.typeable(desk.session, who, **asked)
    pages = [
        transcribing.typeable(desk.session, who, page=page, **asked).forms
        for page in range(1, first.pages + 1)
    ]

    planned = [one.assessment for page in pages for one in page if one.assessment]
    assert first.pages > 2
    assert len({one.id for one in planned}) == len(planned) > 4
    assert [one.opens_at for one in planned] == sorted(
        (one.opens_at for one in planned), reverse=True
    )
    oldest = transcribing.form_of(
        desk.session, who, assessment_id=planned[-1].id, code=None, **asked
    )
    assert oldest.assessment is planned[-1]
