"""What the study asks: its editions, and each edition's metadata as JSON or ODM."""

import json
from dataclasses import asdict
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as WerkzeugResponse

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, reading, requires
from epro.api.edc.reading import XML_TYPE, put_on_record, sha256
from epro.api.schemas import QuestionnaireReferenceSchema, TranslatedSchema
from epro.errors import NotFound
from epro.exchange.odm_files import OdmFile
from epro.services import feed_exports, feed_forms
from questionnaires import canonical
from questionnaires.definition import StudyPackage

blueprint = ApiBlueprint(
    "edc study", __name__, url_prefix="/api/edc/v1",
    description="What the study asks, for the clinical database.",
)  # fmt: skip
JSON, ODM = "json", "odm"


class EditionSchema(Schema):
    version = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the frozen package."})
    questionnaires = fields.List(fields.Nested(QuestionnaireReferenceSchema), required=True)


class StudySchema(Schema):
    """The study, and its editions in the order published; each is frozen."""

    code = fields.String(required=True)
    title = fields.Nested(TranslatedSchema, required=True)
    infusion_day_number = fields.Integer(
        required=True, metadata={"description": "What the infusion day is called: D1 or D0."}
    )
    editions = fields.List(fields.Nested(EditionSchema), required=True)


class MetadataQuerySchema(Schema):
    version = fields.String(required=True, validate=validate.Length(min=1, max=32))
    format = fields.String(load_default=JSON, validate=validate.OneOf([JSON, ODM]))


@blueprint.get("/study")
@requires(Permission.READ_FEED)
@blueprint.response(200, StudySchema)
@blueprint.refuses(NotFound)
def read_study() -> dict[str, Any]:
    """Return which editions of the study there are."""
    with reading() as session:
        packages = catalogue(session).packages
    if not packages:
        raise NotFound
    latest = packages[-1]
    put_on_record("study.read", {"editions": [package.version for package in packages]})
    return {
        "code": latest.code, "title": latest.title,
        "infusion_day_number": latest.infusion_day_number,
        "editions": [
            {
                "version": package.version,
                "sha256": canonical.sha256(canonical.to_text(package)),
                "questionnaires": package.questionnaires,
            }
            for package in packages
        ],
    }  # fmt: skip


@blueprint.get("/study/metadata")
@requires(Permission.READ_FEED)
@blueprint.arguments(MetadataQuerySchema, location="query")
@blueprint.response(
    200, {"type": "object"},
    description="The edition's questionnaires and schedule; as ODM, a file of metadata.",
)  # fmt: skip
@blueprint.doc(responses={"200": {"content": {"text/xml": {"schema": {"type": "string"}}}}})
@blueprint.alt_response(304, description="The copy that the client has is this one.")
@blueprint.refuses(NotFound)
def read_metadata(query: dict[str, Any]) -> WerkzeugResponse:
    """Return what one edition asks and when; its content never changes."""
    with reading() as session:
        packages = catalogue(session).packages
    package = next((one for one in packages if one.version == query["version"]), None)
    if package is None:
        raise NotFound
    if query["format"] == ODM:
        response = Response(_as_odm(package), content_type=XML_TYPE)
    else:
        response = Response(_as_json(package), mimetype="application/json")
    digest = sha256(response.get_data())
    put_on_record(
        "metadata.read",
        {"version": package.version, "format": query["format"], "sha256": digest},
    )
    response.set_etag(digest)
    return response.make_conditional(request)


def _as_json(package: StudyPackage) -> str:
    plain = {
        "study": package.code,
        "version": package.version,
        "questionnaires": [asdict(one) for one in package.questionnaires],
        "schedule": asdict(package.schedule),
        "block_titles": [asdict(one) for one in package.block_titles],
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def _as_odm(package: StudyPackage) -> bytes:
    study = feed_forms.metadata_of(package)
    file = OdmFile(
        study, file_oid=f"metadata.{package.version}", file_type="Snapshot",
        as_of=feed_exports.BEGINNING,
    )  # fmt: skip
    return b"".join(file.metadata())
