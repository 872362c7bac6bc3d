"""The real web server, in which answers hesitate before they are committed, and some fail.

    python -m tests.faults.server PORT [--naive]

One answer in ten is abandoned before its commit, one in twenty loses its reply after it. `--naive`
gives places in the order of ids, to whatever is committed by then: what a feed does that remembers
the last id it has seen. That is the negative control.
"""

import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

from flask import has_request_context, request
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from epro.models import JournalEntry, JournalLink
from epro.services import journal
from epro.serving import PROCESSES_ON_POSTGRESQL, WebServer
from epro.settings import Settings

ANSWERS = "/api/v1/me/responses/"
ABANDONED, UNHEARD = 0.10, 0.05


class Mishap(Exception):
    """The server breaks off in the middle of a request."""


class ClumsyServer(WebServer):
    """Serves the product as it is; what is clumsy happens around the commits of answers."""

    def load(self) -> Callable[..., Any]:
        chance = Random()
        # On SQLite everybody waits for whoever hesitates.
        longest_s = 0.01 if self._settings.database_url.startswith("sqlite") else 0.2

        @event.listens_for(Session, "before_commit")
        def hesitate(_session: Session) -> None:
            if _is_an_answer():
                time.sleep(chance.uniform(0, longest_s))
                if chance.random() < ABANDONED:
                    raise Mishap("abandoned")

        @event.listens_for(Session, "after_commit")
        def lose_the_reply(_session: Session) -> None:
            if _is_an_answer() and chance.random() < UNHEARD:
                raise Mishap("unheard")

        return super().load()


def _is_an_answer() -> bool:
    return has_request_context() and request.method == "PUT" and request.path.startswith(ANSWERS)


def sequence_by_id(session: Session) -> int:
    """Link what is there behind the last id; whatever commits later with a lower one is lost."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(journal.SEQUENCER_LOCK)))
    last = session.scalars(select(JournalLink).order_by(JournalLink.seq.desc()).limit(1)).first()
    seq, prev, last_id = (
        (last.seq, last.hash, last.entry_id) if last else (0, journal.FIRST_HASH, 0)
    )
    rows = session.execute(
        select(JournalEntry.id, JournalEntry.body)
        .where(JournalEntry.id > last_id)
        .order_by(JournalEntry.id)
    ).all()
    for entry_id, body in rows:
        seq += 1
        digest = journal.link_hash(prev, seq, body)
        row = {"seq": seq, "entry_id": entry_id, "prev_hash": prev, "hash": digest}
        session.execute(insert(JournalLink).values(row))
        prev = digest
    return len(rows)


def main(arguments: list[str]) -> int:
    if "--naive" in arguments:
        journal.sequence = sequence_by_id
    settings = Settings.from_env()
    is_sqlite = settings.database_url.startswith("sqlite")
    ClumsyServer(
        settings, host="127.0.0.1", port=int(arguments[0]),
        processes=1 if is_sqlite else PROCESSES_ON_POSTGRESQL,
    ).run()  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
