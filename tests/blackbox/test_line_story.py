"""What the system is for, evening after evening: remind, screen, tell, escalate, hand over.

She is infused at 10:00 and answers as on a good day; the next evening she is breathless at rest.
"""

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox.line import (
    BREATHLESS,
    EDC_CLIENT,
    Colleague,
    Line,
    LineShelf,
    secret_of_new_client,
)
from tests.blackbox.people import Phone, questionnaire_of
from tests.databases import DatabaseKind
from tests.standins.smtp import Received

pytestmark = pytest.mark.blackbox

OPEN, LAST, MORNING = (
    "请打开您的日记。", "今天的日记还可以填写，请打开您的日记。", "早上好，请打开您的日记。",
)  # fmt: skip
FEED = "/api/edc/v1"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/console/flags/[0-9a-f-]{36}")


# Types that say nothing of what people did.
BESIDE = {"consent", "assessment", "reminder", "compliance"}


@dataclass(slots=True)
class Played:
    """How things stood at each moment of the story."""

    line: Line
    phone: Phone
    third: Colleague
    client_secret: str
    texts_at: dict[str, list[str]] = field(default_factory=dict)
    flags_at: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    told_at: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    message_count_at: dict[str, int] = field(default_factory=dict)
    acknowledged: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    mails: list[Received] = field(default_factory=list)

    def remember(self, moment: str) -> None:
        line, phone = self.line, self.phone
        texts, mails = line.texts_about(phone), line.mails_about(phone)
        self.texts_at[moment] = line.texts_to(phone)
        self.flags_at[moment] = line.flags(phone)
        self.told_at[moment] = {(name, "sms") for name, _body in texts}
        self.told_at[moment] |= {(name, "email") for name, _subject in mails}
        self.message_count_at[moment] = len(texts) + len(mails)


def play(line: Line) -> Played:
    line.begin_day()
    secret = secret_of_new_client(line.system, "edc:read", "edc:flags")
    story = Played(line, line.infused(), line.coordinator, secret)
    phone = story.phone
    for clock in ("18:50", "19:00", "19:40", "21:00"):
        line.move_to(line.at(clock))
        story.remember(f"D1 {clock}")
    line.answer(phone)
    line.move_to(line.at("21:29"))
    story.remember("D1 answered")

    line.begin_day("08:00")
    story.remember("D2 08:00")
    line.answer(phone)
    for clock in ("17:50", "18:00"):
        line.move_to(line.at(clock))
        story.remember(f"D2 {clock}")
    line.move_to(line.at("18:30"))
    line.answer(phone, but=BREATHLESS)
    line.wait_for_mails(phone, 2)
    line.wait_for_texts(phone, 2)
    story.remember("D2 breathless")

    # Somebody new comes on duty, who has not been told.
    story.third = line.add_colleague("zhou.yun", "周云 Zhou Yun", "investigator")
    line.move_to(line.at("18:55"))
    story.remember("D2 after 25 min")
    line.move_to(line.at("19:01"))
    story.remember("D2 after 31 min")
    [flag] = story.flags_at["D2 after 31 min"]
    for colleague in (story.third, line.coordinator):
        answer = line.acknowledge(flag, colleague)
        story.acknowledged.append((answer.status_code, answer.json()))
    for clock in ("19:40", "21:29"):
        line.move_to(line.at(clock))
        story.remember(f"D2 {clock}")
    story.texts = [body for _name, body in line.texts_about(phone)]
    story.mails = [one for one in line.mails if phone.code in one.text]
    return story


@pytest.fixture(scope="session")
def told() -> dict[DatabaseKind, Played]:
    return {}


@pytest.fixture
def story(
    told: dict[DatabaseKind, Played], lines: LineShelf, database_kind: DatabaseKind
) -> Played:
    """Play it once on each kind of database; several tests look at it."""
    if database_kind not in told:
        told[database_kind] = play(lines.quiet(database_kind))
    return told[database_kind]


@pytest.mark.req("N-03", "N-01")
def test_each_reminder_that_is_due_is_one_text_message_and_none_comes_after_answering(
    story: Played,
) -> None:
    evening = [OPEN, LAST]

    assert story.texts_at == {
        "D1 18:50": [],
        "D1 19:00": [OPEN],
        "D1 19:40": [OPEN],
        "D1 21:00": evening,
        "D1 answered": evening,
        "D2 08:00": [*evening, MORNING],
        "D2 17:50": [*evening, MORNING],
        "D2 18:00": [*evening, MORNING, OPEN],
        **{
            moment: [*evening, MORNING, OPEN]
            for moment in ("D2 breathless", "D2 after 25 min", "D2 after 31 min",
                           "D2 19:40", "D2 21:29")
        },
    }  # fmt: skip


@pytest.mark.req("A-04")
def test_calm_answers_raise_no_flag_and_breathlessness_at_rest_raises_one(story: Played) -> None:
    calm = [found for moment, found in story.flags_at.items() if moment <= "D2 18:00"]

    assert calm == [[]] * 8
    [flag] = story.flags_at["D2 breathless"]
    assert (flag["tier"], flag["rules"], flag["possible_serious"]) == ("RED_A", ["R09"], True)


@pytest.mark.req("A-06", "A-07")
def test_coordinator_and_investigator_are_told_both_ways_and_half_an_hour_later_somebody_new(
    story: Played,
) -> None:
    line = story.line
    both_ways = {
        (one.username, way)
        for one in (line.coordinator, line.investigator) for way in ("sms", "email")
    }  # fmt: skip
    third = {(story.third.username, way) for way in ("sms", "email")}

    assert story.told_at["D2 18:00"] == set()
    assert story.told_at["D2 breathless"] == both_ways
    assert story.message_count_at["D2 after 25 min"] == 4
    assert story.told_at["D2 after 31 min"] == both_ways | third
    # Where no roster names a doctor, the second telling goes to every investigator of the site.
    assert story.message_count_at["D2 after 31 min"] == 8


