"""What a consent looks like in the API: as it is signed, as it stands, as it is to be signed."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from epro.api.schemas import Instant
from epro.services.enrolment_form import GivenConsent
from questionnaires.definition import ConsentKind


def _text(max_length: int) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=max_length))


class GivenConsentSchema(Schema):
    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    document_version = _text(64)
    given_at = Instant(required=True)
    explained_by = _text(100)
    paper_location = _text(200)

    @post_load
    def _as_consent(self, given: dict[str, Any], **_kwargs: Any) -> GivenConsent:
        return GivenConsent(**given)


class ConsentSchema(Schema):
    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    document_version = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    superseded_at = fields.AwareDateTime(
        required=True, allow_none=True,
        metadata={"description": "When she signed another edition in its place."},
    )  # fmt: skip
    explained_by = fields.String(required=True)
    paper_location = fields.String(required=True)


class ConsentToSignSchema(Schema):
    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    document_version = fields.String(required=True)
