"""What all pages of the console share: frame, language, headers, and the page of a refusal."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from epro.access import Permission
from epro.api.blueprint import doc_of
from epro.api.context import (
    current_actor,
    current_room,
    is_in_training,
    now,
    public,
    reading,
)
from epro.errors import DomainError, NotFound
from epro.services import safety_inbox, staff
from epro.services.code_words import refusal_in_words
from epro.services.code_words_sending import client_in_words, error_in_words, text_in_words
from epro.web.console import navigation
from epro.web.console import session as console_session
from epro.web.console.refused import Refused
from epro.web.console.words import WORDS
from epro.web.console.words_refused import with_values
from questionnaires.definition import Language, Translated

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
A_YEAR_S = 365 * 24 * 60 * 60
LANGUAGE_COOKIE = "epro_console_language"
# What anybody may ask for inside a training room; every other page there is for who was let in.
OPEN_INSIDE = frozenset(
    {"console_frame.choose_language", "console_frame.asset", "console_frame.nothing_here"}
)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def reason_against(refusal: DomainError) -> Translated:
    """Return a refusal in the reader's words; one without words of its own says it in English."""
    return WORDS.get(f"refusal.{refusal.code}", Translated(refusal.text, refusal.text))


def _refused(refusal: DomainError) -> Response:
    text = reason_against(refusal)
    return render("refusal.html", status=refusal.status, reason=text, code=refusal.code)


