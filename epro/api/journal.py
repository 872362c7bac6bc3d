"""The audit trail of one entity or one participant, in order and in words."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, requires, sequenced_reading
from epro.services import journal, journal_reach, journal_words
from epro.services.journal_reading import JournalReader
from questionnaires.definition import Language

blueprint = ApiBlueprint(
    "journal", __name__, url_prefix="/api/v1", description="Who did what to what, when and why."
)
MAX_PAGE = 200


class HistoryQuerySchema(Schema):
    entity_type = fields.String(validate=validate.Length(min=1, max=64), load_default=None)
    entity_id = fields.String(validate=validate.Length(min=1, max=128), load_default=None)
    participant = fields.String(validate=validate.Length(min=1, max=32), load_default=None)
    language = fields.Enum(Language, by_value=True, load_default=Language.ZH)
    after = fields.Integer(
        load_default=0, validate=validate.Range(min=0, max=2**62),
        metadata={"description": "Continue after this number of the journal."},
    )  # fmt: skip
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))

    @validates_schema(skip_on_field_errors=True)
    def _names_something(self, query: dict[str, Any], **_kwargs: Any) -> None:
        if (query.get("entity_type") is None) != (query.get("entity_id") is None):
            raise ValidationError("entity_type and entity_id go together.", "entity_id")
        if query.get("entity_id") is None and query.get("participant") is None:
            raise ValidationError("Name an entity (entity_type, entity_id) or a participant.")


class ChangeSchema(Schema):
    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class HistoryEntrySchema(Schema):
    seq = fields.Integer(required=True)
    hash = fields.String(required=True)
    words = fields.String(required=True)
    verb = fields.String(required=True)
    entity_type = fields.String(required=True)
    entity_id = fields.String(required=True)
    version = fields.Integer(required=True)
    actor = fields.String(required=True)
    role = fields.String(required=True)
    occurred_at = fields.String(required=True)
    recorded_at = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    after = fields.Raw(required=True)


class HistorySchema(Schema):
    items = fields.List(fields.Nested(HistoryEntrySchema), required=True)
    has_more = fields.Boolean(required=True)
    next_after = fields.Integer(required=True)


@blueprint.get("/journal")
@requires(Permission.READ_JOURNAL)
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, HistorySchema)
def read_history(query: dict[str, Any]) -> dict[str, Any]:
    """Tell what happened to one entity, or to everything about one participant, in order.

    Only of kinds of record that the reader may read as such: who reads no flags and adverse events
    does not find them here.
    """
    with sequenced_reading() as session:
        linked = journal.history_of(
            session,
            entity_type=query["entity_type"],
            entity_id=query["entity_id"],
            participant_code=query["participant"],
            within=journal_reach.reach_of(session, current_actor()),
            after_seq=query["after"],
            limit=query["limit"] + 1,
        )
        reader = JournalReader(language=query["language"], catalogue=catalogue(session))
    page = linked[: query["limit"]]
    return {
        "items": [_in_words(entry, reader) for entry in page],
        "has_more": len(linked) > len(page),
        "next_after": page[-1].seq if page else query["after"],
    }


def _in_words(entry: journal.LinkedEntry, reader: JournalReader) -> dict[str, Any]:
    content = entry.content
    return {
        **{name: content[name] for name in (
            "verb", "entity_type", "entity_id", "version", "occurred_at", "recorded_at", "reason",
            "after",
        )},
        "seq": entry.seq,
        "hash": entry.hash,
        "words": reader.sentence(content),
        "actor": content["actor"]["name"],
        "role": content["actor"]["role"],
        "changes": journal_words.changes(content),
    }  # fmt: skip
