"""What a person reads of the journal and on a timeline is words: no code stands there raw."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from epro.access import COMMAND_LINE, Role
from epro.api import corrections, responses
from epro.api.blueprint import doc_of
from epro.models import (
    CodeBreakKind,
    ContactChannel,
    ContactOutcome,
    CorrectionSource,
    DataIncidentKind,
    Disposition,
    EventSource,
    IncidentKind,
    IncidentSeverity,
    LifeCycle,
    RequestAct,
    RequestKind,
    RequestOutcome,
    ResponseStatus,
    SourceCheck,
    Visit,
    WorkKind,
)
from epro.models.delegation import Task
from epro.models.signature import SignatureMeaning
from epro.services.code_words import CODE_WORDS
from epro.services.code_words_sending import (
    client_in_words,
    error_in_words,
    reason_in_words,
    text_in_words,
)
from epro.services.exports import ExportKind
from epro.services.feed_items import FeedType
from epro.services.journal_reading import SAID_BY, JournalReader
from epro.services.journal_words import VERBS
from notifications import refusals
from notifications.messages import ChannelName
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from questionnaires.data_protection import Recipient
from questionnaires.definition import ConsentKind, Language, Translated
from questionnaires.licensing import EntryMode
from questionnaires.reminding import SkipReason
from questionnaires.schedule import AnchorEvent, DiarySlot
from questionnaires.tiers import Channel, Tier
from tests.architecture.sources import calls_in_product, dotted
from tests.factories import shipped_package
from tests.services.read_in_words import CATALOGUE, RAW

pytestmark = pytest.mark.req("T-04", "P-10")

PACKAGE = shipped_package()
WORD_OF_CODE = re.compile(r"[a-z]+(_[a-z]+)*")

# What may stand in a sentence as it is, and why.
OWN_WORDS = {
    "cause", "decision_reason", "differences", "document", "fault", "reason", "remark",
    "source_reference", "term", "words", "data_incident.step", "data_request.step",
}  # fmt: skip
NAMES = {
    "acknowledged_by", "called", "checked_by", "closed_by", "code", "deputy", "done_by",
    "entered_by", "owner", "person", "phone", "phone_24h", "signer_name", "site", "study", "zone",
}  # fmt: skip
NUMBERS_AND_TIMES = {
    "answer_by", "aware_at", "breach_hours", "calls_by_voice", "completed", "contract_until_on",
    "count", "difference_count", "digest_at", "due_on", "expected", "from_on", "is_answered",
    "manifest_sha256", "now", "number", "occurrence", "request_days", "revision", "rows", "rules",
    "sent_at", "seq", "to_on", "upto_on", "upto_seq", "version", "years",
}  # fmt: skip
# Names of the formats, which have no other: resources, files, and kinds of ODM file.
NAMES_OF_FORMATS = {"fhir.kind", "odm.kind", "file"}


def _codes_of_refusals() -> Iterator[str]:
    """Yield the codes with which a submission, or a correction of one, is refused and kept."""
    for view in (responses.submit_response, corrections.correct_own_response):
        yield from (one.code for one in doc_of(view)["refusals"])


def _constants(names: Iterable[str], *, keyword: str | None) -> Iterator[str]:
    """Yield the texts of the form of a code that calls of these names are given."""
    for _, call in calls_in_product():
        if keyword is None and dotted(call.func).rpartition(".")[2] in names:
            given: Iterable[ast.expr] = call.args
        else:
            given = [one.value for one in call.keywords if one.arg == keyword]
        for one in given:
            if isinstance(one, ast.Constant) and WORD_OF_CODE.fullmatch(str(one.value)):
                yield str(one.value)


REASONS = {
    *_constants((), keyword="reason"),
    *_constants({"_revoke"}, keyword=None),
    *SkipReason,
    *LifeCycle,
    "signed_out", "phone_cleared", "unknown", "undelivered",
}  # fmt: skip
ERRORS = {
    *(code for code in vars(refusals).values() if isinstance(code, str) and "_" in code
      and WORD_OF_CODE.fullmatch(code)),
    "30003", "21610", "99999", "smtp_550", "smtp_bad_address", "smtp_no_session_TimeoutError",
    "smtp_lost_421", "smtp_no_answer_TimeoutError", "fault_KeyError", "http_503",
    "unreachable_ConnectionRefusedError", "no_answer_TimeoutError", "gateway_400",
}  # fmt: skip
TEXTS = {one.key for one in PACKAGE.texts}
STEPS = {step.code for plan in PACKAGE.reminders.steps for step in [plan]}

# Which codes a field can hold, by the keys of `SAID_BY`.
DOMAINS: Mapping[str, Iterable[str]] = {
    "act": RequestAct, "action_taken": ActionTaken, "channel": {*ChannelName, *Channel},
    "contact.channel": ContactChannel, "diary_slot": DiarySlot, "disposition": Disposition,
    "entity_type": CODE_WORDS["entity"], "error": ERRORS, "event": AnchorEvent,
    "code_break.kind": CodeBreakKind, "consent.kind": ConsentKind,
    "data_incident.kind": DataIncidentKind, "data_request.kind": RequestKind,
    "export.kind": ExportKind, "incident.kind": IncidentKind, "work_item.kind": WorkKind,
    "life_cycle": LifeCycle, "meaning": SignatureMeaning, "mode": EntryMode,
    "not_sent_reason": REASONS | ERRORS, "contact.outcome": ContactOutcome,
    "data_request.outcome": RequestOutcome, "outcome": Outcome, "recipient": Recipient,
    "refusal": set(_codes_of_refusals()), "role": Role, "severity": IncidentSeverity,
    "seriousness": Seriousness, "skipped_reason": SkipReason,
    "source": {*EventSource, *CorrectionSource}, "source_check": SourceCheck,
    "status": ResponseStatus, "reminder.step": STEPS, "task": Task, "template": TEXTS,
    "tier": Tier, "to": {"sponsor"}, "told": {"sponsor"}, "type": FeedType, "visit": Visit,
}  # fmt: skip
HOLES = sorted(
    {(verb, name) for verb, words in VERBS.items() for _, name, _, _ in Formatter().parse(words.zh)
     if name}
)  # fmt: skip


def key_of(verb: str, name: str) -> str:
    """Return by which key a hole of a sentence is said, or under which it may stand as it is."""
    own = f"{verb.partition('.')[0]}.{name}"
    return own if own in {*SAID_BY, *OWN_WORDS, *NAMES_OF_FORMATS} else name


def read(verb: str, language: Language, /, **after: object) -> str:
    content = {"verb": verb, "after": after}
    reader = JournalReader(language=language, catalogue=CATALOGUE, zone=ZoneInfo("Asia/Shanghai"))
    return reader.sentence(content)


def in_both(words: Translated) -> tuple[str, str]:
    return words.zh, words.en


def test_each_field_that_has_words_has_its_codes_here() -> None:
    assert DOMAINS.keys() == SAID_BY.keys()


@pytest.mark.parametrize("key", sorted(DOMAINS))
def test_each_code_that_a_field_can_hold_has_words(key: str) -> None:
    said = {str(code): SAID_BY[key](str(code)) for code in DOMAINS[key]}

    assert [code for code, one in said.items() if RAW.search(one.zh + one.en)] == []
    assert [code for code, one in said.items() if not re.search("[\u4e00-\u9fff]", one.zh)] == []


@pytest.mark.parametrize(("verb", "name"), HOLES)
def test_each_hole_of_a_sentence_is_filled_with_words(verb: str, name: str) -> None:
    """Fails for a new hole: say its codes in SAID_BY, or here why it may stand as it is."""
    key = key_of(verb, name)
    if key in OWN_WORDS | NAMES | NUMBERS_AND_TIMES | NAMES_OF_FORMATS:
        return
    codes = [one.code for one in PACKAGE.questionnaires]
    for code in codes if name == "questionnaire_code" else DOMAINS[key]:
        zh, en = (read(verb, one, **{name: str(code)}) for one in Language)

        assert RAW.findall(zh + en) == [], code
        # A code of one word would pass for English; among Chinese words it stands out.
        assert not WORD_OF_CODE.fullmatch(str(code)) or str(code) not in zh, code


@pytest.mark.parametrize("reason", sorted(REASONS | {f"data_request:{1:032x}", "flag 1"}))
def test_a_reason_of_ours_is_words_and_anybodys_own_stays(reason: str) -> None:
    content = {"verb": "device_session.revoked", "after": {}, "reason": reason}
    zh, en = (JournalReader(language=one).reason(content) or "" for one in Language)

    assert RAW.findall(zh + en) == []
    assert re.search("[\u4e00-\u9fff]", zh)
    assert in_both(reason_in_words("她换了手机 (new_phone)")) == ("她换了手机 (new_phone)",) * 2


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_what_kept_a_message_back_is_words_beside_a_providers_code(code: str) -> None:
    zh, en = in_both(error_in_words(code))

    assert RAW.findall(zh + en) == []
    assert re.search("[\u4e00-\u9fff]", zh)
    assert not code.isdecimal() or (code in zh and code in en)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_each_text_of_the_study_is_called_by_what_it_is_for(key: str) -> None:
    zh, en = in_both(text_in_words(key))

    assert RAW.findall(zh + en) == []
    assert re.search("[\u4e00-\u9fff]", zh)
    assert en[0].isupper()


def test_a_text_that_another_study_names_stands_without_underscores() -> None:
    assert in_both(text_in_words("weekly_nudge_sms")) == ("weekly nudge",) * 2


@pytest.mark.parametrize("mode", EntryMode)
def test_a_session_opened_for_her_says_how(mode: EntryMode) -> None:
    said = client_in_words(f"li.min ({mode.value}) Firefox")

    assert said is not None
    assert RAW.findall(said.zh + said.en) == []
    assert said.zh.startswith("li.min (")
    assert client_in_words("") is None


def test_each_part_of_the_system_that_acts_is_called_by_what_it_does() -> None:
    names = {
        str(call.args[0].value)
        for _, call in calls_in_product()
        if dotted(call.func) == "system_actor" and isinstance(call.args[0], ast.Constant)
    }
    reader = JournalReader(language=Language.ZH)
    said = {one: reader.actor({"actor": {"name": one, "role": "system"}}) for one in names}

    assert len(names) > 20
    assert [one for one, words in said.items() if not re.search("[\u4e00-\u9fff]", words)] == []
    assert reader.actor({"actor": {"name": "li_min", "role": "coordinator"}}) == "li_min"
    by_hand = {"actor": {"name": f"{COMMAND_LINE}root", "role": "system"}}
    assert reader.actor(by_hand) == "命令行: root"


def test_times_are_told_by_the_clock_of_the_reader() -> None:
    said = read("flag.reported", Language.EN, sent_at="2026-03-01T20:30:00+00:00", tier="ORANGE")

    assert said.endswith("2026-03-02 04:30+08:00")


def test_one_of_a_row_is_counted_and_one_of_a_day_has_its_date() -> None:
    common = {"questionnaire_code": "daily"}

    assert "第 3 次" in read("assessment.planned", Language.ZH, occurrence="3", **common)
    assert "2026-03-01" in read(
        "assessment.planned", Language.ZH, occurrence="2026-03-01", **common
    )


def test_a_value_that_is_not_there_shows_as_a_dash() -> None:
    for after in ({}, {"event": None}):
        assert read("anchor.recorded", Language.EN, **after) == "recorded the time of –"


def test_a_verb_without_words_is_named_as_it_is() -> None:
    assert read("moon.landed", Language.EN) == "moon.landed"


def test_words_in_a_value_are_no_template() -> None:
    said = read("audit_review.marked", Language.EN, remark="{__class__}{0}", upto_on="2026-03-01")

    assert said.endswith("{__class__}{0}")


def test_of_answers_only_those_that_changed_are_told_question_by_question() -> None:
    form = next(one for one in PACKAGE.questionnaires if one.code == "daily")
    before = [{"link_id": "temp", "value": 36.5}, {"link_id": "urgent", "value": ["none"]}]
    content = {
        "verb": "response.corrected",
        "before": {"answers": before, "revision": 1},
        "after": {
            "questionnaire_code": form.code, "questionnaire_version": form.version,
            "answers": [{"link_id": "temp", "value": 38.9}, before[1]], "revision": 2,
            "last_entry_on": "2026-03-01",
        },
    }  # fmt: skip

    told = JournalReader(language=Language.ZH, catalogue=CATALOGUE).changes(content)

    question = next(one for one in form.items if one.link_id == "temp")
    assert [(one.before, one.after) for one in told][-1] == ("1", "2")
    urgent = next(one for one in form.items if one.link_id == "urgent")
    assert urgent.text.zh not in {one.field for one in told}
    assert "36.5" in told[0].before
    assert "38.9" in told[0].after
    assert told[0].field[:6] == question.text.zh[:6]
    assert told[-1].field == "版本"


@pytest.mark.req("T-04")
def test_people_are_named_by_their_full_names_and_their_accounts() -> None:
    content = {
        "verb": "flag.reassigned", "actor": {"name": "li_min", "role": "coordinator"},
        "after": {"owner": "zhang.jing"}, "before": {"owner": "left.long.ago"}, "reason": None,
    }  # fmt: skip
    for language in Language:
        reader = JournalReader(
            language=language, people={"li_min": "Li Min", "zhang.jing": "Zhang Jing"}
        )

        assert reader.actor(content) == "Li Min (li_min)"
        assert "Zhang Jing (zhang.jing)" in reader.sentence(content)
        (change,) = reader.changes(content)
        assert (change.before, change.after) == ("left.long.ago", "Zhang Jing (zhang.jing)")
