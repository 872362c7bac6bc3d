"""A participant's assessments, as the site sees them."""

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.api.me import DiarySchema
from epro.errors import NoActiveStudyVersion, NotFound
from epro.services import diary, enrolment
from epro.services.diary import Diary

blueprint = ApiBlueprint(
    "assessments", __name__, url_prefix="/api/v1", description="What is due, and how it stands."
)


@blueprint.get("/participants/<code:code>/assessments")
@requires(Permission.READ_PARTICIPANT)
@blueprint.response(200, DiarySchema)
@blueprint.refuses(NotFound, NoActiveStudyVersion)
def list_assessments(code: str) -> Diary:
    """List what stands for a participant, in order of opening."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_PARTICIPANT
        )
        return diary.diary_of(session, participant, catalogue=catalogue(session), now=now())
