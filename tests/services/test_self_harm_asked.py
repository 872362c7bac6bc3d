"""Where the ethics committee wants thoughts of self-harm asked, a study switches rule R29a on.

As shipped nobody is asked and the rule is off. A study that wants it takes the part `self_harm`
into its diary and turns the rule on, in a folder of its own; so do these tests, with files alone.
"""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagTrigger, ResponseStatus, Screening
from epro.services import offline_advice, screening
from questionnaires.checking import check_folder
from questionnaires.definition import AnswerValue, StudyPackage
from questionnaires.reading import INSTRUMENTS
from questionnaires.schedule import AnchorEvent
from questionnaires.sources import PackageFaults
from questionnaires.tiers import Tier
from tests.factories import SHIPPED, shipped_package
from tests.services.given import begin, local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, flags_of

pytestmark = pytest.mark.req("A-11")

EVENING = local(INFUSED_ON + timedelta(days=5), 18)
OFF, ON = "- id: R29a\n    is_on: false\n", "- id: R29a\n    is_on: true\n"
LAST, ASKED_TOO = "  - include: help_now\n", "  - include: self_harm\n  - include: help_now\n"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def study_in(home: Path, *, is_asked: bool = True, is_on: bool = True) -> Path:
    """Copy the shipped study and change what its builder would: the diary, and a switch."""
    folder = Path(shutil.copytree(SHIPPED, home / "study"))
    if is_asked:
        shutil.copy(INSTRUMENTS / "daily.yaml", folder)
        edit(folder / "daily.yaml", LAST, ASKED_TOO)
    if is_on:
        edit(folder / "rules.yaml", OFF, ON)
    return folder


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> StudyPackage:
    return check_folder(study_in(tmp_path_factory.mktemp("asked"))).package


def infused(session: Session, package: StudyPackage) -> Line:
    given = begin(session, package=package)
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    return Line(given=given, coordinator=given.coordinator, investigator=given.coordinator)


def rules_met(session: Session) -> list[str]:
    return session.scalars(select(Screening.rules_met)).one()


@pytest.mark.parametrize(
    ("answer", "tiers", "rules"),
    [
        pytest.param(True, [Tier.RED_A], ["R29a"], id="yes"),
        pytest.param(False, [], [], id="no"),
        pytest.param(None, [], [], id="declined"),
    ],
)
def test_only_a_yes_is_a_flag_and_at_once(
    session: Session,
    package: StudyPackage,
    answer: AnswerValue | None,
    tiers: list[Tier],
    rules: list[str],
) -> None:
    line = infused(session, package)

    stored = line.answer(
        session, line.diary_on(session, EVENING.date()), now=EVENING, self_harm=answer
    )

    assert rules_met(session) == rules
    assert [flag.tier for flag in flags_of(session) if flag.possible_serious] == tiers
    assert len(flags_of(session)) == len(tiers)
    assert session.scalars(select(FlagTrigger.rule)).all() == rules
    assert stored.reply.get("safety_question") is None, "who says yes is not asked back first"


def test_a_yes_on_a_diary_put_away_is_a_flag_after_ten_minutes(
    session: Session, package: StudyPackage
) -> None:
    line = infused(session, package)
    line.answer(
        session, line.diary_on(session, EVENING.date()), now=EVENING, self_harm=True,
        status=ResponseStatus.IN_PROGRESS,
    )  # fmt: skip
    assert flags_of(session) == []

    later = EVENING + screening.IDLE_BEFORE_A_DRAFT_FLAGS
    screening.flag_idle_drafts(session, catalogue=line.given.catalogue, now=later)

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_A]


def test_asked_without_the_rule_it_is_no_flag(session: Session, tmp_path: Path) -> None:
    line = infused(session, check_folder(study_in(tmp_path, is_on=False)).package)

    line.answer(session, line.diary_on(session, EVENING.date()), now=EVENING, self_harm=True)

    assert (rules_met(session), flags_of(session)) == ([], [])


def test_the_rule_without_the_question_cannot_be_published(tmp_path: Path) -> None:
    with pytest.raises(PackageFaults) as refused:
        check_folder(study_in(tmp_path, is_asked=False))

    (fault,) = refused.value.faults
    assert (fault.file, "R29a" in fault.path) == ("rules.yaml", True)
    assert "self_harm" in fault.reason


def test_the_phone_says_where_help_is_without_a_network(
    session: Session, package: StudyPackage
) -> None:
    line = infused(session, package)

    kept = offline_advice.of_participant(
        session, line.given.actor, catalogue=line.given.catalogue, now=EVENING
    )

    (rule,) = (one for one in kept.rules if one.id == "R29a")
    for words in (rule.advice.zh, rule.advice.en):
        assert "120" in words
        assert "12356" in words


def test_as_shipped_nobody_is_asked_and_the_rule_is_off() -> None:
    shipped = shipped_package()

    (rule,) = (one for one in shipped.rules if one.id == "R29a")
    assert not rule.is_on
    assert all(item.link_id != "self_harm" for one in shipped.questionnaires for item in one.items)
