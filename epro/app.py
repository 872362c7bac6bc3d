"""The composition root: builds the parts, joins them into one Flask application."""

from datetime import timedelta

from flask import Flask
from flask_jwt_extended import JWTManager
from werkzeug.middleware.proxy_fix import ProxyFix

from epro.api import (
    adverse_events,
    anchor_queries,
    anchors,
    assessments,
    code_breaks,
    compliance,
    consents,
    contacts,
    corrections,
    data_incidents,
    data_requests,
    delegations,
    development,
    edc_consumers,
    event_candidates,
    event_lists,
    fhir,
    flags,
    forms,
    health,
    hooks,
    inbox,
    journal,
    me,
    number_checks,
    offline_advice,
    own_phone,
    own_record,
    participants,
    preferences,
    questionnaires,
    records,
    requests,
    responses,
    rosters,
    safety_questions,
    scores,
    sessions,
    taking_part,
    transcriptions,
    whose,
    work,
)
from epro.api.context import follow_rehearsal_clock
from epro.api.converters import CodeConverter, SlugConverter, described
from epro.api.edc import changes as edc_changes
from epro.api.edc import entities as edc_entities
from epro.api.edc import snapshots as edc_snapshots
from epro.api.edc import study as edc_study
from epro.api.edc import token as edc_token
from epro.api.edc import writing as edc_writing
from epro.api.errors import EproApi, register_error_handlers
from epro.api.json import IsoJson
from epro.api.training_door import TrainingDoor
from epro.clock import Clock
from epro.crypto import Keyring
from epro.parts import build_parts
from epro.rooms import Rooms
from epro.settings import Settings
from epro.web.console.every import CONSOLE
from epro.web.phone import pages as phone

MAX_BODY_BYTES = 256 * 1024
ACCESS_TOKEN_LIFE = timedelta(minutes=15)
RESOURCES = (
    sessions, participants, anchors, taking_part, consents, assessments, me, preferences, own_phone,
    own_record, forms,
    offline_advice, responses, scores, safety_questions,
    compliance, corrections, transcriptions, records,
    flags, work, contacts, delegations, rosters, number_checks, code_breaks,
    data_requests, data_incidents,
    questionnaires, journal,
    edc_token, edc_study, edc_changes, edc_entities, edc_snapshots,
    edc_writing, edc_consumers, anchor_queries,
    event_candidates, adverse_events, event_lists,
)  # fmt: skip


def create_app(
    settings: Settings, *, keyring: Keyring | None = None, clock: Clock | None = None
) -> Flask:
    """Build the web application; nothing is read from the environment here."""
    app = Flask("epro", static_folder=None)
    app.json = IsoJson(app)
    app.url_map.converters.update(code=CodeConverter, slug=SlugConverter)
    app.config.update(_flask_config(settings))
    app.extensions["epro"] = build_parts(settings, keyring=keyring, clock=clock)
    app.extensions["epro_rooms"] = Rooms(app.extensions["epro"])
    tokens = JWTManager(app)
    api = EproApi(app)
    _describe(api)
    for resource in RESOURCES:
        api.register_blueprint(resource.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(hooks.blueprint)
    app.register_blueprint(fhir.blueprint)
    for pages in (*CONSOLE, phone):
        app.register_blueprint(pages.blueprint)
    if settings.has_inbox:
        app.register_blueprint(inbox.blueprint)
    if settings.is_rehearsal:
        app.register_blueprint(development.blueprint)
        app.before_request(follow_rehearsal_clock)
    requests.watch(app)
    register_error_handlers(app, tokens)
    app.wsgi_app = TrainingDoor(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "API_TITLE": "epro",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "JWT_SECRET_KEY": settings.token_key,
        "JWT_ALGORITHM": "HS256",
        "JWT_ACCESS_TOKEN_EXPIRES": ACCESS_TOKEN_LIFE,
        # How long a refresh token is good follows from its device session, not from the token.
        "JWT_REFRESH_TOKEN_EXPIRES": False,
        "JWT_TOKEN_LOCATION": ["headers", "cookies"],
        "JWT_ACCESS_COOKIE_NAME": "epro_phone_access",
        "JWT_REFRESH_COOKIE_NAME": "epro_phone_refresh",
        "JWT_ACCESS_COOKIE_PATH": "/api/v1/",
        "JWT_REFRESH_COOKIE_PATH": "/api/v1/sessions/refresh",
        "JWT_ACCESS_CSRF_COOKIE_NAME": "epro_phone_csrf",
        "JWT_REFRESH_CSRF_COOKIE_NAME": "epro_phone_refresh_csrf",
        "JWT_COOKIE_SECURE": settings.public_url.startswith("https://"),
        "JWT_COOKIE_SAMESITE": "Strict",
        "JWT_COOKIE_CSRF_PROTECT": True,
        "JWT_SESSION_COOKIE": False,
    }


def _describe(api: EproApi) -> None:
    for converter in (CodeConverter, SlugConverter):
        api.register_converter(converter, described)
    for prefix, cookie in (("", "epro_phone_access"), ("refresh_", "epro_phone_refresh")):
        api.spec.components.security_scheme(
            f"{prefix}bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        )
        api.spec.components.security_scheme(
            f"{prefix}cookie",
            {"type": "apiKey", "in": "cookie", "name": cookie,
             "description": "Writes also send the value of the CSRF cookie as X-CSRF-TOKEN. "
             "The header Participant names whose session it has to be; with another's "
             "nothing is looked at or kept (401 other_participant)."},
        )  # fmt: skip
    api.spec.components.security_scheme(
        "behalf_cookie",
        {"type": "apiKey", "in": "cookie", "name": whose.COOKIE,
         "description": "Opened by the site for a participant, and taken only with the header "
         "On-Behalf-Of, which names her. Writes also send epro_behalf_csrf as X-CSRF-TOKEN."},
    )  # fmt: skip
