"""How far into the journal somebody sees: what a record tells is asked for as the record itself is.

Whoever may not read flags and adverse events does not read them in the audit trail either (B-04).
"""

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import JournalEntry
from epro.services import sites

# What tells nothing of events: to be read by everybody who may read the journal. A kind that is not
# named here tells of them until somebody has decided that it does not.
PLAIN = frozenset(
    {
        "activation_code", "anchor", "anchor_query", "assessment", "audit_review", "consent",
        "correction",
        "delegation", "device_session", "drill", "edc_client", "edc_epoch", "field_keys", "opt_out",
        "data_review", "deputy", "participant", "participant_identity", "quarantine",
        "record_lock", "reminder", "response", "retention", "roster",
        "site", "site_activation", "site_archive", "sponsor_contact", "study", "study_version",
        "trusted_phone", "user",
    }
)  # fmt: skip
# Registers with a permission of their own: whoever keeps or reads one reads how it came about. Of
# events an entry about a breach tells no more than the register does.
REGISTERS = {
    Permission.READ_CODE_BREAK: frozenset({"code_break"}),
    Permission.READ_DATA_INCIDENT: frozenset({"data_incident"}),
}
OF_REGISTERS = frozenset[str]().union(*REGISTERS.values())


def reach_of(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Return what holds for the entries that the actor may read."""
    kind = JournalEntry.entity_type
    return or_(
        _at(session, actor, Permission.READ_JOURNAL, kind.in_(PLAIN)),
        *(_at(session, actor, needed, kind.in_(kinds)) for needed, kinds in REGISTERS.items()),
        _at(session, actor, Permission.READ_FLAG, kind.not_in(PLAIN | OF_REGISTERS)),
    )


def _at(
    session: Session, actor: Actor, permission: Permission, is_kind: ColumnElement[bool]
) -> ColumnElement[bool]:
    codes = sites.codes_for(session, actor, permission)
    return is_kind if codes is None else and_(is_kind, JournalEntry.site_code.in_(codes))
