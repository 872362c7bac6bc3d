"""The outcomes assessor's own small room: who is to be rated, and the form; nothing else."""

from functools import partial
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading, transaction
from epro.errors import DomainError, InvalidAnswers
from epro.services import corrections, forms, rating_corrections, ratings
from epro.web.console import item_forms, typed
from epro.web.console.asked import wanted
from epro.web.console.ordering import order_of
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("rating")

FORM = "rating"
CORRECTION = "correction"


@blueprint.get("/ratings")
@page(Permission.RATE_OUTCOME)
def show_list() -> ResponseReturnValue:
    """Show whom to rate, and what was rated."""
    asked = wanted(ratings.Column)
    with reading() as session:
        found = ratings.list_due(
            session, current_actor(), asked, catalogue=catalogue(session), now=now()
        )
    return render_framed(
        "ratings.html", here="ratings", found=found, wanted=asked, order=order_of(asked)
    )


@blueprint.get("/ratings/<uuid:assessment_id>")
@page(Permission.RATE_OUTCOME)
def show(assessment_id: UUID) -> ResponseReturnValue:
    """Show the form, or what was rated."""
    return _page(assessment_id)


@blueprint.post("/ratings/<uuid:assessment_id>")
@page(Permission.RATE_OUTCOME)
def rate(assessment_id: UUID) -> ResponseReturnValue:
    """Store a rating."""
    actor = current_actor()
    with reading() as session:
        questionnaire = ratings.form_of(
            session, actor, assessment_id, catalogue=catalogue(session)
        )[3]
    sent = item_forms.answers_to(questionnaire)
    try:
        with transaction() as session:
            ratings.rate(
                session, actor, assessment_id, sent, language=current_language(),
                catalogue=catalogue(session), now=now(),
            )  # fmt: skip
    except InvalidAnswers as refusal:
        refusal.details["problems"] = item_forms.places_of(questionnaire, sent, refusal)
        return _page(assessment_id, status=refusal.status, refused=typed.refused(FORM, refusal))
    except DomainError as refusal:
        return _page(assessment_id, status=refusal.status, refused=typed.refused(FORM, refusal))
    return redirect(url_for("console_rating.show", assessment_id=assessment_id), code=303)


@blueprint.post("/ratings/<uuid:assessment_id>/correction")
@page(Permission.RATE_OUTCOME)
def correct(assessment_id: UUID) -> ResponseReturnValue:
    """Put one's own rating right, with a reason."""
    actor = current_actor()
    with reading() as session:
        questionnaire = ratings.form_of(
            session, actor, assessment_id, catalogue=catalogue(session)
        )[3]
    sent = item_forms.answers_to(questionnaire)

    def act(session: Session) -> None:
        try:
            rating_corrections.correct(
                session, actor, assessment_id, sent, revision=typed.number("revision") or 0,
                reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
            )  # fmt: skip
        except InvalidAnswers as refusal:
            refusal.details["problems"] = item_forms.places_of(questionnaire, sent, refusal)
            raise

    return typed.attempt(
        CORRECTION, act, show=partial(_page, assessment_id),
        to=url_for("console_rating.show", assessment_id=assessment_id),
    )  # fmt: skip


def _page(
    assessment_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    with reading() as session:
        known = catalogue(session)
        row, who, site, questionnaire = ratings.form_of(
            session, current_actor(), assessment_id, catalogue=known
        )
        rated = ratings.own_answers(session, assessment_id)
        seen = (
            forms.seen(session, rated, language=current_language(), catalogue=known)
            if rated
            else None
        )
        is_rater = rated is not None and rating_corrections.is_rater(
            session, current_actor(), rated
        )
        versions = corrections.versions_of(session, rated) if rated else ()
    return render_framed(
        "rating.html", status=status, here="ratings", refused=refused, row=row, who=who,
        site=site, zone=site.zone, questionnaire=questionnaire, seen=seen, form=FORM,
        correction=CORRECTION, is_rater=is_rater, versions=versions,
        given=item_forms.filled_in(questionnaire, rated.answers) if rated else {},
    )  # fmt: skip
