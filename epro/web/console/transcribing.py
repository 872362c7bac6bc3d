"""Sheets of paper: which form, what it says, the second person's comparison, putting it right."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.errors import InvalidAnswers
from epro.models import Completer, Participant
from epro.services import (
    enrolment,
    forms,
    transcribing,
    transcription_checks,
    transcriptions,
)
from epro.services.transcribing import Sheet, Typeable
from epro.web.console import item_forms, typed
from epro.web.console.answers import by_the_clock
from epro.web.console.asked import page_number, wanted
from epro.web.console.item_forms import HERS
from epro.web.console.ordering import order_of
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.definition import Language, Questionnaire

blueprint = new_blueprint("transcribing")

Act = Callable[[Session], None]
SHEET, COMPARISON, PUTTING_RIGHT = "sheet", "comparison", "putting-right"


@blueprint.get("/participants/<code:code>/paper")
@page(Permission.ANSWER_ON_BEHALF)
def show_forms(code: str) -> ResponseReturnValue:
    """Ask which form the sheet holds answers to."""
    with reading() as session:
        who = enrolment.get_participant(session, current_actor(), code, Permission.ANSWER_ON_BEHALF)
        number = page_number()
        found = transcribing.typeable(
            session, who, page=number, catalogue=catalogue(session), now=now()
        )
    return render_framed(
        "paper.html", here="participants", who=who, found=found.forms, page=number,
        pages=found.pages,
    )  # fmt: skip


@blueprint.get("/participants/<code:code>/paper/form")
@page(Permission.ANSWER_ON_BEHALF)
def show_form(code: str) -> ResponseReturnValue:
    """Show the form as it is typed in from the sheet; ask which one where the address is silent."""
    if not request.args.keys() & {"assessment", "form"}:
        with reading() as session:
            enrolment.get_participant(session, current_actor(), code, Permission.ANSWER_ON_BEHALF)
        return redirect(url_for("console_transcribing.show_forms", code=code), code=303)
    return _form_page(code)


@blueprint.post("/participants/<code:code>/paper/form")
@page(Permission.ANSWER_ON_BEHALF)
def transcribe(code: str) -> ResponseReturnValue:
    """Store what the sheet says; it is screened at once."""
    with reading() as session:
        who, one = _asked_for(session, code, is_sent=True)
    response_id = typed.uuid("response_id")
    sent = item_forms.answers_to(one.questionnaire, prefix=HERS, zone=who.zone, keeps_hidden=True)

    def act(session: Session) -> None:
        actor, known = current_actor(), catalogue(session)
        found = enrolment.get_participant(session, actor, code, Permission.ANSWER_ON_BEHALF)
        sheet = _sheet(one, who.zone, sent)
        with _at_its_field(one.questionnaire, sent):
            transcribing.enter(
                session, actor, found, response_id, sheet, catalogue=known, now=now()
            )

    return typed.attempt(
        SHEET, act, show=lambda **why: _form_page(code, **why),
        to=url_for("console_transcribing.show", response_id=response_id),
    )  # fmt: skip


@blueprint.get("/transcriptions")
@page(Permission.READ_RESPONSE)
def show_waiting() -> ResponseReturnValue:
    """Show what was typed in and nobody has found equal to its sheet yet."""
    asked = wanted(transcriptions.Column)
    with reading() as session:
        found = transcriptions.list_waiting(
            session, current_actor(), asked, catalogue=catalogue(session)
        )
    return render_framed(
        "transcriptions.html", here="transcriptions", found=found, wanted=asked,
        order=order_of(asked),
    )  # fmt: skip


@blueprint.get("/transcriptions/<uuid:response_id>")
@page(Permission.READ_RESPONSE)
def show(response_id: UUID) -> ResponseReturnValue:
    """Show what was typed, for somebody who holds the sheet."""
    return _sheet_page(response_id)


@blueprint.post("/transcriptions/<uuid:response_id>/check")
@page(Permission.CHECK_TRANSCRIPTION)
def check(response_id: UUID) -> ResponseReturnValue:
    """Put down what a second person found."""

    def act(session: Session) -> None:
        transcription_checks.check(
            session, current_actor(), response_id, revision=typed.number("revision") or 0,
            is_equal=typed.line("is_equal") == "yes", differences=typed.text("differences"),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt(COMPARISON, act, response_id)


@blueprint.post("/transcriptions/<uuid:response_id>/correction")
@page(Permission.ANSWER_ON_BEHALF)
def put_right(response_id: UUID) -> ResponseReturnValue:
    """Type what the sheet really says."""
    with reading() as session:
        sheet = transcriptions.read_one(
            session, current_actor(), response_id, catalogue=catalogue(session)
        )
    questionnaire = sheet.questionnaire
    sent = item_forms.answers_to(
        questionnaire, prefix=HERS, zone=sheet.transcription.zone, keeps_hidden=True
    )

    def act(session: Session) -> None:
        with _at_its_field(questionnaire, sent):
            transcription_checks.put_right(
                session, current_actor(), response_id, revision=typed.number("revision") or 0,
                answers=sent, reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
            )  # fmt: skip

    return _attempt(PUTTING_RIGHT, act, response_id)


def _attempt(form: str, act: Act, response_id: UUID) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=lambda **why: _sheet_page(response_id, **why),
        to=url_for("console_transcribing.show", response_id=response_id),
    )  # fmt: skip


@contextmanager
def _at_its_field(questionnaire: Questionnaire, sent: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Let a refusal of answers name the fields of this form."""
    try:
        yield
    except InvalidAnswers as refusal:
        named = item_forms.places_of(questionnaire, sent, refusal, prefix=HERS)
        refusal.details["problems"] = named
        raise


