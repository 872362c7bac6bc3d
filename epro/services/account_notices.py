"""What the owner of a staff account is told when somebody else has changed her way in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import NoActiveStudyVersion
from epro.models import Site, SiteMembership, User
from epro.services import escalation, signing_in, studies
from notifications import outbox
from notifications.messages import ChannelName
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.escalating import text_key
from questionnaires.tiers import Channel

RENEWED, SET_UP = "account_renewed", "account_set_up"
CONTACT_CHANGED, WAY_IN_CHANGED = "account_contact_changed", "account_way_in_changed"
WAYS = (Channel.EMAIL, Channel.SMS)


def tell_renewed(
    session: Session, actor: Actor, owner: User, *, catalogue: Catalogue, now: datetime
) -> Sequence[str]:
    """Tell the owner of an account who set it back and when; return the ways it goes.

    It says whom to call if she did not ask for it, and nothing that would let anybody in. Days and
    words are those of the first of her sites by code. A study version without such a text has no
    way: then whoever hands her the code has to tell her.
    """
    by = signing_in.user_of(session, actor).full_name
    return _tell(session, owner, RENEWED, {"who": by}, catalogue=catalogue, now=now)


def tell_set_up(
    session: Session, owner: User, *, catalogue: Catalogue, now: datetime
) -> Sequence[str]:
    """Tell the owner of an account that somebody has set it up with the code, as `tell_renewed`.

    Whoever got hold of her code has a way in, and would be the only one to know.
    """
    return _tell(session, owner, SET_UP, {}, catalogue=catalogue, now=now)


def tell_way_in_changed(
    session: Session, owner: User, *, catalogue: Catalogue, now: datetime
) -> Sequence[str]:
    """Tell the owner that her password or authenticator is another now, as `tell_renewed`."""
    return _tell(session, owner, WAY_IN_CHANGED, {}, catalogue=catalogue, now=now)


def tell_contact_changed(
    session: Session, actor: Actor, owner: User, *, catalogue: Catalogue, now: datetime
) -> Sequence[str]:
    """Tell the owner that somebody has changed her number or mailbox, as `tell_renewed`.

    It goes the ways that stand now: to the new one, which shows that it is hers, and to the other.
    """
    by = signing_in.user_of(session, actor).full_name
    return _tell(session, owner, CONTACT_CHANGED, {"who": by}, catalogue=catalogue, now=now)


def _tell(
    session: Session,
    owner: User,
    purpose: str,
    params: Mapping[str, str],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Sequence[str]:
    site = _site_of(session, owner)
    if site is None:
        return ()
    local = now.astimezone(ZoneInfo(site.zone))
    try:
        version_id = studies.version_in_force(session, site, on=local.date())
    except NoActiveStudyVersion:
        return ()
    package = catalogue.package(version_id)
    ways = [
        way
        for way in WAYS
        if package.text(text_key(purpose, way)) is not None
        and (way is Channel.EMAIL or owner.phone_sealed is not None)
    ]
    for way in ways:
        outbox.enqueue(
            session,
            NewMessage(
                purpose=purpose, is_vital=True, channel=ChannelName(way),
                template=text_key(purpose, way), template_version=str(version_id),
                language=escalation.site_language(package), recipient_ref=f"user:{owner.id}",
                about=f"account:{owner.id}",
                params={**params, "time": f"{local:%Y-%m-%d %H:%M}", "call": site.phone},
            ),
            now=now,
        )  # fmt: skip
    return [way.value for way in ways]


def _site_of(session: Session, owner: User) -> Site | None:
    """Return the first of her sites; of an account of the whole study, the first of all."""
    hers = session.scalars(
        select(Site)
        .join(SiteMembership, SiteMembership.site_id == Site.id)
        .where(SiteMembership.user_id == owner.id)
        .order_by(Site.code)
    ).first()
    return hers or session.scalars(select(Site).order_by(Site.code)).first()
