"""One shape for every error, whoever raises it: the domain, the schema, the framework, a fault."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask_jwt_extended import JWTManager
from flask_smorest import Api
from marshmallow.exceptions import SCHEMA
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnprocessableEntity

from epro.api.blueprint import RefusalSchema
from epro.api.context import public
from epro.errors import (
    BodyTooLarge,
    DatabaseUnavailable,
    DomainError,
    InvalidRequest,
    MalformedBody,
    NotSignedIn,
)
from epro.exchange import fhir

logger = logging.getLogger(__name__)
PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,99}")
SLUGS = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


class EproApi(Api):  # type: ignore[misc]
    """flask-smorest with our error shape instead of its own."""

    ERROR_SCHEMA = RefusalSchema
    DEFAULT_ERROR_RESPONSE_NAME = None  # every refusal is named where it can happen

    def handle_http_exception(self, error: HTTPException) -> Response:
        return answer(refusal_for(error), headers=_headers_of(error))

    @public
    def _openapi_json(self) -> Response:
        description: Response = super()._openapi_json()
        return description

    def _register_pagination_header(self) -> None:
        """Describe no pages: lists here go on by cursor."""


def answer(refusal: DomainError, *, headers: Mapping[str, str] | None = None) -> Response:
    """Turn a refusal into the answer of the request."""
    response = _in_shape(refusal.status, refusal.code, refusal.text, refusal.details)
    response.headers.update(headers or {})
    return response


def refusal_for(error: HTTPException) -> DomainError:
    """Name what the framework refused by a code of our own catalogue."""
    if isinstance(error, RequestEntityTooLarge):
        return BodyTooLarge()
    if isinstance(error, UnprocessableEntity):
        messages = getattr(error, "data", {}).get("messages", {})
        return InvalidRequest(details={"problems": list(_problems(messages))})
    status = error.code or 500
    if status == 400:
        return MalformedBody()
    refusal = DomainError(f"{error.name}.")
    refusal.code = SLUGS.get(status, "http_error")  # type: ignore[misc]
    refusal.status = status  # type: ignore[misc]
    return refusal


def register_error_handlers(app: Flask, tokens: JWTManager) -> None:
    """Make every error of the application look alike."""

    @app.errorhandler(DomainError)
    def _refused(refusal: DomainError) -> Response:
        return answer(refusal)

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def _database_busy(error: OperationalError | PoolTimeout) -> Response:
        cause = getattr(error, "orig", error)
        logger.error("The database did not answer: %s.", type(cause).__name__)
        return _fault(
            DatabaseUnavailable.status, DatabaseUnavailable.code, DatabaseUnavailable.message
        )

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        logger.error("Unexpected %s.", type(error).__name__, exc_info=error)
        return _fault(500, "internal_error", "Something went wrong on our side.")

    def _not_signed_in(*_why: Any) -> Response:
        return answer(NotSignedIn())

    for register in (
        tokens.unauthorized_loader,
        tokens.invalid_token_loader,
        tokens.expired_token_loader,
        tokens.revoked_token_loader,
        tokens.needs_fresh_token_loader,
        tokens.token_verification_failed_loader,
        tokens.user_lookup_error_loader,
    ):
        register(_not_signed_in)


def _fault(status: int, code: str, message: str) -> Response:
    details = {"request_id": g.get("request_id", "")}
    response = _in_shape(status, code, message, details)
    if status == 503:
        response.headers["Retry-After"] = "2"
    return response


def _in_shape(status: int, code: str, message: str, details: Mapping[str, Any]) -> Response:
    """Return our one shape of errors; FHIR's own, where FHIR was asked for."""
    if request.path.startswith("/fhir/"):
        response = jsonify(fhir.outcome(code, message, status=status))
        response.mimetype = fhir.MEDIA_TYPE
    else:
        response = jsonify({"error": {"code": code, "message": message, "details": details}})
    response.status_code = status
    return response


def _headers_of(error: HTTPException) -> dict[str, str]:
    """Keep the headers that make the status useful, such as `Allow` on 405."""
    return {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}


def _problems(messages: Any, place: str = "") -> Iterator[dict[str, str]]:
    """Flatten marshmallow's nested messages into one line per place."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # The first level names the location (json, query): no place a caller knows.
            is_location = not place and key in {"json", "query", "headers", "path"}
            if is_location or key == SCHEMA:
                yield from _problems(inner, place)
            elif isinstance(key, int):
                yield from _problems(inner, f"{place}[{key}]")
            else:
                yield from _problems(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _problems(inner, place)
    else:
        # A key that is no name of ours is the caller's own word, and not repeated.
        yield {"place": place if PLACE.fullmatch(place) else "body", "message": str(messages)}
