"""The phone app as the server hands it out: one page, its files, and the worker that keeps them."""

import json
from dataclasses import replace
from functools import cache, lru_cache
from gzip import compress
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from epro.api.context import catalogue, public, reading, trial_parts
from epro.errors import NotFound
from epro.settings import Settings
from epro.web.phone.shell import FOLDER, HASH_LENGTH, KINDS, Shell, read_bundle, read_modules
from questionnaires.definition import SiteDefaults

PATH = "/p"
# No telephone number begins like this; packages that are not fitted to their sites yet do.
STAND_IN = "0000"
PACKED = frozenset({"text/javascript", "text/css", "application/json", "image/svg+xml"})
A_YEAR_S = 365 * 24 * 60 * 60
# Before any study is published there is only the one number that the whole country knows.
NO_NUMBERS = SiteDefaults(site_phone="", study_phone="", emergency_number="120")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sw"
)

blueprint = Blueprint("phone", __name__, template_folder=str(FOLDER / "templates"))


@blueprint.after_request
def _as_app(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


@blueprint.get("/a")
@blueprint.get("/p")
@public
def lead_in() -> AnyResponse:
    """Lead to the app; what stands behind # in the address goes with it, unseen by the server."""
    return redirect(f"{PATH}/", code=303)


@blueprint.get("/p/")
@public
def show_app() -> Response:
    """Return the page that starts the app, and says whom to call where it cannot start."""
    return _text(_page(), "text/html")


@blueprint.get("/p/manifest.webmanifest")
@public
def show_manifest() -> Response:
    """Return how the app stands on a home screen: a neutral name, a neutral picture."""
    return _text(_manifest(), "application/manifest+json")


def _manifest() -> str:
    icon = f"{PATH}/{_shell().version}/img"
    manifest = {
        "name": "日记 Diary", "short_name": "日记", "id": f"{PATH}/", "start_url": f"{PATH}/",
        "scope": f"{PATH}/", "display": "standalone", "lang": "zh-Hans",
        "background_color": "#f4f7f8", "theme_color": "#0b6b74",
        "icons": [
            {"src": f"{icon}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": f"{icon}/icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": f"{icon}/icon-512.png", "sizes": "512x512", "type": "image/png",
             "purpose": "any maskable"},
        ],
    }  # fmt: skip
    return json.dumps(manifest, ensure_ascii=False)


@blueprint.get("/p/sw.js")
@public
def show_worker() -> Response:
    """Return the service worker with the list of what it keeps; or, switched off, its end."""
    if not _settings().is_phone_offline:
        return _text(_worker_source("sw_off.js"), "text/javascript")
    shell = _shell()
    kept = [f"{PATH}/", f"{PATH}/manifest.webmanifest"]
    kept += [f"{PATH}/{shell.version}/{name}" for name in shell.names]
    source = f"const SHELL = {json.dumps({'version': _edition(), 'files': kept})};\n"
    return _text(source + _worker_source("sw.js"), "text/javascript")


@blueprint.get("/p/state.json")
@public
def show_state() -> Response:
    """Say which worker is current, and whether phones may keep it for use without network."""
    state = {"version": _edition(), "offline": _settings().is_phone_offline}
    response = _text(json.dumps(state), "application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/p/<version>/<path:name>")
@public
def show_file(version: str, name: str) -> Response:
    """Return one file of the current shell; under its hash it never changes."""
    shell = _shell()
    if version != shell.version or name not in shell.files:
        raise NotFound
    kind = KINDS[Path(name).suffix]
    content = shell.files[name]
    is_packed = kind in PACKED and request.accept_encodings.best_match(("gzip",)) == "gzip"
    response = Response(_packed(content) if is_packed else content, mimetype=kind)
    response.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
    return response


@lru_cache(maxsize=256)
def _packed(content: bytes) -> bytes:
    """Press a file together: on a slow network its size is what a participant waits for."""
    return compress(content, mtime=0)


@cache
def _bundle() -> Shell:
    return read_bundle()


def _shell() -> Shell:
    """Return what is served: in development what lies on disk this moment."""
    return _bundle() if _settings().is_phone_bundled else read_modules()


def _page() -> str:
    return render_template("phone/index.html", shell=_shell(), path=PATH, numbers=_numbers())


def _edition() -> str:
    """Return a hash over all that a phone keeps: the page names the shell, and whom to call.

    A new number is so a new worker, which fetches the page anew.
    """
    kept = f"{_page()}\0{_manifest()}"
    return sha256(kept.encode()).hexdigest()[:HASH_LENGTH]


def _settings() -> Settings:
    return trial_parts().settings


def _numbers() -> SiteDefaults:
    """Return the numbers for whoever the app does not know yet: those of the newest study version.

    Her own site's come with her profile. A stand-in for a number is left out: nobody answers it.
    """
    with reading() as session:
        packages = catalogue(session).packages
    numbers = packages[-1].sites if packages else NO_NUMBERS
    known = {name: getattr(numbers, name) for name in ("site_phone", "study_phone")}
    return replace(
        numbers, **{one: "" if said.startswith(STAND_IN) else said for one, said in known.items()}
    )


def _text(text: str, kind: str) -> Response:
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response


def _worker_source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
