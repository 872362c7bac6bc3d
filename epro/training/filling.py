"""Fill a training room: its site, invented staff and participants, and what has happened to them.

The people are those of the demonstration. The study is the one in force at the real site, so that
what is practised is what will be done.
"""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from epro.demo.life import Cast
from epro.demo.site import AT_THE_SITE, live
from epro.models import Site
from epro.parts import Parts
from epro.services import studies
from epro.services.practising import INVENTED, NO_MAIL
from epro.services.sites import SiteFacts
from questionnaires.definition import StudyPackage

# No telephone network has this country code.
PHONES, STAFF_PHONES = "+99900000", "+99900001"


def study_at(trial: Parts, site: Site, *, now: datetime) -> StudyPackage:
    """Return the study as it is in force at a real site today. Raises NoActiveStudyVersion."""
    today = now.astimezone(ZoneInfo(site.zone)).date()
    with trial.database.reading() as session:
        version_id = studies.version_in_force(session, site, on=today)
        return trial.studies.catalogue(session).package(version_id)


def fill(
    room: Parts,
    code: str,
    site: Site,
    package: StudyPackage,
    *,
    only: Collection[int] | None = None,
) -> None:
    """Have invented people live in an empty room up to now, all of them or `only` some.

    `code` is what the site is called inside.
    """
    cast = Cast(
        site=SiteFacts(
            code=code,
            name_zh=f"【培训】{site.name_zh}",
            name_en=f"TRAINING: {site.name_en}",
            zone=site.zone,
            # Whoever practises must not ring a ward by mistake.
            phone="000-0000",
            phone_24h="000-0000",
        ),
        staff=AT_THE_SITE,
        prefix=INVENTED,
        phones=PHONES,
        staff_phones=STAFF_PHONES,
        mail=NO_MAIL,
        is_training=True,
    )
    live(room, package, cast, only=only, echo=lambda _line: None)
