"""The audit review: every figure against numbers that were counted by hand, and who has looked."""

import csv
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import InvalidInput, NotFound
from epro.models import JournalEntry, QuestionnaireResponse
from epro.services import audit_review
from epro.services.audit_figures import NO_SITE, Figure, Period
from epro.services.audit_grouping import BY_PERSON, Line
from epro.services.audit_review import Report
from tests.services.audited import MIDWEEK, WEEK, Week, build

pytestmark = pytest.mark.req("T-09")


@pytest.fixture
def week(session: Session) -> Week:
    return build(session)


def counts(line: Line) -> dict[str, tuple[int, int | None]]:
    return {figure.value: (one.cases, one.of) for figure, one in line.counts.items()}


def line(lines: object, name: str) -> dict[str, tuple[int, int | None]]:
    assert isinstance(lines, list)
    (found,) = [one for one in lines if one.name == name]
    return counts(found)


@pytest.fixture
def report(session: Session, week: Week) -> Report:
    return audit_review.report(session, week.manager, period=WEEK)


def test_each_site_is_counted_by_its_own_calendar(report: Report) -> None:
    assert line(report.by_site.lines(), "SZ01") == {
        "late": (2, 9), "corrected": (2, 10), "night": (2, 10), "fast": (1, 5),
        "on_behalf": (3, 10), "shared_device": (2, 3), "shared_address": (1, 3),
        # Her wrong password, for signing in and for a signature, her wrong set-up code, a
        # participant's wrong PIN, her sign-in, and the one that her session on the tablet was.
        "refused": (4, 6), "exports": (1, None),
    }  # fmt: skip
    assert line(report.by_site.lines(), "UR01") == {
        "late": (0, 1), "corrected": (0, 1), "night": (0, 1), "fast": (0, 0),
        "on_behalf": (0, 1), "shared_device": (1, 1), "shared_address": (1, 1),
        "refused": (0, 0), "exports": (0, None),
    }  # fmt: skip
    assert line(report.by_site.lines(), NO_SITE)["refused"] == (1, 1)
    assert line(report.by_site.lines(), NO_SITE)["exports"] == (1, None)
    assert counts(report.whole)["late"] == (2, 10)


def test_each_participant_and_each_user_is_counted(report: Report) -> None:
    first, second = (line(report.by_participant.lines(), code) for code in ("SZ01-001", "SZ01-002"))
    user = line(report.by_user.lines(), "li.min")

    assert first == {
        "late": (2, 5), "corrected": (1, 6), "night": (2, 6), "fast": (1, 4), "on_behalf": (0, 6),
        "shared_device": (1, 1), "shared_address": (0, 1), "refused": (1, 1),
    }  # fmt: skip
    assert second == {
        "late": (0, 4), "corrected": (1, 4), "night": (0, 4), "fast": (0, 1), "on_behalf": (3, 4),
        "shared_device": (1, 1), "shared_address": (1, 1), "refused": (0, 1),
    }  # fmt: skip
    # The form that she took on the site's tablet, and the sheet that she typed in.
    assert user == {"corrected": (1, 2), "on_behalf": (2, 3), "refused": (3, 4),
                    "exports": (0, None)}  # fmt: skip
    assert line(report.by_user.lines(), "pi.chen")["exports"] == (1, None)


def test_every_figure_leads_to_its_cases(session: Session, report: Report) -> None:
    known = {row.entity_id for row in session.scalars(select(JournalEntry))}
    for figure in Figure:
        cases = audit_review.cases_of(report.found[figure])
        # A page of figures counts these alone, and writes no case out.
        assert report.found[figure].people == [one.who for one in reversed(cases)]
        people = {one.who.participant for one in cases}
        is_by_person = figure in BY_PERSON
        assert counts(report.whole)[figure.value][0] == len(people if is_by_person else cases)
        assert cases, figure
        if figure in {Figure.REFUSED, Figure.EXPORTS}:
            assert {one.entity_id for one in cases} <= known
        for site in ("SZ01", "UR01"):
            hers = audit_review.cases_of(report.found[figure], site=site)
            assert {one.who.site for one in hers} <= {site}
    (fast,) = audit_review.cases_of(report.found[Figure.FAST], participant="SZ01-001")
    assert dict(fast.facts) | {"questionnaire": ""} == {
        "questionnaire": "", "taken_s": 12, "answers": 10,
    }  # fmt: skip
    mine = audit_review.cases_of(report.found[Figure.ON_BEHALF], user="li.min")
    assert {one.who.participant for one in mine} == {"SZ01-002"}
    assert {one.facts["mode"] for one in mine} == {"site_tablet", "paper_transcription"}


