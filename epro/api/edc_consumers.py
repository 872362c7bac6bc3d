"""How far the clinical database has come, for those who watch over it."""

from typing import Any

from marshmallow import Schema, fields

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import now, reading, requires
from epro.services import feed_watch

blueprint = ApiBlueprint(
    "edc consumers", __name__, url_prefix="/api/v1", description="Who imports, and how far."
)


class ConsumerStateSchema(Schema):
    """`is_behind`: a change waits for it longer than a day."""

    client = fields.String(required=True)
    consumer = fields.String(required=True)
    seq = fields.Integer(required=True)
    acknowledged_at = fields.AwareDateTime(required=True)
    is_behind = fields.Boolean(required=True)


class ConsumerStatesSchema(Schema):
    items = fields.List(fields.Nested(ConsumerStateSchema), required=True)


@blueprint.get("/edc-consumers")
@requires(Permission.WATCH_FEED)
@blueprint.response(200, ConsumerStatesSchema)
def list_edc_consumers() -> dict[str, Any]:
    """List the importers and how far each says it has stored the feed."""
    with reading() as session:
        return {
            "items": [
                {
                    "client": client.name, "consumer": consumer.name, "seq": consumer.seq,
                    "acknowledged_at": consumer.acknowledged_at,
                    "is_behind": feed_watch.is_behind(session, consumer, now=now()),
                }
                for consumer, client in feed_watch.consumers(session)
            ]
        }  # fmt: skip
