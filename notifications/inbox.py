"""The development inbox: a provider that keeps messages in a table, to be read on a page."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from notifications.channels import Absent, Accepted, CannotTell, Found, Match, Outgoing
from notifications.messages import ChannelName, DevelopmentMessage

logger = logging.getLogger(__name__)


class InboxChannel:
    """Stands in for one channel on a machine that has no provider."""

    def __init__(
        self, database: Database, name: ChannelName, *, wall_now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._name = name
        self._wall_now = wall_now

    def send(self, outgoing: Outgoing) -> Accepted:
        """Keep the message; the same one twice is kept twice, as on a phone."""
        with self._database.transaction() as session:
            row = DevelopmentMessage(
                message_id=outgoing.message_id,
                channel=self._name,
                address=outgoing.address,
                language=outgoing.language,
                subject=outgoing.subject,
                body=outgoing.body,
                received_at=self._wall_now(),
            )
            session.add(row)
            session.flush()
            provider_id = _provider_id(row)
        logger.info("Message %s is in the development inbox.", outgoing.message_id)
        return Accepted(provider_id)

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Look by the message's own id, which is better than any real provider can."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(DevelopmentMessage).where(
                    DevelopmentMessage.message_id == outgoing.message_id,
                    DevelopmentMessage.received_at >= since,
                )
            ).all()
        return Found(tuple(Match(_provider_id(row)) for row in rows)) if rows else Absent()


def newest(session: Session, *, limit: int) -> Sequence[DevelopmentMessage]:
    """Return what the inbox holds, newest first."""
    return session.scalars(
        select(DevelopmentMessage).order_by(DevelopmentMessage.id.desc()).limit(limit)
    ).all()


def _provider_id(row: DevelopmentMessage) -> str:
    return f"inbox-{row.id}"
