"""What the views of the clinical database share: what they may see, and putting it on record."""

import hashlib
from collections.abc import Mapping

from epro.api.context import current_actor, now, transaction
from epro.services import feed
from epro.services.feed_items import Choice, FeedType

XML_TYPE = "text/xml; charset=utf-8"


def choice_of(types: list[FeedType] | None) -> Choice:
    """Return what this request asks for, within what its token may see."""
    return Choice(None if types is None else frozenset(types), current_actor().scopes)


def put_on_record(verb: str, what: Mapping[str, object]) -> None:
    """Record what is about to leave: who, what, how much, and the hash of it."""
    with transaction() as session:
        feed.record_pull(session, current_actor(), verb, dict(what), now=now())


def sha256(text: str | bytes) -> str:
    """Return the SHA-256 of what leaves, as hex digits."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def etag_of(version: int) -> str:
    """Return the ETag of a state of an entity, without its quotes."""
    return f"v{version}"
