"""FHIR R4, read only: what hospitals' and researchers' systems ask for, out of the same feed.

It is described by its CapabilityStatement, as FHIR servers are, and not in our OpenAPI description.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from epro.access import Permission
from epro.api.context import catalogue, now, requires, sequenced_reading
from epro.api.edc.reading import choice_of, etag_of, put_on_record, sha256
from epro.errors import InvalidRequest, NotFound
from epro.exchange import fhir, fhir_safety
from epro.exchange.changes import Change, Study
from epro.models import SourceCheck
from epro.services import feed_forms, feed_search
from epro.services.feed_items import FeedType
from epro.services.feed_search import COMPARISONS, Found, FoundChanges, Narrowing, Search
from questionnaires.fhir.writing import to_fhir, url_of

blueprint = Blueprint("fhir", __name__, url_prefix="/fhir/R4")
PARAMETERS = ("_id", "subject", "_lastUpdated", "_count")
# What clients add by themselves and what leads from page to page.
QUESTIONNAIRE_PARAMETERS = ("_id", "_count")
ALSO_TAKEN = frozenset({"_format", "_page", "patient"})
PAGE, MAX_PAGE = 50, 200
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Parameters = tuple[str, ...]
Shape = Callable[[Study, Found], fhir.Json]


def _response(study: Study, found: Found) -> fhir.Json:
    change = Change.from_item(found.item)
    return fhir.response_resource(
        study, change, canonical=url_of(str(change.data["questionnaire_code"])),
        last_updated=found.last_updated.isoformat(),
        is_amended=change.reason is not None
        or change.data.get("source_check") == SourceCheck.EQUAL_AFTER_CORRECTION,
    )  # fmt: skip


def _flag(_study: Study, found: Found) -> fhir.Json:
    change = Change.from_item(found.item)
    return fhir_safety.flag_resource(change, last_updated=found.last_updated.isoformat())


def _adverse_event(study: Study, found: Found) -> fhir.Json:
    change = Change.from_item(found.item)
    return fhir_safety.adverse_event_resource(
        study, change, last_updated=found.last_updated.isoformat()
    )


KINDS: Mapping[str, tuple[FeedType, Shape]] = {
    "QuestionnaireResponse": (FeedType.RESPONSE, _response),
    "AdverseEvent": (FeedType.ADVERSE_EVENT, _adverse_event),
    "Flag": (FeedType.FLAG, _flag),
}


@blueprint.get("/metadata")
@requires(Permission.READ_FEED)
def read_capability() -> Response:
    """Return what can be read here and by which parameters it is searched."""
    served: dict[str, Parameters] = dict.fromkeys([*KINDS, "AuditEvent"], PARAMETERS)
    served["Questionnaire"] = QUESTIONNAIRE_PARAMETERS
    return _answer(fhir.capability(base=_base(), resources=served, as_of=now().isoformat()))


@blueprint.get("/Questionnaire")
@requires(Permission.READ_FEED)
def search_questionnaires() -> Response:
    """Return one page of the published editions; they never change, so a page goes on by id."""
    taken = {*QUESTIONNAIRE_PARAMETERS, *ALSO_TAKEN}
    if unknown := [name for name in request.args if name not in taken]:
        raise _refusal(unknown[0], "There is no such search parameter.")
    asked = set(filter(None, request.args.get("_id", "").split(",")))
    found = [one for one in _editions() if not asked or one["id"] in asked]
    after, count = request.args.get("_page", ""), _count()
    rest = [one for one in found if one["id"] > after]
    links = {"self": request.url}
    if len(rest) > count:
        query = [pair for pair in request.args.items(multi=True) if pair[0] != "_page"]
        query.append(("_page", rest[count - 1]["id"]))
        links["next"] = f"{request.base_url}?{urlencode(query)}"
    page = fhir.bundle(rest[:count], base=_base(), links=links, total=len(found))
    response = _answer(page)
    _record("Questionnaire", response, rows=len(page["entry"]))
    return response


@blueprint.get("/Questionnaire/<resource_id>")
@requires(Permission.READ_FEED)
def read_questionnaire(resource_id: str) -> Response:
    """Return one published edition."""
    for one in _editions():
        if one["id"] == resource_id:
            response = _answer(one)
            _record("Questionnaire", response, rows=1)
            return response
    raise NotFound


@blueprint.get("/<any(QuestionnaireResponse, AdverseEvent, Flag):kind>")
@requires(Permission.READ_FEED)
def search_resources(kind: str) -> Response:
    """Return one page of resources; the link `next` carries the whole query."""
    feed_type, shape = KINDS[kind]
    after, upto = _page()
    with sequenced_reading() as session:
        hits = feed_search.find(
            session, choice_of(None), _search(feed_type), after=after, upto_seq=upto,
            limit=_count(), catalogue=catalogue(session),
        )  # fmt: skip
        study = feed_forms.study_of(session, catalogue(session))
    resources = [shape(study, found) for found in hits.found]
    last = hits.found[-1].item["entity_id"] if hits.has_more else None
    page = fhir.bundle(
        resources, base=_base(), links=_links(hits.upto_seq, last), total=hits.total
    )  # fmt: skip
    response = _answer(page)
    _record(kind, response, rows=len(resources))
    return response


@blueprint.get("/<any(QuestionnaireResponse, AdverseEvent, Flag):kind>/<resource_id>")
@requires(Permission.READ_FEED)
def read_resource(kind: str, resource_id: str) -> Response:
    """Return one resource in its newest state."""
    feed_type, shape = KINDS[kind]
    with sequenced_reading() as session:
        hits = feed_search.find(
            session, choice_of(None), Search(kind=feed_type, ids=(resource_id,)), after="",
            upto_seq=None, limit=1, catalogue=catalogue(session),
        )  # fmt: skip
        study = feed_forms.study_of(session, catalogue(session))
    if not hits.found:
        raise NotFound
    response = _answer(shape(study, hits.found[0]))
    response.set_etag(etag_of(hits.found[0].item["version"]), weak=True)
    _record(kind, response, rows=1)
    return response


@blueprint.get("/AuditEvent")
@requires(Permission.READ_FEED)
def search_audit_events() -> Response:
    """Return one page of single changes, each with who did it, in the order of the feed."""
    after, upto = _page()
    if not (after or "0").isascii() or not (after or "0").isdigit():
        raise _refusal("_page", "This page was not linked to here.")
    found = _changes(_narrowing(), after_seq=int(after or 0), upto_seq=upto, limit=_count())
    last = found.items[-1]["seq"] if found.items else 0
    links = _links(found.upto_seq, last if found.has_more else None)
    events = [fhir_safety.audit_resource(Change.from_item(item)) for item in found.items]
    response = _answer(fhir.bundle(events, base=_base(), links=links, total=None))
    _record("AuditEvent", response, rows=len(events))
    return response


@blueprint.get("/AuditEvent/<resource_id>")
@requires(Permission.READ_FEED)
def read_audit_event(resource_id: str) -> Response:
    """Return one change as who did what."""
    found = _changes(Narrowing(ids=(resource_id,)), after_seq=0, upto_seq=None, limit=1)
    if not found.items:
        raise NotFound
    response = _answer(fhir_safety.audit_resource(Change.from_item(found.items[0])))
    _record("AuditEvent", response, rows=1)
    return response


def _changes(
    wanted: Narrowing, *, after_seq: int, upto_seq: int | None, limit: int
) -> FoundChanges:
    with sequenced_reading() as session:
        return feed_search.find_changes(
            session, choice_of(None), wanted, after_seq=after_seq, upto_seq=upto_seq,
            limit=limit, catalogue=catalogue(session),
        )  # fmt: skip


def _editions() -> list[fhir.Json]:
    with sequenced_reading() as session:
        published = catalogue(session).questionnaires
    return sorted((to_fhir(one).resource for one in published), key=lambda one: str(one["id"]))


def _search(kind: FeedType) -> Search:
    wanted = _narrowing()
    return Search(
        kind=kind, ids=wanted.ids, participant=wanted.participant, updated=wanted.updated
    )  # fmt: skip


def _narrowing() -> Narrowing:
    if unknown := [name for name in request.args if name not in {*PARAMETERS, *ALSO_TAKEN}]:
        raise _refusal(unknown[0], "There is no such search parameter.")
    subject = request.args.get("subject") or request.args.get("patient")
    return Narrowing(
        ids=tuple(filter(None, request.args.get("_id", "").split(","))),
        participant=subject.rsplit("/", 1)[-1].rsplit("|", 1)[-1] if subject else None,
        updated=tuple(
            one for text in request.args.getlist("_lastUpdated") for one in _comparisons(text)
        ),
    )


def _comparisons(text: str) -> Sequence[tuple[str, datetime]]:
    """Read a comparison as FHIR writes it: ge2026-03-01, lt2026-03-01T09:30:00+08:00.

    A day is all of it, in UTC: what was changed on the 1st is found by `le2026-03-01` and by
    `2026-03-01`, and not by `gt2026-03-01`.
    """
    how, rest = (text[:2], text[2:]) if text[:2] in COMPARISONS else ("eq", text)
    try:
        at = datetime.fromisoformat(rest.replace(" ", "+"))
        begins = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        ends = begins + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise _refusal("_lastUpdated", "This is no date or time.") from error
    if not DAY.fullmatch(rest):
        return [(how, begins)]
    of_a_day = {
        "eq": [("ge", begins), ("lt", ends)], "ge": [("ge", begins)], "gt": [("ge", ends)],
        "lt": [("lt", begins)], "le": [("lt", ends)],
    }  # fmt: skip
    if how not in of_a_day:
        raise _refusal("_lastUpdated", "This comparison takes a time of the day.")
    return of_a_day[how]


def _count() -> int:
    text = request.args.get("_count", str(PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MAX_PAGE:
        raise _refusal("_count", f"A page holds 1 to {MAX_PAGE} resources.")
    return int(text)


def _page() -> tuple[str, int | None]:
    """Read where a page begins: behind which id, and up to which place of the journal it looks."""
    if (text := request.args.get("_page")) is None:
        return "", None
    upto, _, after = text.partition(":")
    if not upto.isascii() or not upto.isdigit() or len(upto) > 18:
        raise _refusal("_page", "This page was not linked to here.")
    return after, int(upto)


def _links(upto_seq: int, last: str | int | None) -> dict[str, str]:
    """Return the links of a page; `last` is where the next one goes on, None for the last page."""
    links = {"self": request.url}
    if last is not None:
        query = [pair for pair in request.args.items(multi=True) if pair[0] != "_page"]
        query.append(("_page", f"{upto_seq}:{last}"))
        links["next"] = f"{request.base_url}?{urlencode(query)}"
    return links


def _base() -> str:
    return f"{request.url_root.rstrip('/')}{blueprint.url_prefix}"


def _record(kind: str, response: Response, *, rows: int) -> None:
    what = {"kind": kind, "rows": rows, "sha256": sha256(response.get_data())}
    put_on_record("fhir.read", what)


def _refusal(place: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, details={"problems": [{"place": place, "message": message}]})


def _answer(resource: dict[str, Any]) -> Response:
    return Response(json.dumps(resource, ensure_ascii=False), content_type=fhir.MEDIA_TYPE)
