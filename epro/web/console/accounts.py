"""Staff accounts: opened, given roles, renewed by a sheet with a code, and closed."""

from collections.abc import Callable
from functools import partial

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import STAFF_ROLES, Permission, Role
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    parts,
    reading,
    transaction,
    wall_now,
)
from epro.errors import DomainError
from epro.models import Site
from epro.services import accounts, contact_data, participant_list
from epro.services.accounts import Account, IssuedSetupCode, NewAccount, Signed
from epro.services.contact_data import NewAddresses
from epro.web.console import typed
from epro.web.console.asked import asked_for
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from epro.web.console.sheet import in_halves

blueprint = new_blueprint("accounts")

ROLES = [role for role in Role if role in STAFF_ROLES]
EVERYWHERE = "*"
ORDERS: dict[str, Callable[[Account], str]] = {
    "person": lambda one: one.user.full_name,
    "username": lambda one: one.user.username,
    "since": lambda one: one.user.created_at.isoformat(),
}


@blueprint.get("/accounts")
@page(Permission.KEEP_ACCOUNTS)
def show_list() -> ResponseReturnValue:
    """Show the accounts at one's sites."""
    role, site = asked_for("role", Role), request.args.get("site", "")
    words = request.args.get("find", "").strip().casefold()
    with reading() as session:
        found = accounts.list_all(session, current_actor())
        hers = _sites(session)
    kept = [
        one
        for one in found
        if (role is None or any(row.role is role for row, _ in one.roles))
        and (not site or any(code in {site, None} for _, code in one.roles))
        and (not words or words in f"{one.user.full_name} {one.user.username}".casefold())
    ]
    lines, order = ordered(kept, ORDERS)
    return render_framed(
        "accounts.html", here="accounts", found=lines, order=order, sites=hers, roles=ROLES,
        is_filtered=bool(role or site or words),
    )  # fmt: skip


@blueprint.get("/accounts/new")
@page(Permission.KEEP_ACCOUNTS)
def ask() -> ResponseReturnValue:
    """Ask for what is needed to open an account."""
    return _form()


@blueprint.post("/accounts/new")
@page(Permission.KEEP_ACCOUNTS)
def open_account() -> ResponseReturnValue:
    """Open an account, and show the sheet for its owner."""

    def act(session: Session) -> IssuedSetupCode:
        new = NewAccount(
            username=typed.needed_line("username"), full_name=typed.needed_line("full_name"),
            email=typed.needed_line("email"), phone=typed.line("phone").replace(" ", "") or None,
            roles=typed.ticked("roles", Role), site=_site(),
        )  # fmt: skip
        return accounts.open_account(
            session, current_actor(), new, proof=typed.proof(), keyring=keyring(), now=now()
        )

    return _sheet(act, form="open", show=_form)


@blueprint.get("/accounts/<username>")
@page(Permission.KEEP_ACCOUNTS)
def show(username: str) -> ResponseReturnValue:
    """Show one account, and what can be done to it."""
    return _account(username)


