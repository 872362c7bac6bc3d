"""Made-up changes put on the journal, as fast as a test needs."""

from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.services import journal
from epro.services.journal import Subject
from tests.clock import START

WRITER = system_actor("writer")


def change(
    session: Session, entity_id: str, *, version: int = 1, entity_type: str = "anchor"
) -> str:
    """Put one version of an entity on record, without the entity; return its change id."""
    made = journal.entry(
        WRITER, "anchor.recorded",
        Subject(entity_type=entity_type, entity_id=entity_id, version=version,
                participant_code="SZ01-001", site_code="SZ01"),
        after={"event": "INF1", "version": version},
        before={"version": version - 1} if version > 1 else None, now=START,
    )  # fmt: skip
    journal.record_all(session, [made])
    return str(made["change_id"])
