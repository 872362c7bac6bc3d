"""Requests to change data: who asked for what, what she says, and the investigator's decision."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.errors import InvalidAnswers, NotFound
from epro.models import (
    CorrectionSource,
    Participant,
    QuestionnaireResponse,
    Site,
)
from epro.services import correction_list, corrections, enrolment, forms, own_record, responses
from epro.services.correction_asking import HerWord, Proposal
from epro.web.console import item_forms, typed
from epro.web.console.asked import wanted
from epro.web.console.ordering import order_of
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.definition import Questionnaire

blueprint = new_blueprint("changing")

FORM = "put-down"
SAID_TO_SITE = (
    CorrectionSource.CALL, CorrectionSource.VISIT, CorrectionSource.MESSAGE,
    CorrectionSource.PAPER,
)  # fmt: skip


@blueprint.get("/corrections")
@page(Permission.READ_RESPONSE)
def show() -> ResponseReturnValue:
    """Show the requests that wait, or all of them."""
    return _page()


@blueprint.get("/participants/<code:code>/answers/<uuid:response_id>/correction")
@page(Permission.PUT_DOWN_CORRECTION)
def show_form(code: str, response_id: UUID) -> ResponseReturnValue:
    """Show the form for what she says was wrong, filled in as she answered."""
    return _form(code, response_id)


@blueprint.post("/participants/<code:code>/answers/<uuid:response_id>/correction")
@page(Permission.PUT_DOWN_CORRECTION)
def put_down(code: str, response_id: UUID) -> ResponseReturnValue:
    """Put down what she says was wrong; she and an investigator have their say about it."""
    with reading() as session:
        response, who, _ = _found(session, code, response_id)
        questionnaire = _questionnaire(session, response)
    sent = item_forms.answers_to(questionnaire, prefix=item_forms.HERS)

    def act(session: Session) -> None:
        proposal = Proposal(
            questionnaire_code=response.questionnaire_code,
            questionnaire_version=response.questionnaire_version,
            corrected_revision=typed.number("revision") or 0, answers=sent,
            reason=typed.text("reason"), source=typed.chosen("source", CorrectionSource),
            said_at=typed.needed_instant("said_at", who.zone), said_words=typed.text("said_words"),
        )  # fmt: skip
        if proposal.source not in SAID_TO_SITE:
            raise typed.not_right("source", "Please choose one.")
        try:
            corrections.put_down(
                session, current_actor(), who, response_id, proposal,
                catalogue=catalogue(session), now=now(),
            )  # fmt: skip
        except InvalidAnswers as refusal:
            refusal.details["problems"] = item_forms.places_of(
                questionnaire, sent, refusal, prefix=item_forms.HERS
            )
            raise

    return typed.attempt(
        FORM, act, show=partial(_form, code, response_id),
        to=url_for("console_changing.show", code=code),
    )  # fmt: skip


@blueprint.post("/corrections/<uuid:correction_id>/call")
@page(Permission.PUT_DOWN_CORRECTION)
def put_down_call(correction_id: UUID) -> ResponseReturnValue:
    """Put down what she said when she was called about it."""

    def act(session: Session) -> None:
        zone = correction_list.zone_of(session, correction_id)
        word = HerWord(
            is_right=typed.line("is_right") == "yes",
            call_at=typed.instant("call_at", zone) or now(), call_words=typed.text("call_words"),
        )  # fmt: skip
        corrections.hear(
            session, current_actor(), correction_id, word, catalogue=catalogue(session), now=now()
        )

    return _attempt(f"call-{correction_id}", act)


@blueprint.post("/corrections/<uuid:correction_id>/decision")
@page(Permission.DECIDE_CORRECTION)
def decide(correction_id: UUID) -> ResponseReturnValue:
    """Approve or decline what she confirmed."""

    def act(session: Session) -> None:
        corrections.decide(
            session, current_actor(), correction_id, is_approved=typed.line("is_approved") == "yes",
            reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt(f"decide-{correction_id}", act)


def _found(
    session: Session, code: str, response_id: UUID
) -> tuple[QuestionnaireResponse, Participant, Site]:
    """Return an answer of this participant. Raises NotFound, as for one of another site."""
    actor = current_actor()
    who = enrolment.get_participant(session, actor, code, Permission.PUT_DOWN_CORRECTION)
    response = responses.read_one(session, actor, response_id)
    if response.participant_id != who.id or not own_record.is_hers(session, response):
        raise NotFound
    return response, who, session.get_one(Site, who.site_id)


def _questionnaire(session: Session, response: QuestionnaireResponse) -> Questionnaire:
    return catalogue(session).questionnaire(
        response.questionnaire_code, response.questionnaire_version
    )


def _form(
    code: str, response_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    with reading() as session:
        response, who, site = _found(session, code, response_id)
        questionnaire = forms.as_asked(session, response, catalogue=catalogue(session))
    return render_framed(
        "correction_form.html", status=status, here="corrections", refused=refused, form=FORM,
        who=who, zone=site.zone, response=response, questionnaire=questionnaire,
        prefix=item_forms.HERS, sources=SAID_TO_SITE,
        given=item_forms.filled_in(questionnaire, response.answers, prefix=item_forms.HERS),
    )  # fmt: skip


def _attempt(form: str, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(form, act, show=_page, to=url_for("console_changing.show"))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, language = current_actor(), current_language()
    only_open = request.args.get("all") != "1"
    asked = wanted(correction_list.Column, participant="code")
    with reading() as session:
        found = correction_list.list_page(
            session, actor, asked, only_open=only_open, language=language,
            catalogue=catalogue(session),
        )  # fmt: skip
    return render_framed(
        "corrections.html", status=status, here="corrections", refused=refused, found=found,
        only_open=only_open, wanted=asked, order=order_of(asked),
        columns=list(correction_list.Column),
        may_call=actor.holds(Permission.PUT_DOWN_CORRECTION),
        may_decide=actor.holds(Permission.DECIDE_CORRECTION),
    )  # fmt: skip
