"""The audit review: what is out of the ordinary, each figure with its cases, and who has looked."""

from datetime import date
from enum import StrEnum
from functools import partial

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, keyring, now, reading, transaction
from epro.errors import DomainError, NotPermitted
from epro.services import audit_review, exports, signing
from epro.services.audit_figures import NO_SITES_ZONE, Figure, Period
from epro.services.audit_review import Report
from epro.services.exports import ExportKind
from epro.services.paging import page_of
from epro.web.console import typed
from epro.web.console.asked import asked_for, day, is_down, page_number
from epro.web.console.audit_facts import facts_of
from epro.web.console.exporting import as_file
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("auditing")

FORM, TAKING = "audit_review", "audit_file"
ORDERS = {
    "when": lambda case: case.at,
    "participant": lambda case: case.who.participant,
    "user": lambda case: case.who.user,
}
EARLIEST = date(2000, 1, 1)


class By(StrEnum):
    """Whose figures the table shows."""

    SITE = "site"
    PARTICIPANT = "participant"
    USER = "user"


@blueprint.get("/audit-review")
@page(Permission.READ_AUDIT_REVIEW)
def show() -> ResponseReturnValue:
    """Show the figures of a period by site, participant or user, and the reviews so far."""
    return _page()


@blueprint.get("/audit-review/cases")
@page(Permission.READ_AUDIT_REVIEW)
def show_cases() -> ResponseReturnValue:
    """Show the cases of one figure, the latest first."""
    return _cases_page(asked_for("figure", Figure) or Figure.LATE)


@blueprint.post("/audit-review.csv")
@page(Permission.EXPORT_DATA)
def take_file() -> ResponseReturnValue:
    """Return the figures of the period, or the cases of one, as CSV, signed for like any export."""
    actor, figure = current_actor(), asked_for("figure", Figure)
    if not actor.holds(Permission.READ_AUDIT_REVIEW):
        raise NotPermitted
    try:
        with transaction() as session:
            signing.prove(session, actor, typed.proof(), keyring=keyring(), now=now())
            report = _report(session)
            text = (
                audit_review.as_csv(report)
                if figure is None
                else audit_review.cases_as_csv(
                    audit_review.cases_of(report.found[figure], **_narrowed())
                )
            )
            made = exports.put_on_record(session, actor, ExportKind.AUDIT_REVIEW, text, now=now())
    except DomainError as refusal:
        show = _page if figure is None else partial(_cases_page, figure)
        return show(status=refusal.status, refused=typed.refused(TAKING, refusal))
    return as_file(made)


@blueprint.post("/audit-review/reviews")
@page(Permission.REVIEW_AUDIT_TRAIL)
def mark() -> ResponseReturnValue:
    """Note up to which day a site's audit trail was reviewed, with a remark."""

    def act(session: Session) -> None:
        audit_review.mark(
            session, current_actor(), typed.needed_line("site"),
            upto_on=typed.needed_day("upto_on"), remark=typed.text("remark"), now=now(),
        )  # fmt: skip

    return typed.attempt(FORM, act, show=partial(_page), to=url_for("console_auditing.show"))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, by = current_actor(), asked_for("by", By) or By.SITE
    with reading() as session:
        report = _report(session)
        reviews = audit_review.reviews(session, actor, page=page_number("reviews"))
    match by:
        case By.SITE:
            grouping = report.by_site
        case By.PARTICIPANT:
            grouping = report.by_participant
        case By.USER:
            grouping = report.by_user
    sorted_by = asked_for("sort", Figure)
    names = grouping.names(by=sorted_by, is_descending=is_down())
    if (wanted := _narrowed().get(by.value)) is not None:
        names = [one for one in names if one == wanted]
    found = page_of(names, page_number())
    return render_framed(
        "audit_review.html", status=status, here="audit_review", refused=refused, report=report,
        found=found.each(grouping.line), by=by, ways=list(By),
        figures=grouping.figures,
        sorted_by=sorted_by, is_down=is_down(), args=_args(), reviews=reviews, form=FORM,
        taking=TAKING, site=request.args.get("site", ""),
        may_review=[
            one for one in report.sites if actor.may_at(Permission.REVIEW_AUDIT_TRAIL, one.id)
        ],
    )  # fmt: skip


def _cases_page(
    kind: Figure, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    with reading() as session:
        report = _report(session)
    cases, order = ordered(audit_review.cases_of(report.found[kind], **_narrowed()), ORDERS)
    found = page_of(cases, page_number())
    return render_framed(
        "audit_cases.html", status=status, here="audit_review", refused=refused, taking=TAKING,
        figure=kind, found=found, order=order, period=report.period, narrowed=_narrowed(),
        args=_args(), zones={site.code: site.zone for site in report.sites},
        no_zone=NO_SITES_ZONE, facts_of=facts_of,
    )  # fmt: skip


def _report(session: Session) -> Report:
    """Return the report that the address asks for: a site or all, two days or the last weeks."""
    actor, site = current_actor(), request.args.get("site") or None
    today = audit_review.today_of(audit_review.sites_for(session, actor), now=now())
    usual = audit_review.usual_period(today)
    # Nothing lies ahead or long ago, and calendars end.
    from_on = max(min(day("from") or usual.from_on, today), EARLIEST)
    period = Period(from_on, min(max(day("to") or today, from_on), today))
    return audit_review.report(session, actor, period=period, site=site)


def _narrowed() -> dict[str, str | None]:
    return {
        "participant": request.args.get("participant") or None,
        "user": request.args.get("user") or None,
    }


def _args() -> dict[str, str]:
    known = ("site", "from", "to", "by", "sort", "down", "participant", "user", "reviews")
    return {name: value for name in known if (value := request.args.get(name))}
