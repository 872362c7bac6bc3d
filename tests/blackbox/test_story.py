"""The story the system is for: days pass, she answers, and the infusion was entered wrongly."""

import logging
import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.blackbox.story import FIVE_DAYS, TOO_EARLY, TOO_LATE, Story
from tests.blackbox.tampering import one_byte_changed

pytestmark = pytest.mark.blackbox
logger = logging.getLogger(__name__)

DIARIES = {"infusion_evening", "daily"}


@pytest.mark.req("S-01", "S-04", "S-07")
def test_no_day_is_uncovered_and_none_doubled_however_the_infusion_is_corrected(
    story: Story,
) -> None:
    for chapter in story.chapters:
        days = [date.fromisoformat(one["on"]) for one in diaries(chapter.assessments)]

        assert days[0].isoformat() < chapter.infused_on
        assert days[-1].isoformat() == chapter.last_day_on
        assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
        logger.info("%s: %s diaries, %s to %s", chapter.name, len(days), days[0], days[-1])


@pytest.mark.req("S-04", "Q-10")
def test_every_answer_keeps_its_day_however_the_infusion_is_corrected(story: Story) -> None:
    first, later, last = story.chapters
    kept = {one["id"]: one for one in last.responses}

    assert [one["day_label"] for one in first.responses] == list(FIVE_DAYS)
    assert [one["day_label"] for one in last.responses] == [*FIVE_DAYS, "D4"]
    assert all(kept[one["id"]] == one for one in [*first.responses, *later.responses])
    assert days_answered(first.assessments).items() <= days_answered(last.assessments).items()
    assert set(days_answered(last.assessments)) == {one["assessment_id"] for one in last.responses}
    assert all(one["counts"] and one["timeliness"] == "on_time" for one in last.responses)


@pytest.mark.req("S-04", "S-05")
def test_what_a_correction_puts_into_the_past_was_not_offered_and_is_not_missed(
    story: Story,
) -> None:
    before, after = story.chapters[:2]
    known = {one["id"] for one in before.assessments}

    appeared = [one for one in after.assessments if one["id"] not in known]
    past = [one for one in appeared if datetime.fromisoformat(one["late_until"]) <= after.now]

    assert {one["state"] for one in past} == {"not_offered"}


@pytest.mark.req("T-01", "T-03", "T-04")
def test_the_journal_tells_the_story_in_its_order(story: Story) -> None:
    entries = story.phone.system.journal_of(participant=story.phone.code)
    told = [
        one["words"]
        for one in entries
        if one["entity_type"] in {"participant", "anchor", "response"} and one["role"] != "system"
        if one["verb"] != "pin.chosen"
    ]

    assert all(earlier["seq"] < later["seq"] for earlier, later in pairwise(entries))
    assert told == [
        "enrolled the participant",
        "recorded the time of enrolment",
        "activated the diary",
        "recorded the time of infusion visit 1, planned",
        "recorded the time of infusion visit 1",
        "submitted infusion evening diary (revision 1)",
        *["submitted daily diary (revision 1)"] * 4,
        "corrected the time of infusion visit 1",
        "submitted daily diary (revision 1)",
        "corrected the time of infusion visit 1",
    ]
    logger.info("%s entries, %s of them the story itself", len(entries), len(told))


@pytest.mark.req("S-04", "T-01", "T-04")
def test_whatever_a_correction_moves_carries_its_reason_in_the_journal(story: Story) -> None:
    entries = story.phone.system.journal_of(participant=story.phone.code)
    corrections = [one for one in entries if one["verb"] == "anchor.corrected"]
    moved = [
        one
        for one in entries
        if one["entity_type"] == "assessment" and one["seq"] > corrections[0]["seq"]
        if one["verb"] != "assessment.completed"
    ]

    assert [one["reason"] for one in corrections] == [TOO_EARLY, TOO_LATE]
    assert [change["field"] for one in corrections for change in one["changes"]] == (
        ["occurred_at"] * 2
    )
    assert all(
        one["reason"] == (TOO_EARLY if one["seq"] < corrections[1]["seq"] else TOO_LATE)
        for one in moved
    )
    assert {one["reason"] for one in moved} == {TOO_EARLY, TOO_LATE}


@pytest.mark.req("T-02")
def test_the_command_shows_that_the_journal_is_whole(story: Story) -> None:
    said = story.phone.system.command("journal", "verify")

    assert said.startswith("The journal is whole: ")
    logger.info(said.strip())


@pytest.mark.req("T-02")
def test_one_changed_byte_in_one_row_is_found_and_the_row_is_named(story: Story) -> None:
    system = story.phone.system
    forged = next(
        one for one in system.journal_of(participant=story.phone.code)
        if one["verb"] == "response.completed"
    )  # fmt: skip
    with one_byte_changed(
        system.database_url, forged["seq"], old='"revision":1', new='"revision":2'
    ) as row_id:
        verified = system.try_command("journal", "verify")

    assert verified.returncode == 1
    assert f"broken at number {forged['seq']}: its text was changed" in verified.stderr
    assert re.search(rf"entry +{row_id}\n", verified.stderr)
    assert f"{forged['seq'] - 1} entries hold" in verified.stderr
    assert system.command("journal", "verify").startswith("The journal is whole: ")
    logger.info(verified.stderr.strip())


def diaries(assessments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the daily ones; morning checks and the weeks' own forms stand beside them."""
    return [one for one in assessments if one["questionnaire"]["code"] in DIARIES]


def days_answered(assessments: list[dict[str, Any]]) -> dict[str, str]:
    return {one["id"]: one["on"] for one in assessments if one["state"] == "completed"}
