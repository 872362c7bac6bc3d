"""The instruments that are shipped beside the diary: what each of them is for, and must hold."""

import re
from dataclasses import replace

import pytest

from questionnaires.definition import Derivation, ItemType, Translated
from questionnaires.effort import Effort, effort, good_day
from questionnaires.lint import Severity, asks_all, check
from questionnaires.reachability import answers_for
from tests.questionnaires.forms import form, item, shipped, shipped_form, temperature

DIARIES = ["daily", "infusion_evening", "morning_check"]
CHECKS = ["safety_check", "weekly", "four_weekly"]
# Those about one event ask since it began, and what they ask of a day is a date.
RECALL = re.compile(
    r"since your last entry|past (24 hours|7 days|4 weeks|3 months)|preceding 30 days|now\b"
    r"|measured since",
    re.IGNORECASE,
)
ABOUT_AN_ANSWER_JUST_GIVEN = {"temp_route", "temp_again_route", "temp_at", "urine_period"}
ABOUT_THE_RATING = {"assessed_on", "rescue_therapy", "steroid_per_day"}


def read_by_rules() -> set[str]:
    return {
        clause.question
        for rule in shipped().rules
        for trigger in rule.triggers
        for clause in trigger.clauses
    } - set(Derivation)


# --- What a good day costs


@pytest.mark.req("Q-03")
@pytest.mark.parametrize("code", DIARIES)
def test_a_good_day_takes_at_most_7_screens_and_20_taps(code: str) -> None:
    cost = good_day(shipped_form(code))

    assert cost.screens <= 7
    assert cost.taps <= 20


@pytest.mark.req("Q-03")
def test_the_safety_check_is_half_a_minute() -> None:
    cost = good_day(shipped_form("safety_check"))

    assert cost.screens <= 5
    assert cost.taps <= 16


@pytest.mark.req("Q-03")
def test_typing_counts_each_character_and_ticking_each_row() -> None:
    asked = form(temperature(), item("signs", "multi", codes="a b none!"), item("help"))

    cost = effort(asked, {"temp": 36.6, "signs": ("a", "b"), "help": False})

    typed, ticked, said, each_next, review = 1 + 4, 2, 1, 3, 2
    assert cost == Effort(screens=3, taps=typed + ticked + said + each_next + review)


# --- The safety check, alone and at the head of longer forms


@pytest.mark.req("A-03")
@pytest.mark.parametrize("code", CHECKS)
def test_all_that_the_diary_alarms_on_the_checks_alarm_on_too(code: str) -> None:
    daily, check = shipped_form("daily"), shipped_form(code)
    heard = [
        (rule.id, trigger)
        for rule in shipped().rules
        for trigger in rule.triggers
        if asks_all(daily, trigger.clauses) and answers_for(daily, trigger.clauses) is not None
    ]

    deaf = [
        rule
        for rule, trigger in heard
        if not asks_all(check, trigger.clauses) or answers_for(check, trigger.clauses) is None
    ]

    assert len(heard) > 60
    assert deaf == []


@pytest.mark.req("A-03")
@pytest.mark.parametrize("code", ["weekly", "four_weekly"])
def test_the_longer_entries_begin_with_the_whole_safety_check(code: str) -> None:
    check = shipped_form("safety_check").items

    assert shipped_form(code).items[: len(check)] == check


# --- Words


@pytest.mark.req("Q-09")
@pytest.mark.parametrize("code", [*CHECKS, "patient_global", "sledai_2k", "baseline", "practice"])
def test_every_question_of_a_planned_form_carries_its_recall_period(code: str) -> None:
    without = {
        item.link_id
        for item in shipped_form(code).items
        if not RECALL.search(item.text.en) and item.link_id not in ABOUT_AN_ANSWER_JUST_GIVEN
    }

    assert without <= ABOUT_THE_RATING


@pytest.mark.req("Q-09")
@pytest.mark.parametrize("code", [*DIARIES, *CHECKS, "patient_global", "sledai_2k", "baseline"])
def test_the_recall_period_is_data_too_so_that_no_study_can_change_it(code: str) -> None:
    without = {one.link_id for one in shipped_form(code).items if one.recall is None}

    about_longer = {"usual_period"}  # three months
    assert without <= ABOUT_AN_ANSWER_JUST_GIVEN | ABOUT_THE_RATING | about_longer