@blueprint.post("/accounts/<username>/roles")
@page(Permission.KEEP_ACCOUNTS)
def give_role(username: str) -> ResponseReturnValue:
    """Give a further role at a site."""

    def act(session: Session) -> None:
        accounts.give_role(
            session, current_actor(), username, typed.chosen("role", Role), site=_site(),
            signed=_signed(), keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt("role", act, show=partial(_account, username), to=_own(username))


@blueprint.post("/accounts/<username>/roles/end")
@page(Permission.KEEP_ACCOUNTS)
def end_role(username: str) -> ResponseReturnValue:
    """Take a role away."""
    form = f"end-{typed.line('role')}-{typed.line('site')}"

    def act(session: Session) -> None:
        accounts.end_role(
            session, current_actor(), username, typed.chosen("role", Role), site=_site(),
            signed=_signed(), catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt(form, act, show=partial(_account, username), to=_own(username))


@blueprint.post("/accounts/<username>/code")
@page(Permission.KEEP_ACCOUNTS)
def renew(username: str) -> ResponseReturnValue:
    """Void the way in of somebody who cannot use it any more, and show the sheet for a new one."""

    def act(session: Session) -> IssuedSetupCode:
        return accounts.renew(
            session, current_actor(), username, signed=_signed(), catalogue=catalogue(session),
            keyring=keyring(), now=now(), wall_now=wall_now(),
        )  # fmt: skip

    return _sheet(act, form="renew", show=partial(_account, username))


@blueprint.post("/accounts/<username>/addresses")
@page(Permission.KEEP_ACCOUNTS)
def change_addresses(username: str) -> ResponseReturnValue:
    """Change where somebody is alerted; what is left empty stays."""

    def act(session: Session) -> None:
        new = NewAddresses(
            phone=typed.line("phone").replace(" ", "") or None, email=typed.line("email") or None,
            removes_phone=bool(typed.line("removes_phone")),
        )  # fmt: skip
        contact_data.change_addresses(
            session, current_actor(), username, new, signed=_signed(), catalogue=catalogue(session),
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt("addresses", act, show=partial(_account, username), to=_own(username))


@blueprint.post("/accounts/<username>/closure")
@page(Permission.KEEP_ACCOUNTS)
def close(username: str) -> ResponseReturnValue:
    """Close an account for good."""

    def act(session: Session) -> None:
        accounts.close(
            session, current_actor(), username, signed=_signed(), catalogue=catalogue(session),
            keyring=keyring(), now=now(), wall_now=wall_now(),
        )  # fmt: skip

    return typed.attempt("close", act, show=partial(_account, username), to=_own(username))


def _form(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    with reading() as session:
        hers = _sites(session)
    return render_framed(
        "account_new.html", status=status, here="accounts", refused=refused, sites=hers,
        is_everywhere=_is_everywhere(), roles=ROLES,
    )  # fmt: skip


def _account(
    username: str, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        account = accounts.get(session, actor, username)
        hers = _sites(session)
    reached = {site.id for site in hers} | ({None} if _is_everywhere() else set())
    return render_framed(
        "account.html", status=status, here="accounts", refused=refused, account=account,
        user=account.user, sites=hers, is_everywhere=_is_everywhere(), roles=ROLES,
        reached=reached, is_own=account.user.id == actor.id, zone=hers[0].zone if hers else "UTC",
    )  # fmt: skip


def _sheet(
    issue: Callable[[Session], IssuedSetupCode],
    *,
    form: str,
    show: Callable[..., ResponseReturnValue],
) -> ResponseReturnValue:
    """Issue a code and show it this once; or why there is none."""
    try:
        with transaction() as session:
            issued = issue(session)
            hers = _sites(session)
    except DomainError as refusal:
        return show(status=refusal.status, refused=typed.refused(form, refusal))
    base = parts().settings.public_url.rstrip("/")
    return render_framed(
        "setup_sheet.html", here="accounts", issued=issued, user=issued.user,
        code=in_halves(issued.setup_code), zone=hers[0].zone if hers else "UTC",
        address=f"{base}{url_for('console_setting_up.ask')}",
    )  # fmt: skip


def _signed() -> Signed:
    return Signed(reason=typed.text("reason"), proof=typed.proof())


def _site() -> str | None:
    """Return the code of the site that was chosen; None for all of them."""
    asked = typed.needed_line("site")
    return None if asked == EVERYWHERE else asked


def _sites(session: Session) -> list[Site]:
    site_ids = current_actor().sites_for(Permission.KEEP_ACCOUNTS)
    return list(participant_list.sites_of(session, site_ids))


def _is_everywhere() -> bool:
    return current_actor().sites_for(Permission.KEEP_ACCOUNTS) is None


def _own(username: str) -> str:
    return url_for("console_accounts.show", username=username)