def _as_page(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    if request.endpoint != "console_frame.asset":
        response.headers["Cache-Control"] = "no-store"
    return response


def _no_door_inside() -> AnyResponse | None:
    """Training rooms have no door of their own: whoever wants in comes from the trial."""
    if not is_in_training() or request.endpoint in OPEN_INSIDE:
        return None
    view = current_app.view_functions[request.endpoint or ""]
    return console_session.out_of_the_room() if doc_of(view)["permission"] is None else None


def new_blueprint(name: str) -> Blueprint:
    """Return a blueprint for pages: its refusals are pages too, and all carry the same headers."""
    made = Blueprint(
        f"console_{name}", __name__, url_prefix=console_session.PATH,
        template_folder=str(FOLDER / "templates"),
    )  # fmt: skip
    made.register_error_handler(DomainError, _refused)
    made.before_request(_no_door_inside)
    made.after_request(_as_page)
    return made


blueprint = new_blueprint("frame")


def render(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page in the reader's language."""
    language = current_language()
    page = render_template(
        f"console/{template}",
        language=language,
        html_language="en" if language is Language.EN else "zh-Hans",
        other_language=Language.ZH if language is Language.EN else Language.EN,
        t=translator(language),
        csrf=console_session.csrf_token(),
        actor=g.get("actor"),
        menu=_menu(),
        now=now(),
        room=current_room(),
        is_training=is_in_training(),
        trial_training=console_session.TRAINING,
        **values,
    )
    return Response(page, status=status, mimetype="text/html")


def _menu() -> list[tuple[str, list[navigation.Entry]]]:
    if "actor" not in g:
        return []
    return list(navigation.entries_for(g.actor, is_training=is_in_training()))


def render_framed(
    template: str, *, here: str, status: int = 200, refused: Refused | None = None, **values: Any
) -> Response:
    """Return a page for somebody who is signed in: with navigation and what is waiting.

    `here` is the entry of the menu that the page belongs to. A form that was refused shows why.
    """
    unacknowledged = 0
    if g.actor.holds(Permission.READ_FLAG):
        with reading() as session:
            unacknowledged = safety_inbox.count_unacknowledged(session, g.actor)
    return render(
        template, status=status, here=here, unacknowledged=unacknowledged, refused=refused,
        refused_text=reason_against(refused.refusal) if refused else None, **values,
    )  # fmt: skip


def current_language() -> Language:
    """Return the language the reader chose; Chinese before she has chosen."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return Language.EN if chosen == Language.EN else Language.ZH


def inside(path: str | None) -> str:
    """Return a path of the console to go on to; for anything else, where the day begins."""
    is_inside = path is not None and path.startswith(f"{console_session.PATH}/")
    if path and is_inside and "\\" not in path:
        # Within the world that was asked: never from a training room into the trial.
        return f"{request.script_root}{path}"
    return url_for("console_frame.home")


@blueprint.get("/")
@console_session.page(Permission.OWN_SESSION)
def home() -> AnyResponse:
    """Lead to what is most urgent for whoever is signed in."""
    return redirect(url_for(navigation.home_of(current_actor()).endpoint), code=303)


@blueprint.get("/language/<chosen>")
@public
def choose_language(chosen: str) -> AnyResponse:
    """Change the language of the pages in this browser."""
    language = Language.EN if chosen == Language.EN else Language.ZH
    response = redirect(inside(request.args.get("to")), code=303)
    response.set_cookie(
        LANGUAGE_COOKIE, language, path=console_session.cookie_path(), max_age=A_YEAR_S,
        httponly=True, secure=console_session.is_https(), samesite="Lax",
    )  # fmt: skip
    return response


@blueprint.get("/static/<path:name>")
@public
def asset(name: str) -> Response:
    """Return a style or script; each is asked for anew, and mostly answered from the cache."""
    path = safe_join(str(STATIC), name)
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    file = Path(path) if path else None
    if file is None or file.suffix not in kinds or not file.is_file():
        raise NotFound
    response = Response(file.read_bytes(), mimetype=kinds[file.suffix])
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


@blueprint.get("/<path:rest>")
@public
def nothing_here(rest: str) -> ResponseReturnValue:
    """Say on a page that there is none."""
    raise NotFound


def translator(language: Language) -> Any:
    """Return the function by which templates name texts: by key, or a text in both languages."""

    def translate(text: str | Translated, /, **values: Any) -> str:
        translated = WORDS[text] if isinstance(text, str) else text
        said = translated.in_language(language)
        return said.format_map(values) if values else said

    return translate


@blueprint.app_template_filter("local_day")
def local_day(instant: datetime, zone: str) -> str:
    """Write the date of an instant as a calendar in that zone shows it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


@blueprint.app_template_filter("typed_at")
def typed_at(instant: datetime | None, zone: str) -> str:
    """Write an instant as a field for date and time takes it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if instant else ""


@blueprint.app_template_filter("local_minute")
def local_minute(instant: datetime, zone: str) -> str:
    """Write an instant with its year as a clock of that zone shows it, for what is kept."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@blueprint.app_template_filter("local_second")
def local_second(instant: datetime, zone: str) -> str:
    """Write the time of a signature in full, as a clock of that zone shows it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


# What messages and devices are called.
blueprint.app_template_filter("text_in_words")(text_in_words)
blueprint.app_template_filter("error_in_words")(error_in_words)
blueprint.app_template_filter("client_in_words")(client_in_words)
blueprint.app_template_filter("refusal_in_words")(refusal_in_words)


@blueprint.app_template_filter("person")
def person(username: str) -> str:
    """Write who an account belongs to, and what it is called."""
    if "full_names" not in g:
        with reading() as session:
            g.full_names = staff.full_names(session)
    return staff.known_as(username, g.full_names)


@blueprint.app_template_filter("known")
def known(key: str) -> Translated:
    """Return the text of a key, or a dash: an older worker may have jobs that are no more."""
    return WORDS.get(key, Translated("–", "–"))


@blueprint.app_template_filter("in_words")
def in_words(said: str) -> Translated:
    """Return what a refusal says of a field in the reader's words, or as it says it."""
    return WORDS.get(f"said.{said}") or with_values(said)


@blueprint.app_template_filter("local")
def local_time(instant: datetime, zone: str) -> str:
    """Write an instant as a clock of that zone shows it, with its year unless that is this one."""
    local, today = (one.astimezone(ZoneInfo(zone)) for one in (instant, now()))
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


def field_errors(problems: Mapping[str, str]) -> dict[str, Translated]:
    """Return what is wrong with each field of a form, in words."""
    return {field: WORDS[f"problem.{problem}"] for field, problem in problems.items()}
