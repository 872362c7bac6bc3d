"""Pieces of the wire that several resources share."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate

# A day short of what Python can hold, so that no change of zone leads beyond it.
EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


class Instant(fields.AwareDateTime):
    """ISO 8601 with its offset, and still an instant in every zone."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        instant: datetime = super()._deserialize(value, attr, data, **kwargs)
        if not EARLIEST <= instant <= LATEST:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return instant


class TranslatedSchema(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class QuestionnaireReferenceSchema(Schema):
    """One published edition of a questionnaire."""

    code = fields.String(required=True, validate=validate.Length(max=64))
    version = fields.String(required=True, validate=validate.Length(max=32))
