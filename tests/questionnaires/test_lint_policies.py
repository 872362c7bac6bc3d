"""What keeps a package's policies from being published, each with the change that makes it so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from questionnaires.definition import StudyPackage
from questionnaires.escalating import (
    Calls,
    Elapsed,
    LadderCase,
    OnWorkingDay,
    Recipient,
)
from questionnaires.lint import Severity, check
from questionnaires.schedule import ClockTime
from questionnaires.tiers import Channel, Tier
from tests.questionnaires.forms import shipped


def codes(package: StudyPackage) -> set[str]:
    found = check(package)
    assert {one.severity for one in found} <= {Severity.FAULT}
    return {one.code for one in found}


def with_silence(part: str | None = None, **changes: object) -> StudyPackage:
    policy = shipped().silence
    if part:
        changes = {part: replace(getattr(policy, part), **changes)}
    return replace(shipped(), silence=replace(policy, **changes))  # type: ignore[arg-type]


def with_escalation(**changes: object) -> StudyPackage:
    return replace(
        shipped(),
        escalation=replace(shipped().escalation, **changes),  # type: ignore[arg-type]
    )


def with_ladder(number: int, **changes: object) -> StudyPackage:
    ladders = list(shipped().escalation.ladders)
    ladders[number] = replace(ladders[number], **changes)  # type: ignore[arg-type]
    return with_escalation(ladders=tuple(ladders))


def with_first_step(number: int, **changes: object) -> StudyPackage:
    first, *rest = shipped().escalation.ladders[number].steps
    return with_ladder(number, steps=(replace(first, **changes), *rest))  # type: ignore[arg-type]


def with_digest(**changes: object) -> StudyPackage:
    digest = shipped().escalation.digest
    assert digest
    return with_escalation(digest=replace(digest, **changes))  # type: ignore[arg-type]


def saying(key: str, words: str) -> StudyPackage:
    texts = [
        replace(text, body=replace(text.body, zh=words)) if text.key == key else text
        for text in shipped().texts
    ]
    return replace(shipped(), texts=tuple(texts))


def without(*texts: str) -> StudyPackage:
    kept = tuple(text for text in shipped().texts if text.key not in texts)
    return replace(shipped(), texts=kept)


@pytest.mark.req("A-13")
@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: with_silence("call_now", blocks=("S99",)), "unknown_block"),
        (lambda: with_silence("missed", blocks=("S99",)), "unknown_block"),
        (lambda: with_silence("missed_in_a_row", blocks=("S99",)), "unknown_block"),
        (lambda: with_silence("missed_while_open", blocks=("S99",)), "unknown_block"),
        (lambda: with_silence("call_now", minutes_after_due=-1), "minutes"),
        (lambda: with_silence("missed", tier=Tier.RED_B), "tier"),
        (lambda: with_silence("missed_in_a_row", count=1), "count"),
        (lambda: with_silence(early_days=0), "early_days"),
        (lambda: with_silence(id="R01"), "duplicate"),
    ],
)
def test_a_silence_that_cannot_be_meant_is_refused(
    made: Callable[[], StudyPackage], code: str
) -> None:
    assert codes(made()) == {code}


@pytest.mark.req("A-06")
@pytest.mark.parametrize("named", ["{site} {code}", "{tier}", "{link}", "{rule} {time}"])
def test_a_text_for_the_sponsor_names_only_the_site(named: str) -> None:
    texts = [
        replace(text, body=replace(text.body, en=named)) if text.key == "sponsor_sms" else text
        for text in shipped().texts
    ]

    assert codes(replace(shipped(), texts=tuple(texts))) == {"placeholder"}


@pytest.mark.req("A-07")
@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: with_escalation(ladders=shipped().escalation.ladders[1:]), "no_ladder"),
        (lambda: with_ladder(3, case=LadderCase.TONIGHT), "no_ladder"),
        (lambda: with_ladder(0, steps=()), "nobody"),
        (lambda: with_first_step(0, to=()), "nobody"),
        (lambda: with_first_step(5, to=(Recipient.COORDINATOR,)), "no_physician"),
        (lambda: with_first_step(0, by=(Channel.SMS,)), "one_channel"),
        (lambda: with_first_step(0, template="nobody"), "unknown_text"),
        (lambda: with_first_step(0, template="sponsor"), "wrong_audience"),
        (lambda: with_first_step(0, to=(Recipient.SPONSOR_CONTACT,)), "wrong_audience"),
        (lambda: with_first_step(0, to=tuple(Recipient)), "mixed"),
        (lambda: with_first_step(0, when=Elapsed(5)), "too_late"),
        (lambda: with_first_step(4, when=OnWorkingDay(1, ClockTime(0, 780))), "too_late"),
        (lambda: with_escalation(digest=None), "too_late"),
        (lambda: with_digest(to=()), "nobody"),
        (lambda: with_digest(to=(Recipient.SPONSOR_CONTACT,)), "nobody"),
        (lambda: with_digest(tiers=(Tier.YELLOW, Tier.ORANGE)), "tier"),
        (lambda: with_digest(template="nobody"), "unknown_text"),
        (lambda: with_ladder(0, calls=Calls(every_minutes=0, template="alert")), "calls"),
        (lambda: with_ladder(0, calls=Calls(every_minutes=5, template="nobody")), "unknown_text"),
        (lambda: without("heard_voice"), "unknown_text"),
        (lambda: saying("heard_voice", "她在发烧。"), "telling_word"),
        (lambda: saying("alert_voice", "{code} {rule}"), "placeholder"),
        (lambda: without("escalation_sms"), "unknown_text"),
        (lambda: without("incident_silent_worker_sms"), "unknown_text"),
        (
            lambda: with_escalation(
                office_hours=replace(shipped().escalation.office_hours, days=())
            ),
            "office_hours",
        ),
        (
            lambda: with_escalation(night=replace(shipped().escalation.night, tier=Tier.YELLOW)),
            "tier",
        ),
    ],
)
def test_a_ladder_on_which_somebody_would_wait_in_vain_is_refused(
    made: Callable[[], StudyPackage], code: str
) -> None:
    assert code in codes(made())
