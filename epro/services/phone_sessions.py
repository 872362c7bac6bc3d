"""Who is behind a participant's access token: asked with every request of her phone."""

from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from epro.access import TRUSTED_PHONE_MAY, Actor, ActorKind, Grant, Role
from epro.db import table_of
from epro.errors import SessionRevoked
from epro.kept import KeptStatement
from epro.models import DeviceSession, Participant

_DEVICE, _PARTICIPANT = table_of(DeviceSession), table_of(Participant)
WHOSE_PHONE = KeptStatement(
    select(
        _DEVICE.c.participant_id, _DEVICE.c.revoked_at, _DEVICE.c.trusted_phone_id,
        _PARTICIPANT.c.code, _PARTICIPANT.c.site_id,
    )
    .select_from(_DEVICE.join(_PARTICIPANT, _PARTICIPANT.c.id == _DEVICE.c.participant_id))
    .where(_DEVICE.c.id == bindparam("device_session_id"))
)  # fmt: skip


def participant_on(
    connection: Connection, person_id: UUID, device_session_id: UUID, *, client: str
) -> Actor | None:
    """Return the participant whose session it is, as `sessions.actor_of` does; else None.

    None says only that it is not hers: it may be a user's. Raises SessionRevoked once it was ended.
    """
    found = WHOSE_PHONE.rows(connection, {"device_session_id": device_session_id})
    if not found or found[0].participant_id != person_id:
        return None
    phone = found[0]
    if phone.revoked_at is not None:
        raise SessionRevoked
    return Actor(
        kind=ActorKind.PARTICIPANT, id=person_id, name=phone.code,
        grants=(Grant(Role.PARTICIPANT, phone.site_id),),
        device_session_id=device_session_id, client=client,
        only=TRUSTED_PHONE_MAY if phone.trusted_phone_id else None,
    )  # fmt: skip