@pytest.mark.req("Q-09")
def test_a_study_that_asks_about_another_time_is_refused() -> None:
    daily = shipped_form("daily")
    pain = daily.item("pain")
    assert pain is not None
    other = replace(pain, text=Translated("过去 7 天，有多痛？", "In the past 7 days, how bad?"))
    changed = replace(daily, items=tuple(other if one is pain else one for one in daily.items))
    forms = tuple(changed if one is daily else one for one in shipped().questionnaires)

    found = check(replace(shipped(), questionnaires=forms))

    faults = [one for one in found if one.severity is Severity.FAULT]
    assert {one.code for one in faults} == {"recall_not_said"}
    assert {one.place for one in faults} == {"daily item 'pain'"}


@pytest.mark.req("Q-09")
@pytest.mark.parametrize("code", [*DIARIES, *CHECKS])
def test_questions_about_events_name_the_day_of_the_last_entry(code: str) -> None:
    items = shipped_form(code).items
    dated = [one for one in items if "{last_entry_on}" in one.text.zh]

    assert [one.link_id for one in dated] == ["temp", "urgent", "other", "changes"]
    assert [one.link_id for one in dated if "{last_entry_on}" not in one.text.en] == []


@pytest.mark.req("A-05")
@pytest.mark.parametrize("code", [one.code for one in shipped().questionnaires])
def test_every_form_for_participants_says_where_to_turn_in_an_emergency(code: str) -> None:
    intro = shipped_form(code).intro

    assert intro is not None
    assert code == "sledai_2k" or ("紧急时请直接打电话" in intro.zh and "phone" in intro.en)


# --- Practice and baseline alarm nobody


@pytest.mark.req("A-03")
@pytest.mark.parametrize("code", ["practice", "baseline", "sledai_2k"])
def test_no_rule_reads_what_is_not_a_report_of_the_participant(code: str) -> None:
    asked = {item.link_id for item in shipped_form(code).items}

    assert asked & read_by_rules() == set()


@pytest.mark.req("A-03")
def test_the_baseline_records_what_the_diary_calls_usual() -> None:
    signs = shipped_form("baseline").item("usual_signs")

    assert signs is not None
    assert {"swelling", "foam", "bruises"} <= set(signs.codes)
    assert shipped_form("baseline").item("usual_period") is not None


@pytest.mark.req("A-03")
@pytest.mark.parametrize("block", ["S1", "S1m"])
def test_before_the_infusion_the_diary_asks_what_trends_later_compare_with(block: str) -> None:
    planned = shipped().schedule.block(block)

    assert planned is not None
    asked = shipped_form(planned.questionnaire)
    assert {"temp", "pain", "fatigue"} <= {one.link_id for one in asked.items}


# --- Forms for an event


@pytest.mark.req("S-08")
def test_what_may_happen_at_any_hour_can_be_told_at_any_hour() -> None:
    assert {"ae_report", "medicines", "contacts", "relative_report"} <= set(
        shipped().schedule.always_open
    )


@pytest.mark.req("A-03")
def test_a_follow_up_is_heard_by_the_rules_that_hear_the_report() -> None:
    report, again = shipped_form("ae_report"), shipped_form("ae_follow_up")
    only_the_first_time = {"what"}

    heard = {one.link_id for one in report.items} & read_by_rules()

    assert heard - {one.link_id for one in again.items} == only_the_first_time


@pytest.mark.req("P-01")
def test_a_relative_is_not_asked_for_a_name_or_a_number() -> None:
    asked = shipped_form("relative_report")

    assert [one.link_id for one in asked.items if one.type is ItemType.TEXT] == ["note"]


# --- SLEDAI-2K


@pytest.mark.req("Q-02")
def test_the_rating_names_24_descriptors_each_present_absent_or_not_assessed() -> None:
    rating = shipped_form("sledai_2k")

    descriptors = [one for one in rating.items if one.type is ItemType.CHOICE]

    assert len(descriptors) == 24
    assert {one.codes for one in descriptors} == {("present", "absent", "not-assessed")}
    assert [one.link_id for one in descriptors if one.skippable or one.hint] == []