def test_whoever_reads_one_site_sees_nobody_of_another(session: Session, week: Week) -> None:
    hers = audit_review.report(session, week.chief, period=WEEK)

    assert [one.name for one in hers.by_site.lines()] == ["SZ01"]
    assert {one.name for one in hers.by_participant.lines()} == {"SZ01-001", "SZ01-002", "SZ01-003"}
    assert {one.name for one in hers.by_user.lines()} == {"li.min", "pi.chen"}
    # Who came from UR01, and the data manager of the whole study, are counted on that phone.
    with_whom = {one.who.participant: one.facts for one in hers.found[Figure.SHARED_DEVICE].cases}
    assert (with_whom["SZ01-001"]["with"], with_whom["SZ01-001"]["more"]) == (["SZ01-002"], 2)
    everybody = audit_review.report(session, week.manager, period=WEEK)
    (seen,) = audit_review.cases_of(everybody.found[Figure.SHARED_DEVICE], participant="SZ01-001")
    assert seen.facts["with"] == ["SZ01-002", "data.wu", "ma.li"]
    (shared,) = hers.found[Figure.SHARED_ADDRESS].cases
    assert (shared.facts["with"], shared.facts["more"]) == ([], 1)
    assert "UR01" not in audit_review.as_csv(hers)
    with pytest.raises(NotFound):
        audit_review.report(session, week.chief, period=WEEK, site="UR01")


def test_one_site_of_many_can_be_asked_for(session: Session, week: Week) -> None:
    one = audit_review.report(session, week.manager, period=WEEK, site="UR01")

    assert [line.name for line in one.by_site.lines()] == ["UR01"]
    assert counts(one.whole)["late"] == (0, 1)


def test_a_period_without_anything_counts_nothing_out_of_nothing(
    session: Session, week: Week
) -> None:
    before = audit_review.report(
        session, week.manager, period=Period(date(2025, 1, 1), date(2025, 1, 7))
    )

    assert set(counts(before.whole).values()) == {(0, 0), (0, None)}
    assert before.whole.counts[Figure.LATE].share is None
    assert before.by_participant.lines() == []


def test_the_file_says_each_count_with_its_whole(report: Report) -> None:
    rows = list(csv.DictReader(audit_review.as_csv(report).splitlines()))

    (late,) = [
        row for row in rows
        if (row["level"], row["name"], row["figure"]) == ("participant", "SZ01-001", "late")
    ]  # fmt: skip
    assert late == {
        "from": "2026-03-02", "to": "2026-03-08", "level": "participant", "name": "SZ01-001",
        "site": "SZ01", "figure": "late", "cases": "2", "whole": "5",
    }  # fmt: skip
    nights = report.found[Figure.NIGHT].cases
    cases = list(csv.DictReader(audit_review.cases_as_csv(nights).splitlines()))
    assert [json.loads(row["facts"])["local_time"] for row in cases] == ["01:30", "00:00"]


@pytest.mark.parametrize("answers", [[], [{"link_id": "q"}]])
def test_only_a_form_with_answers_counts_as_timed(
    session: Session, week: Week, answers: list[dict[str, object]]
) -> None:
    def timed() -> int:
        report = audit_review.report(session, week.manager, period=WEEK)
        return sum((report.found[Figure.FAST].whole or {}).values())

    before = timed()
    query = select(QuestionnaireResponse).where(QuestionnaireResponse.opened_at.is_not(None))
    session.scalars(query).all()[0].answers = answers
    session.flush()

    assert before - timed() == (0 if answers else 1)


# --- reviewed -------------------------------------------------------------------------------------


def test_a_review_is_on_record_with_its_day_and_remark(session: Session, week: Week) -> None:
    audit_review.mark(
        session, week.chief, "SZ01", upto_on=date(2026, 3, 5), remark=" looked at nights ",
        now=MIDWEEK,
    )  # fmt: skip

    (shown,) = audit_review.reviews(session, week.chief).lines
    assert (shown.review.upto_on, shown.review.remark) == (date(2026, 3, 5), "looked at nights")
    assert shown.reviewer == "Zhang Jing"
    written = session.scalars(
        select(JournalEntry.body).where(JournalEntry.verb == "audit_review.marked")
    ).one()
    assert json.loads(written)["after"]["upto_on"] == "2026-03-05"


@pytest.mark.parametrize(
    ("site", "upto_on", "remark", "place"),
    [
        ("SZ01", date(2026, 3, 6), "all well", "upto_on"),
        ("SZ01", date(2026, 3, 5), " ", "remark"),
        ("SZ01", date(2026, 3, 5), "x" * 2_001, "remark"),
        ("UR01", date(2026, 3, 5), "all well", None),
        ("XX99", date(2026, 3, 5), "all well", None),
    ],
)
def test_what_is_no_review_is_refused(
    session: Session, week: Week, site: str, upto_on: date, remark: str, place: str | None
) -> None:
    refusal = InvalidInput if place else NotFound
    with pytest.raises(refusal) as refused:
        audit_review.mark(session, week.chief, site, upto_on=upto_on, remark=remark, now=MIDWEEK)
    if place:
        assert refused.value.details["problems"][0]["place"] == place


def test_today_is_the_day_of_the_site(session: Session, week: Week) -> None:
    late_evening = datetime(2026, 3, 5, 23, 30, tzinfo=ZoneInfo("UTC"))

    audit_review.mark(
        session, week.chief, "SZ01", upto_on=date(2026, 3, 6), remark="all well", now=late_evening
    )

    assert audit_review.today_of([week.shenzhen], now=late_evening) == date(2026, 3, 6)
    assert audit_review.usual_period(date(2026, 3, 6)) == Period(
        date(2026, 3, 6) - timedelta(days=27), date(2026, 3, 6)
    )
