"""Study versions are published once, frozen, and in force at a site from a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import ActivationInThePast, AlreadyExists, LicenceExpired, NoActiveStudyVersion
from epro.models import JournalEntry, SiteActivation, StudyVersion
from epro.services import studies
from epro.services.studies import Studies
from questionnaires.definition import Language, StudyPackage, Translated
from questionnaires.licensing import EntryMode, LicenceRecord, LicensedUse
from questionnaires.lint import PackageRefused
from questionnaires.reading import from_canonical_json
from tests.clock import START
from tests.factories import SYSTEM, add_site
from tests.services.given import DIARY, SMALL, story_of
from tests.services.together import at_once

SECOND = replace(SMALL, version="2.0.0")


def publish(session: Session, package: StudyPackage = SMALL) -> StudyVersion:
    return studies.publish(session, SYSTEM, package, now=START)


@pytest.mark.req("Q-01", "V-03")
def test_what_is_published_comes_back_exactly(session: Session) -> None:
    version = publish(session)
    session.expire_all()

    assert from_canonical_json(version.canonical_json) == SMALL
    assert (version.study_code, version.version) == ("SMALL", "1.0.0")
    assert (version.published_by, version.published_at) == ("test", START)


@pytest.mark.req("T-01", "V-03")
def test_publishing_and_activating_are_on_record(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        site, version = add_site(session), publish(session)
        studies.activate(session, SYSTEM, site, version, from_on=date(2026, 3, 1), now=START)

    published, activated = story_of(fresh_database)
    assert published["verb"] == "study_version.published"
    assert published["after"]["sha256"] == version.sha256
    assert (activated["verb"], activated["site"]) == ("study_version.activated", "SZ01")
    assert activated["after"] == {"study": "SMALL", "version": "1.0.0", "from_on": "2026-03-01"}


@pytest.mark.req("Q-01")
def test_publishing_the_same_again_changes_nothing(session: Session) -> None:
    first = publish(session)

    assert publish(session).id == first.id
    assert len(session.scalars(select(StudyVersion)).all()) == 1
    assert len(session.scalars(select(JournalEntry)).all()) == 1


@pytest.mark.req("Q-01", "V-03")
def test_a_version_is_not_published_with_other_content(session: Session) -> None:
    publish(session)

    with pytest.raises(AlreadyExists, match=r"1\.0\.0"):
        publish(session, replace(SMALL, title=Translated("另一个", "Another")))


@pytest.mark.req("Q-01")
def test_a_questionnaire_does_not_change_within_its_version(session: Session) -> None:
    publish(session)
    changed = replace(DIARY, title=Translated("另一个", "Another"))
    second = replace(SECOND, questionnaires=(changed, *SMALL.questionnaires[1:]))

    with pytest.raises(AlreadyExists, match=r"diary 1\.0\.0"):
        publish(session, second)


@pytest.mark.req("Q-01")
def test_a_package_with_faults_is_not_published(session: Session) -> None:
    with pytest.raises(PackageRefused):
        publish(session, replace(SMALL, zone="Asia/Atlantis"))

    assert session.scalars(select(StudyVersion)).all() == []


# --- in force -------------------------------------------------------------------------------------


@pytest.mark.req("S-10", "V-03")
def test_a_version_is_in_force_from_its_day_until_the_next(session: Session) -> None:
    site, first, second = add_site(session), publish(session), publish(session, SECOND)
    for version, from_on in ((second, date(2026, 6, 1)), (first, date(2026, 3, 1))):
        studies.activate(session, SYSTEM, site, version, from_on=from_on, now=START)

    def on(day: date) -> int:
        return studies.version_in_force(session, site, on=day)

    assert on(date(2026, 3, 1)) == on(date(2026, 5, 31)) == first.id
    assert on(date(2026, 6, 1)) == on(date(2030, 1, 1)) == second.id
    with pytest.raises(NoActiveStudyVersion) as caught:
        on(date(2026, 2, 28))
    assert caught.value.details == {"site": "SZ01", "on": "2026-02-28"}


@pytest.mark.req("S-10")
def test_each_site_has_its_own_day(session: Session) -> None:
    one, other, version = add_site(session), add_site(session, "GZ02"), publish(session)
    studies.activate(session, SYSTEM, one, version, from_on=date(2026, 3, 1), now=START)

    with pytest.raises(NoActiveStudyVersion):
        studies.version_in_force(session, other, on=date(2026, 3, 1))


def test_activating_again_changes_nothing_and_another_on_that_day_is_refused(
    session: Session,
) -> None:
    site, first, second = add_site(session), publish(session), publish(session, SECOND)
    on = date(2026, 3, 1)
    studies.activate(session, SYSTEM, site, first, from_on=on, now=START)

    studies.activate(session, SYSTEM, site, first, from_on=on, now=START)
    with pytest.raises(AlreadyExists):
        studies.activate(session, SYSTEM, site, second, from_on=on, now=START)

    assert len(session.scalars(select(SiteActivation)).all()) == 1


@pytest.mark.req("S-10")
def test_a_further_version_takes_effect_from_tomorrow_on(session: Session) -> None:
    site, first, second = add_site(session), publish(session), publish(session, SECOND)
    today = START.astimezone(ZoneInfo(site.zone)).date()
    studies.activate(session, SYSTEM, site, first, from_on=today, now=START)

    for day in (today - timedelta(days=3), today - timedelta(days=1)):
        with pytest.raises(ActivationInThePast):
            studies.activate(session, SYSTEM, site, second, from_on=day, now=START)
    tomorrow = today + timedelta(days=1)
    studies.activate(session, SYSTEM, site, second, from_on=tomorrow, now=START)

    assert studies.version_in_force(session, site, on=today) == first.id
    assert studies.version_in_force(session, site, on=tomorrow) == second.id


# --- licensed instruments -------------------------------------------------------------------------


LICENCE = LicenceRecord(
    holder="Example Garden Society", reference="EGS-17", languages=tuple(Language),
    modes=tuple(EntryMode), valid_until="2026-06-30",
)  # fmt: skip
LICENSED = replace(
    SMALL,
    licensed=(LicensedUse(instrument="garden", licence=LICENCE, questionnaires=("diary",)),),
)
LAST_DAY = datetime(2026, 6, 30, 15, 59, tzinfo=UTC)  # 23:59 where the study is


@pytest.mark.req("Q-02")
def test_an_expired_licence_keeps_a_package_from_being_published(session: Session) -> None:
    with pytest.raises(LicenceExpired, match=r"2026-07-01.*garden \(2026-06-30\)"):
        studies.publish(session, SYSTEM, LICENSED, now=LAST_DAY + timedelta(minutes=1))

    version = studies.publish(session, SYSTEM, LICENSED, now=LAST_DAY)

    assert from_canonical_json(version.canonical_json).licensed == LICENSED.licensed


@pytest.mark.req("Q-02")
def test_a_version_is_not_activated_beyond_its_licences(session: Session) -> None:
    site, version = add_site(session), publish(session, LICENSED)

    with pytest.raises(LicenceExpired) as refused:
        studies.activate(session, SYSTEM, site, version, from_on=date(2026, 7, 1), now=START)
    assert refused.value.details == {"instruments": ["garden"]}

    studies.activate(session, SYSTEM, site, version, from_on=date(2026, 6, 30), now=START)
    assert studies.version_in_force(session, site, on=date(2026, 6, 30)) == version.id


# --- as one process knows them --------------------------------------------------------------------


@pytest.mark.req("Q-01", "V-03")
def test_a_process_learns_what_is_published_while_it_runs(session: Session) -> None:
    known = Studies()
    first = publish(session)
    assert known.catalogue(session).package(first.id) == SMALL

    second = publish(session, SECOND)

    assert known.catalogue(session).package(second.id) == SECOND
    assert known.catalogue(session).package(first.id) == SMALL
    assert known.catalogue(session) is known.catalogue(session)


def test_a_process_forgets_what_was_rolled_back(fresh_database: Database) -> None:
    """SQLite gives the id of a row that never came to be to the next."""
    known = Studies()
    with fresh_database.engine.connect() as connection, Session(connection) as session:
        version = publish(session)
        assert known.catalogue(session).package(version.id) == SMALL
        session.rollback()

    with fresh_database.transaction() as session:
        version = publish(session, SECOND)
    with fresh_database.reading() as session:
        assert known.catalogue(session).package(version.id) == SECOND


def test_a_version_that_commits_after_a_later_one_is_learned_too(fresh_database: Database) -> None:
    if not fresh_database.is_postgresql:
        pytest.skip("writers never overlap on SQLite")
    known = Studies()
    has_written, may_commit = Event(), Event()

    def slowly() -> int:
        with fresh_database.transaction() as session:
            version = publish(session)
            has_written.set()
            assert may_commit.wait(timeout=30)
            return version.id

    def meanwhile() -> int:
        assert has_written.wait(timeout=30)
        with fresh_database.transaction() as session:
            version = publish(session, replace(SMALL, code="OTHER"))
        with fresh_database.reading() as session:
            known.catalogue(session)
        may_commit.set()
        return version.id

    first, second = at_once(slowly, meanwhile)

    with fresh_database.reading() as session:
        assert known.catalogue(session).package(first).code == "SMALL"
        assert known.catalogue(session).package(second).code == "OTHER"


@pytest.mark.req("N-01")
def test_a_text_that_was_published_changes_only_under_a_new_version(session: Session) -> None:
    publish(session)
    first, *rest = SMALL.texts
    changed = replace(first, body=replace(first.body, en="Your diary is open."))

    with pytest.raises(AlreadyExists, match=f"text {first.key} 1"):
        publish(session, replace(SECOND, texts=(changed, *rest)))

    approved = replace(SECOND, texts=(replace(changed, version="2"), *rest))
    assert publish(session, approved).version == "2.0.0"