def _asked_for(session: Session, code: str, *, is_sent: bool) -> tuple[Participant, Typeable]:
    who = enrolment.get_participant(session, current_actor(), code, Permission.ANSWER_ON_BEHALF)
    try:
        assessment_id = UUID(request.args.get("assessment", ""))
    except ValueError:
        assessment_id = None
    return who, transcribing.form_of(
        session, who, assessment_id=assessment_id, code=request.args.get("form"),
        may_be_answered=is_sent,
        catalogue=catalogue(session), now=now(),
    )  # fmt: skip


def _sheet(one: Typeable, zone: str, answers: Sequence[dict[str, Any]]) -> Sheet:
    return Sheet(
        assessment_id=one.assessment.id if one.assessment else None,
        questionnaire_code=one.questionnaire.code,
        questionnaire_version=one.questionnaire.version,
        language=typed.chosen("language", Language),
        completer=typed.chosen("completer", Completer),
        written_at=typed.needed_instant("written_at", zone),
        reason=typed.text("reason"),
        source_reference=typed.line("source_reference"),
        answers=answers,
        leaves_blank=typed.line("leaves_blank") == "yes",
    )


def _form_page(
    code: str, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    with reading() as session:
        who, one = _asked_for(session, code, is_sent=refused is not None)
    problems = refused.refusal.details.get("problems", ()) if refused else ()
    return render_framed(
        "paper_form.html", status=status, here="participants", refused=refused, who=who, one=one,
        zone=who.zone, form=SHEET, hers=HERS, completers=list(Completer),
        languages=list(Language),
        # One and the same through every try, so that a form sent twice is stored once.
        response_id=refused.text("response_id") if refused else uuid4(),
        asks_about_blanks=any(problem.get("code") == "missing_answer" for problem in problems),
    )  # fmt: skip


def _sheet_page(
    response_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        known = catalogue(session)
        sheet = transcriptions.read_one(session, actor, response_id, catalogue=known)
        seen = forms.seen(
            session, sheet.response, revision=sheet.typed, language=current_language(),
            catalogue=known,
        )  # fmt: skip
        questionnaire = forms.as_asked(session, sheet.response, catalogue=known)
    zone = sheet.transcription.zone
    return render_framed(
        "transcription.html", status=status, here="transcriptions", refused=refused, sheet=sheet,
        seen=seen, zone=sheet.site.zone, may_check=sheet.may_check(actor),
        may_put_right=sheet.may_put_right(actor), comparison=COMPARISON,
        putting_right=PUTTING_RIGHT, hers=HERS,
        questionnaire=questionnaire,
        # What stands, with what was corrected since it was typed: that is what is put right.
        given=item_forms.filled_in(questionnaire, sheet.response.answers, prefix=HERS, zone=zone),
        by_the_clock=lambda answer: by_the_clock(answer, ZoneInfo(zone)),
        is_typist=actor.id in sheet.typist_ids,
    )  # fmt: skip
