"""The blueprint all resources use: values that can be stored, and every refusal documented."""

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from epro.access import ON_BEHALF_MAY, STAFF_ROLES, Permission, roles_with
from epro.errors import (
    BodyTooLarge,
    DatabaseUnavailable,
    DomainError,
    InvalidRequest,
    MalformedBody,
    MayReveal,
    NotPermitted,
    NotSignedIn,
    OtherParticipant,
    SessionRevoked,
)

View = TypeVar("View", bound=Callable[..., Any])
MAX_DEPTH = 16
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What staff send with words that they have looked at again, see `epro/api/wording.py`.
CONFIRMATION = {
    "in": "header",
    "name": "Reveals-Nothing",
    "required": False,
    "schema": {"type": "string", "enum": ["yes"]},
    "description": "Keeps words that might tell who received what (may_reveal); goes on record.",
}
SMOREST_DOC = "_apidoc"  # where flask-smorest looks for what its decorators noted


class RefusalBodySchema(Schema):
    """What went wrong: a stable code, a sentence, and small details that never hold answers."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict(required=True)


class RefusalSchema(Schema):
    """The one shape of every error."""

    error = fields.Nested(RefusalBodySchema, required=True)


class StorableParser(FlaskParser):
    """Refuse what no database stores: NUL, halves of surrogate pairs, NaN, endless nesting."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        return _refuse_unstorable(super().load_json(req, schema))

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        for name, text in req.args.items(multi=True):
            _refuse_unstorable(name)
            _refuse_unstorable(text, name)
        return super().load_querystring(req, schema)

    def load_headers(self, req: Request, schema: Schema) -> Any:
        _refuse_unstorable(dict(req.headers))
        return super().load_headers(req, schema)

    def _raw_load_json(self, req: Request) -> Any:
        try:
            return super()._raw_load_json(req)
        except (ValueError, RecursionError) as error:
            # Besides what is no JSON: numbers of thousands of digits, thousands of brackets.
            raise MalformedBody from error


def _refuse_unstorable(value: Any, place: str = "", depth: int = 0) -> Any:
    if fault := _fault_in(value, depth):
        raise ValidationError({place or "body": [fault]})
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key, place, depth)
            _refuse_unstorable(inner, f"{place}.{key}" if place else str(key), depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_unstorable(inner, f"{place}[{number}]", depth + 1)
    return value


def _fault_in(value: Any, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return "This is nested too deeply."
    if isinstance(value, float) and not math.isfinite(value):
        return "This is not a number that can be stored."
    if isinstance(value, str) and UNSTORABLE.search(value):
        return "This text holds a character that cannot be stored."
    return None


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """A smorest blueprint whose documentation names every status that its views can answer."""

    ARGUMENTS_PARSER = StorableParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_refusals_doc)

    @staticmethod
    def refuses(*refusals: type[DomainError]) -> Callable[[View], View]:
        """Document the refusals of a view beyond those that follow from its guard and arguments."""

        def mark(view: View) -> View:
            doc_of(view)["refusals"] = refusals
            return view

        return mark

    def _prepare_refusals_doc(
        self, doc: dict[str, Any], doc_info: dict[str, Any], **_context: Any
    ) -> dict[str, Any]:
        """List each status with its codes, so that an undocumented one is a fault of the code."""
        refusals: list[type[DomainError]] = [*doc_info.get("refusals", ()), DatabaseUnavailable]
        doc["operationId"], doc["security"] = doc_info["operation"], []
        if "requestBody" in doc and _is_for_staff(doc_info["permission"]):
            refusals += [MayReveal, InvalidRequest]
            doc.setdefault("parameters", []).append(CONFIRMATION)
        if doc_info["permission"] is not None:
            refusals += [NotSignedIn, OtherParticipant, SessionRevoked, NotPermitted]
            doc["security"] = [{"bearer": []}, {"cookie": []}]
            if doc_info["permission"] in ON_BEHALF_MAY:
                doc["security"].append({"behalf_cookie": []})
        if "arguments" in doc_info and InvalidRequest not in refusals:
            refusals.append(InvalidRequest)
        if "requestBody" in doc:
            refusals += [MalformedBody, BodyTooLarge]
        by_status: dict[str, list[str]] = {}
        for refusal in sorted(refusals, key=lambda refusal: refusal.code):
            by_status.setdefault(str(refusal.status), []).append(refusal.code)
        responses = {str(int(status)): said for status, said in doc["responses"].items()}
        for status, codes in by_status.items():
            responses[status] = {
                "description": " · ".join(dict.fromkeys(codes)),
                "content": {"application/json": {"schema": RefusalSchema}},
            }
        doc["responses"] = dict(sorted(responses.items()))
        return doc


def _is_for_staff(permission: Permission | None) -> bool:
    return permission is not None and bool(STAFF_ROLES & set(roles_with(permission)))


def note_guard(view: Any, permission: Permission | None) -> None:
    """Note on a view what it asks for; None says that anybody may call it."""
    doc_of(view).update(operation=view.__name__, permission=permission)


def doc_of(view: Any) -> dict[str, Any]:
    """Return the view's documentation, a copy of its own, so that wrapped views are left alone."""
    doc = dict(getattr(view, SMOREST_DOC, {}))
    setattr(view, SMOREST_DOC, doc)
    return doc
