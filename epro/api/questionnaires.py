"""Published questionnaires, exactly as they were frozen."""

import json
from dataclasses import asdict

from flask import Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, reading, requires
from epro.errors import NotFound
from questionnaires import canonical

blueprint = ApiBlueprint(
    "questionnaires", __name__, url_prefix="/api/v1", description="What is asked."
)


@blueprint.get("/questionnaires/<slug:code>/<slug:version>")
@requires(Permission.READ_QUESTIONNAIRE)
@blueprint.response(200, {"type": "object"}, description="The frozen definition.")
@blueprint.alt_response(304, description="The copy that the client has is this one.")
@blueprint.refuses(NotFound)
def read_questionnaire(code: str, version: str) -> WerkzeugResponse:
    """Return one published edition of a questionnaire; its content never changes."""
    with reading() as session:
        try:
            questionnaire = catalogue(session).questionnaire(code, version)
        except LookupError as error:
            raise NotFound from error
    response = Response(
        json.dumps(asdict(questionnaire), ensure_ascii=False), mimetype="application/json"
    )
    response.set_etag(canonical.sha256(canonical.to_text(questionnaire)))
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
