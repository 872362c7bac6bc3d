"""The assessor's room: one form, at the visit, and nothing that could unmask."""

from datetime import timedelta
from uuid import UUID

import pytest
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import (
    Assessment,
    Correction,
    CorrectionSource,
    Participant,
    QuestionnaireResponse,
    RecordLock,
    User,
)
from questionnaires.schedule import AnsweredBy
from tests.api.world import API, EVENING, PARTICIPANT, World
from tests.factories import add_user, shipped_package
from tests.web.cases_participants import somebody
from tests.web.pages import CONSOLE, links_of, send, text_of

FORM = shipped_package().questionnaire("sledai_2k")
assert FORM
PRESENT = ("arthritis", "rash")
FILLED = {
    **{
        f"a-{one.link_id}": "present" if one.link_id in PRESENT else "absent"
        for one in FORM.items
        if one.codes == ("present", "absent", "not-assessed")
    },
    "a-assessed_on": "2026-03-03", "a-rescue_therapy": "no", "a-steroid_per_day": "7,5",
}  # fmt: skip


def visit(world: World) -> str:
    """Plan somebody's infusion visit; return the path of the rating that is due for it."""
    code = somebody(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    send(
        browser, f"/participants/{code}/anchors", event="INF1_PLANNED",
        occurred_at="2026-03-04T10:00",
    )  # fmt: skip
    world.clock.set(EVENING + timedelta(days=1))
    with world.database.reading() as session:
        query = (
            select(Assessment.id)
            .join(Participant, Participant.id == Assessment.participant_id)
            .where(Participant.code == code, Assessment.answered_by == AnsweredBy.OUTCOMES_ASSESSOR)
        )
        return f"/ratings/{session.scalars(query).all()[0]}"


def rate(world: World) -> TestResponse:
    path = visit(world)
    answer = send(world.sign_in_to_console(Role.OUTCOMES_ASSESSOR), path, **FILLED)
    world.clock.set(EVENING)
    return answer


@pytest.mark.req("P-06")
def test_an_assessor_rates_at_the_visit_and_the_total_is_worked_out(world: World) -> None:
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)

    listed = browser.get(f"{CONSOLE}/ratings")
    missing = send(browser, path, **(FILLED | {"a-seizure": ""}))
    stored = send(browser, path, **FILLED)
    shown = browser.get(f"{CONSOLE}{path}")
    again = send(browser, path, **(FILLED | {"a-seizure": "present"}))
    world.clock.set(EVENING)

    assert path in listed.text
    assert missing.status_code == 422
    marked = html.fromstring(missing.text).xpath("//fieldset[@aria-invalid]/legend/text()")
    assert [one for one in marked if "癫痫" in one]
    assert stored.status_code == 303
    assert "总分: 6" in text_of(shown)
    assert again.status_code == 409
    with world.database.reading() as session:
        kept = session.scalars(
            select(QuestionnaireResponse)
            .join(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
            .where(Assessment.answered_by == AnsweredBy.OUTCOMES_ASSESSOR)
        ).all()
        assert kept
        assert all(one.counts for one in kept)


@pytest.mark.req("P-06", "S-02")
def test_a_rating_counts_only_within_its_window(world: World) -> None:
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    with world.database.reading() as session:
        row = session.get_one(Assessment, UUID(path.rpartition("/")[2]))
        opens_at, late_until = row.opens_at, row.late_until

    world.clock.set(opens_at - timedelta(seconds=1))
    early = send(browser, path, **FILLED)
    world.clock.set(late_until)
    late = send(browser, path, **FILLED)
    world.clock.set(late_until - timedelta(seconds=1))
    in_time = send(browser, path, **FILLED)
    world.clock.set(late_until + timedelta(hours=1))
    the_same_again = send(browser, path, **FILLED)
    world.clock.set(EVENING)

    assert [early.status_code, late.status_code] == [409, 409]
    assert "现在不能评定" in late.text
    assert [in_time.status_code, the_same_again.status_code] == [303, 303]


@pytest.mark.req("T-08")
def test_nothing_is_rated_into_a_locked_record(world: World) -> None:
    path = visit(world)
    with world.database.transaction() as session:
        row = session.get_one(Assessment, UUID(path.rpartition("/")[2]))
        who = session.get_one(Participant, row.participant_id)
        session.add(
            RecordLock(
                participant_id=who.id, site_id=who.site_id, locked_at=world.clock(),
                locked_by_id=session.scalars(select(User.id)).first(),
            )
        )  # fmt: skip

    refused = send(world.sign_in_to_console(Role.OUTCOMES_ASSESSOR), path, **FILLED)
    world.clock.set(EVENING)

    assert refused.status_code == 409
    assert "已锁定" in refused.text


def correct(world: World) -> TestResponse:
    """Rate somebody, and put the rating right."""
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    send(browser, path, **FILLED)
    answer = send(browser, f"{path}/correction", **put_right())
    world.clock.set(EVENING)
    return answer


def put_right(**but: str) -> dict[str, str]:
    """Return what is typed to put a rating right: no rash after all."""
    return FILLED | {"a-rash": "absent", "revision": "1", "reason": "看错了行"} | but


@pytest.mark.req("P-06", "T-06")
def test_a_rating_is_put_right_by_who_entered_it_and_the_first_one_stays(world: World) -> None:
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    send(browser, path, **FILLED)
    with world.database.transaction() as session:
        add_user(session, "second.rater", roles=[Role.OUTCOMES_ASSESSOR], keyring=world.keyring)
    other = world.sign_in_to_console("second.rater")

    offered = browser.get(f"{CONSOLE}{path}")
    not_hers = other.get(f"{CONSOLE}{path}")
    by_another = send(other, f"{path}/correction", **put_right())
    done = send(browser, f"{path}/correction", **put_right())
    shown = browser.get(f"{CONSOLE}{path}")
    outdated = send(browser, f"{path}/correction", **put_right(**{"a-rash": "present"}))
    world.clock.set(EVENING)

    form = html.fromstring(offered.text).forms[-1]
    assert form.fields["a-arthritis"] == "present"  # as it was rated
    assert not html.fromstring(not_hers.text).xpath("//form[contains(@action, 'correction')]")
    assert (by_another.status_code, done.status_code, outdated.status_code) == (403, 303, 409)
    assert "总分: 4" in text_of(shown)
    assert "第 1 版" in text_of(shown)
    assert "总分: 6" in text_of(shown)
    assert "看错了行" in text_of(shown)
    with world.database.reading() as session:
        corrected = session.scalars(
            select(Correction).where(Correction.source == CorrectionSource.RATER)
        ).all()
        assert [one.applied_revision for one in corrected][-1:] == [2]


@pytest.mark.parametrize(
    ("but", "status"),
    [
        ({"reason": " "}, 422),
        ({"a-rash": "present"}, 422),  # as it stands already
        ({"a-seizure": ""}, 422),
        ({"revision": "x"}, 422),
        ({"revision": ""}, 409),
    ],
)
def test_a_rating_that_is_not_put_right_stays_as_it_is_and_nothing_typed_is_lost(
    world: World, but: dict[str, str], status: int
) -> None:
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    send(browser, path, **FILLED)

    refused = send(browser, f"{path}/correction", **put_right(**but))
    shown = browser.get(f"{CONSOLE}{path}")
    world.clock.set(EVENING)

    assert refused.status_code == status
    (form,) = [
        one for one in html.fromstring(refused.text).forms if str(one.action).endswith("correction")
    ]
    assert form.fields["a-steroid_per_day"] == "7,5"
    assert "总分: 6" in text_of(shown)


@pytest.mark.req("T-06")
def test_she_is_not_asked_about_a_rating_that_was_put_right(world: World) -> None:
    path = visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    send(browser, path, **FILLED)
    send(browser, f"{path}/correction", **put_right())
    with world.database.reading() as session:
        code = session.scalars(
            select(Participant.code)
            .join(Correction, Correction.participant_id == Participant.id)
            .where(Correction.source == CorrectionSource.RATER)
            .order_by(Correction.asked_at.desc())
        ).all()[0]
    hers = world.request("GET", f"{API}/me/corrections", headers=world.sign_in(code))
    world.clock.set(EVENING)

    assert hers.get_json()["items"] == []


@pytest.mark.req("P-06", "B-01")
def test_the_room_shows_nothing_else(world: World) -> None:
    visit(world)
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)

    page = browser.get(f"{CONSOLE}/ratings")
    world.clock.set(EVENING)

    assert browser.get(f"{CONSOLE}/").location == f"{CONSOLE}/ratings"
    rooms = {link.split("/")[2] for link in links_of(page) if link.count("/") > 1}
    # The training room holds invented people only.
    assert rooms <= {"ratings", "account", "phones", "training", ""}
    said = text_of(page)
    assert not [
        word for word in ("输液访视", "INF", "D1", "日记") if word in said.split("输液。")[1]
    ]


@pytest.mark.req("P-06")
def test_a_rating_elsewhere_looks_like_none_and_a_diary_is_no_rating(world: World) -> None:
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)
    path = visit(world)
    world.clock.set(EVENING)
    with world.database.reading() as session:
        diary = world.known.assessment
        assert session.get(Assessment, diary)

    answers = [browser.get(f"{CONSOLE}/ratings/{one}") for one in (diary, world.known.response)]

    assert [one.status_code for one in answers] == [404, 404]
    assert browser.get(f"{CONSOLE}{path}").status_code == 200
    hers = world.request("GET", f"{API}/me/assessments", headers=world.sign_in(PARTICIPANT))
    assert path.rpartition("/")[2] not in hers.text