@pytest.mark.req("A-07", "A-08")
def test_the_first_acknowledgement_brings_silence_and_the_second_is_told_whose_it_was(
    story: Played,
) -> None:
    (first, flag), (second, refusal) = story.acknowledged

    assert (first, flag["acknowledged_by"]) == (200, story.third.username)
    assert (second, refusal["error"]["code"]) == (409, "already_acknowledged")
    assert refusal["error"]["details"]["by"] == story.third.full_name
    assert story.message_count_at["D2 21:29"] == 8
    assert story.flags_at["D2 21:29"] == []


@pytest.mark.req("A-06", "X-07")
def test_an_alert_says_code_tier_rule_time_and_a_link_and_nothing_else(story: Played) -> None:
    code = story.phone.code
    text = rf"{code} RED_A 18:3\d (请登录确认。|尚无人确认，请您登录处理。)"
    mail = rf"{code} RED_A R09 18:3\d( 尚无人确认。)?\s+请登录(后确认收到|处理)：{LINK.pattern}\s+"
    subject = rf"(尚无人确认：)?{code} RED_A R09"

    assert [one for one in story.texts if not re.fullmatch(text, one)] == []
    assert [one.text for one in story.mails if not re.fullmatch(mail, one.text)] == []
    subjects = [str(one.message["Subject"]) for one in story.mails]
    assert [one for one in subjects if not re.fullmatch(subject, one)] == []
    assert (len(story.texts), len(subjects)) == (4, 4)


@pytest.mark.req("X-07", "N-01")
def test_no_message_holds_identity_or_answers(story: Played) -> None:
    said = [LINK.sub("", one) for one in everything_sent(story.line)]
    secrets, years = story.line.system.said.secrets, story.line.system.said.years_of_birth

    assert len(said) >= 10
    assert {one for one in secrets for it in said if one in it} == set()
    assert {one for one in answers_of_the_diary() for it in said if one in it} == set()
    assert {one for one in years for it in said if re.search(rf"\b{one}\b", it)} == set()


@pytest.mark.req("E-02")
def test_the_feed_tells_the_story_in_its_order_without_identity(story: Played) -> None:
    system, code = story.line.system, story.phone.code
    token = system.http.post(
        f"{FEED}/token", data={"grant_type": "client_credentials"},
        auth=(EDC_CLIENT, story.client_secret),
    ).json()["access_token"]  # fmt: skip
    bearer = {"Authorization": f"Bearer {token}"}

    items = changes(story, bearer)
    hers = [one for one in items if one["participant"] == code]
    order = [said_by(one) for one in hers if one["type"] not in BESIDE]
    completed = [
        one["data"]["questionnaire_code"] for one in hers
        if one["type"] == "assessment" and one["data"]["completed_at"]
    ]  # fmt: skip

    assert all(earlier["seq"] < later["seq"] for earlier, later in pairwise(items))
    assert order == [
        "participant insert", "anchor ENR", "participant update", "anchor INF1",
        "response infusion_evening", "response morning_check", "response daily",
    ]  # fmt: skip
    assert completed == ["infusion_evening", "morning_check", "daily"]
    wire = json.dumps(items, ensure_ascii=False)
    assert {one for one in system.said.secrets if one in wire} == set()

    held_back = system.http.get(f"{FEED}/manifest", headers=bearer).json()["held_back"]
    assert [one["count"] > 0 for one in held_back if one["type"] == "flag"] == [True]


@pytest.mark.req("E-02")
def test_the_importer_pulls_it_and_proves_that_its_copy_is_whole(
    story: Played, tmp_path: Path
) -> None:
    system = story.line.system
    system.environment["EPRO_EDC_SECRET"] = story.client_secret
    pulled = system.command(
        "edc-pull", "--url", system.url, "--client-id", EDC_CLIENT,
        "--into", str(tmp_path / "edc.sqlite3"), "--verify",
    )  # fmt: skip

    assert "Verified: counts and checksums agree with the source." in pulled


def changes(story: Played, bearer: dict[str, str]) -> list[dict[str, Any]]:
    """Return the whole feed, page after page."""
    items: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": 1000}
    while True:
        answer = story.line.system.http.get(f"{FEED}/changes", params=query, headers=bearer)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        query["cursor"] = page["next_cursor"]
        if not page["has_more"]:
            return items


def said_by(item: dict[str, Any]) -> str:
    """Return a change in two words."""
    data = item["data"]
    what = data.get("event") or data.get("questionnaire_code") or item["op"]
    return f"{item['type']} {what}"


def everything_sent(line: Line) -> list[str]:
    """Return the words of every message to anybody, subjects included."""
    mails = [f"{mail.message['Subject']}\n{mail.text}" for mail in line.mails]
    return [message.body for message in line.twilio.messages] + mails


def answers_of_the_diary() -> set[str]:
    """Return every choice of the diaries, as code and in words."""
    choices = [
        choice
        for code in ("daily", "infusion_evening", "morning_check")
        for item in questionnaire_of(code).items for choice in item.choices
    ]  # fmt: skip
    words = {choice.text.zh for choice in choices} | {choice.text.en for choice in choices}
    return {word for word in words | {choice.code for choice in choices} if len(word) > 3}
