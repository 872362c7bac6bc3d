"""What keeps a package from being published, each with the change that makes it so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from questionnaires.definition import (
    Audience,
    Behavior,
    Clause,
    Item,
    MessageTemplate,
    SafetyRule,
    StudyPackage,
    Translated,
    Trigger,
)
from questionnaires.lint import PackageRefused, Severity, check, refuse_faulty
from questionnaires.lint_texts import find_text_faults
from questionnaires.schedule import ClockTime, OffsetDay, StudyDay
from questionnaires.tiers import Channel, Tier
from tests.questionnaires.forms import BOTH, clause, item, shipped, temperature, with_items


def codes(package: StudyPackage) -> set[str]:
    return {finding.code for finding in check(package)}


def gated(*clauses: Clause, any_of: bool = False) -> StudyPackage:
    """Return the shipped package with one more item in the daily diary, shown when clauses hold."""
    behavior = Behavior.ANY if any_of else Behavior.ALL
    return with_items(item("extra", enable_when=clauses, enable_behavior=behavior))


def with_rule(*clauses: Clause, **changes: object) -> StudyPackage:
    """Return the shipped package with its first rule changed."""
    first, *rest = shipped().rules
    triggers = (Trigger(clauses),) if clauses else first.triggers
    rule: SafetyRule = replace(first, **({"triggers": triggers} | changes))  # type: ignore[arg-type]
    return replace(shipped(), rules=(rule, *rest))


def with_block(**changes: object) -> StudyPackage:
    blocks = list(shipped().schedule.blocks)
    at = [one.code for one in blocks].index("S1")
    blocks[at] = replace(blocks[at], **changes)  # type: ignore[arg-type]
    return replace(shipped(), schedule=replace(shipped().schedule, blocks=tuple(blocks)))


def with_step(**changes: object) -> StudyPackage:
    steps = list(shipped().reminders.steps)
    at = [(one.block, one.code) for one in steps].index(("S7c", "first"))
    steps[at] = replace(steps[at], **changes)  # type: ignore[arg-type]
    return replace(shipped(), reminders=replace(shipped().reminders, steps=tuple(steps)))


@pytest.mark.req("Q-01")
def test_the_shipped_package_has_no_finding() -> None:
    assert check(shipped()) == ()


@pytest.mark.req("Q-01")
def test_a_package_with_a_fault_cannot_be_published() -> None:
    with pytest.raises(PackageRefused) as caught:
        refuse_faulty(gated(clause("nobody", "=", 1)))

    assert [finding.code for finding in caught.value.findings] == ["unknown_question"]


@pytest.mark.req("Q-03")
def test_a_long_diary_is_a_warning_and_may_be_published() -> None:
    more = [item(f"extra_{number}") for number in range(6)]

    findings = refuse_faulty(with_items(*more))

    assert [(one.code, one.severity) for one in findings] == [("long_diary", Severity.WARNING)]


@pytest.mark.req("Q-06")
@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: gated(clause("nobody", "=", 1)), "unknown_question"),
        (lambda: gated(clause("extra", "=", True)), "later_question"),
        (lambda: gated(clause("urgent", "!=", "chills")), "unguarded_not_equal"),
        (
            lambda: gated(
                clause("urgent", "exists", True), clause("urgent", "!=", "limb"), any_of=True
            ),
            "unguarded_not_equal",
        ),
        (lambda: gated(clause("urgent", ">", "chills")), "no_order"),
        (lambda: gated(clause("help_now", ">=", True)), "no_order"),
        (lambda: gated(clause("temp_at", ">", "2026-01-01")), "no_order"),
        (lambda: gated(clause("pain", "=", "7")), "wrong_literal"),
        (lambda: gated(clause("pain", ">=", True)), "wrong_literal"),
        (lambda: gated(clause("help_now", "=", 1)), "wrong_literal"),
        (lambda: gated(clause("urgent", "=", 1)), "wrong_literal"),
        (lambda: gated(clause("pain", "exists", "yes")), "wrong_literal"),
        (lambda: gated(clause("urgent", "=", "chill")), "unknown_choice"),
        (lambda: gated(clause("pain", ">", 10)), "unreachable"),
        (lambda: gated(clause("pain", ">", 7), clause("pain", "<", 3)), "unreachable"),
        (
            lambda: gated(clause("temp", ">=", 38.0), clause("temp_why", "=", "felt-hot")),
            "unreachable",
        ),
    ],
)
def test_branching_that_cannot_be_meant_is_refused(
    made: Callable[[], StudyPackage], code: str
) -> None:
    assert codes(made()) == {code}


@pytest.mark.req("Q-06")
@pytest.mark.parametrize(
    "clauses",
    [
        (clause("urgent", "exists", True), clause("urgent", "!=", "chills")),
        (clause("temp", ">", 37.95), clause("temp", "<", 38.05)),
        (clause("urgent", "=", "chills"), clause("urgent", "=", "limb")),
        (clause("temp_at", "exists", True), clause("pain", "=", 0)),
    ],
)
def test_branching_that_can_be_meant_is_taken(clauses: tuple[Clause, ...]) -> None:
    assert codes(gated(*clauses)) == set()


@pytest.mark.req("Q-06")
def test_dates_may_be_put_in_order() -> None:
    package = with_items(
        item("day", "date"), item("extra", enable_when=(clause("day", "<", "2026-10-01"),))
    )

    assert codes(package) == set()


@pytest.mark.req("Q-06")
def test_a_day_that_does_not_exist_is_no_date() -> None:
    package = with_items(
        item("day", "date"), item("extra", enable_when=(clause("day", "<", "2026-02-30"),))
    )

    assert codes(package) == {"wrong_literal"}


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (item("Extra"), "bad_id"),
        (item("9lives"), "bad_id"),
        (item("x" * 33), "bad_id"),
        (item("hours_since_infusion", "number", hard_min=0.0, hard_max=9.0), "bad_id"),
        (item("extra", "choice", codes="good Bad"), "bad_code"),
        (item("extra", "choice", codes="good good"), "duplicate"),
        (item("pain", "nrs"), "duplicate"),
        (item("extra", "choice"), "choices"),
        (item("extra", "boolean", codes="good bad"), "choices"),
        (item("extra", "choice", codes="good none!"), "choices"),
        (Item(link_id="extra", type=item("x", "nrs").type, text=BOTH), "ends"),
        (item("extra", "number"), "limits"),
        (replace(temperature(soft_max=44.0), link_id="extra"), "limits"),
        (replace(temperature(hard_min=44.0), link_id="extra"), "limits"),
        (item("what", "choice", codes="good bad"), "differs"),
    ],
)
def test_an_item_that_is_not_well_made_is_refused(wrong: Item, code: str) -> None:
    assert code in codes(with_items(wrong))


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: with_rule(triggers=()), "no_trigger"),
        (lambda: with_rule(triggers=(Trigger(()),)), "no_trigger"),
        (lambda: with_rule(clause("nobody", "=", 1)), "unknown_question"),
        (lambda: with_rule(clause("urgent", "=", "chill")), "unknown_choice"),
        (lambda: with_rule(clause("help_now", "=", "true")), "wrong_literal"),
        (lambda: with_rule(clause("temperature_tenths_oral", ">=", "390")), "wrong_literal"),
        (lambda: with_rule(clause("hours_since_infusion", "exists", 1)), "wrong_literal"),
        (lambda: with_rule(clause("temperature_tenths_oral", ">=", 431)), "unreachable"),
        (lambda: with_rule(clause("worst", "=", "danger"), clause("pain", ">", 3)), "unreachable"),
        (
            lambda: with_rule(
                clause("hours_since_infusion", ">", 48), clause("hours_since_infusion", "<=", 48)
            ),
            "unreachable",
        ),
        (lambda: replace(shipped(), rules=(*shipped().rules, shipped().rules[0])), "duplicate"),
    ],
)
def test_a_rule_that_can_never_be_met_or_always_is_refused(
    made: Callable[[], StudyPackage], code: str
) -> None:
    assert codes(made()) == {code}


@pytest.mark.req("A-05")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("tier", "text", "code"),
    [
        (Tier.RED_A, "{emergency_number}", "no_number"),
        (Tier.RED_A, "{study_phone}", "no_number"),
        (Tier.RED_B, "{emergency_number} {site_phone}", "no_number"),
        (Tier.ORANGE, "{site_phone}", "no_number"),
        (Tier.RED_B, "{study_phone} {name}", "placeholder"),
    ],
)
def test_advice_names_a_number_that_is_answered_at_that_hour(
    language: str, tier: Tier, text: str, code: str
) -> None:
    both = "{emergency_number} {study_phone}"
    advice = Translated(**({"zh": both, "en": both} | {language: text}))

    assert codes(with_rule(tier=tier, advice=advice)) == {code}


@pytest.mark.req("S-01")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"questionnaire": "nobody"}, "unknown_questionnaire"),
        ({"first": OffsetDay(0)}, "days"),
        ({"first": StudyDay(0)}, "days"),
        ({"opens": ClockTime(0, 1300)}, "times"),
        ({"late_until": ClockTime(0, 600)}, "times"),
        ({"opens": ClockTime(0, 600), "due": ClockTime(-1, 600)}, "times"),
    ],
)
def test_a_block_that_cannot_be_planned_is_refused(changes: dict[str, object], code: str) -> None:
    assert codes(with_block(**changes)) == {code}


@pytest.mark.req("N-02")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"block": "S99"}, "unknown_block"),
        ({"template": "nobody"}, "unknown_text"),
        ({"at": ClockTime(0, 21 * 60 + 30)}, "quiet"),
        ({"at": ClockTime(1, 7 * 60 + 59)}, "quiet"),
        ({"at": ClockTime(0, 24 * 60)}, "quiet"),
        ({"code": "last"}, "duplicate"),
        ({"code": "First"}, "bad_id"),
    ],
)
def test_a_reminder_that_would_never_be_sent_is_refused(
    changes: dict[str, object], code: str
) -> None:
    assert codes(with_step(**changes)) == {code}


@pytest.mark.req("N-02")
@pytest.mark.parametrize("minute", [8 * 60, 21 * 60 + 29])
def test_quiet_hours_are_half_open(minute: int) -> None:
    assert codes(with_step(at=ClockTime(0, minute))) == set()


@pytest.mark.req("S-03")
@pytest.mark.parametrize("zone", ["Asia/Peking", "../etc/passwd", "UTC+8"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert codes(replace(shipped(), zone=zone)) == {"unknown_zone"}


@pytest.mark.req("S-09")
def test_the_infusion_day_is_one_or_zero() -> None:
    schedule = replace(shipped().schedule, infusion_day_number=2)

    assert "infusion_day" in codes(replace(shipped(), schedule=schedule))


@pytest.mark.req("S-08")
def test_reporting_a_problem_must_always_be_possible() -> None:
    schedule = replace(shipped().schedule, always_open=())

    assert codes(replace(shipped(), schedule=schedule)) == {"report_not_open"}


@pytest.mark.req("Q-01")
def test_a_version_has_three_numbers() -> None:
    assert codes(replace(shipped(), version="1.0")) == {"bad_version"}


# --- Messages

DIARY = Translated("请打开您的日记。", "Please open your diary.")


def text_faults(
    body: Translated,
    *,
    audience: str = "participant",
    channel: str = "sms",
    links_in_sms: bool = False,
) -> set[str]:
    text = MessageTemplate(
        key="text", audience=Audience(audience), channel=Channel(channel), body=body
    )
    return {
        code
        for code, _ in find_text_faults(
            text, links_in_sms=links_in_sms, never_say=shipped().never_say
        )
    }


@pytest.mark.req("N-01")
def test_a_neutral_reminder_is_taken() -> None:
    assert text_faults(DIARY) == set()


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    "zh",
    [
        "请填写健康日记。",
        "请打开试验日记。",
        "请填写问卷。",
        "研究提醒您。",
        "您今天疼吗？",
        "请按时服药。",
    ],
)
def test_a_chinese_word_that_tells_is_refused(zh: str) -> None:
    assert text_faults(replace(DIARY, zh=zh)) == {"telling_word"}


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    "en",
    [
        "Your health diary is open.",
        "The Trial diary is open.",
        "Please answer the questionnaire.",
        "Two surveys are open.",
        "How is your pain today?",
        "Take your medicine.",
        "Studies need you.",
    ],
)
def test_an_english_word_that_tells_is_refused(en: str) -> None:
    assert text_faults(replace(DIARY, en=en)) == {"telling_word"}


@pytest.mark.req("N-01")
@pytest.mark.parametrize("en", ["See https://a.example/p", "Go to www.diary.cn", "diary.com now"])
def test_a_link_in_a_text_message_is_refused(en: str) -> None:
    assert "link" in text_faults(replace(DIARY, en=en))


@pytest.mark.req("N-01")
def test_a_link_is_taken_where_the_study_allows_it() -> None:
    body = replace(DIARY, en="See https://a.example/p/")

    assert text_faults(body, links_in_sms=True) == set()


@pytest.mark.req("N-01")
@pytest.mark.parametrize("en", ["Dear {name}, please open it.", "Open it, {code}.", "Open {it"])
def test_a_reminder_has_no_place_for_a_name_or_number(en: str) -> None:
    assert text_faults(replace(DIARY, en=en)) == {"placeholder"}


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    ("zh", "is_long"), [("日" * 65, False), ("日" * 66, True), ("😀" * 33, True)]
)
def test_a_reminder_fits_into_one_segment(zh: str, is_long: bool) -> None:
    assert ("too_long" in text_faults(replace(DIARY, zh=zh))) is is_long


@pytest.mark.req("A-06")
@pytest.mark.parametrize(
    ("channel", "en", "is_fault"),
    [
        ("sms", "{code} {tier} {time}", False),
        ("voice", "{code} {tier} {time}", False),
        ("email", "{code} {tier} {rule} {time} {link}", False),
        ("sms", "{code} {rule}", True),
        ("sms", "{code} {link}", True),
        ("email", "{code} {name}", True),
        ("email", "{code} {answer}", True),
    ],
)
def test_staff_messages_carry_only_what_is_agreed(channel: str, en: str, is_fault: bool) -> None:
    found = text_faults(replace(DIARY, en=en), audience="staff", channel=channel)

    assert found == ({"placeholder"} if is_fault else set())


@pytest.mark.req("N-01")
def test_the_lint_of_a_package_looks_at_its_texts() -> None:
    first, *rest = shipped().texts
    wrong = replace(first, body=replace(first.body, en="Your trial diary"))

    assert codes(replace(shipped(), texts=(wrong, *rest))) == {"telling_word"}
