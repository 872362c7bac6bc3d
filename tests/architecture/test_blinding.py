"""Nothing that has a name in code, configuration or interface could carry allocation."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture import blinding
from tests.architecture.sources import ROOT, name_of, product_files, tree_of

API_DESCRIPTION = ROOT / "docs" / "openapi.json"
PAGE_SUFFIXES = (".html", ".jinja", ".js", ".mjs", ".css", ".json", ".webmanifest")

pytestmark = pytest.mark.req("B-01")


def test_no_name_in_the_code_can_carry_allocation() -> None:
    assert _findings(product_files(), lambda file: blinding.python_names(tree_of(file))) == {}


def test_no_file_name_can_carry_allocation() -> None:
    everything = product_files("*")

    assert _findings(everything, lambda file: [name_of(file)]) == {}


def test_no_key_or_code_of_a_study_can_carry_allocation() -> None:
    assert _findings(_studies(), lambda file: blinding.yaml_names(_read(file))) == {}


def test_no_text_of_a_study_or_page_speaks_of_allocation() -> None:
    pages = [file for suffix in PAGE_SUFFIXES for file in product_files(suffix)]
    texts = {file: list(blinding.yaml_texts(_read(file))) for file in _studies()}
    texts |= {file: [_read(file)] for file in pages}

    found = {
        name_of(file): [match[0] for text in of_file if (match := blinding.IN_TEXTS.search(text))]
        for file, of_file in texts.items()
    }

    assert {name: words for name, words in found.items() if words} == {}


def test_no_name_of_the_interface_can_carry_allocation() -> None:
    described = [API_DESCRIPTION] if API_DESCRIPTION.exists() else []

    assert _findings(described, lambda file: blinding.json_names(_read(file))) == {}


@pytest.mark.parametrize(
    "name",
    [
        "arm", "study_arm", "studyArm", "ArmCode", "ARM", "X-Study-Arm", "/api/v1/arms/<code>",
        "participant.cohort", "dose_level", "isRandomised", "randomization_number", "RANDOMIZED",
        "allocated_at", "allocation", "treatment_group", "activeTreatment", "sham_infusion",
        "placebo", "unblinded_at", "kit_number", "stratum",
    ],
)  # fmt: skip
def test_a_revealing_name_is_found(name: str) -> None:
    assert blinding.is_revealing(name)


@pytest.mark.parametrize(
    "name",
    [
        "alarm", "harm", "harmless", "charm", "arming", "warm", "farm", "random", "randbelow",
        "treatment", "group", "command_group", "infusion_visit_2", "diagnose", "shampoo", "kitchen",
        "stratus", "dummy_for_all", "active", "control",
    ],
)  # fmt: skip
def test_an_innocent_name_is_not(name: str) -> None:
    assert not blinding.is_revealing(name)


@pytest.mark.parametrize(
    "source",
    [
        "class Participant:\n    arm: Mapped[str]",
        "participant.cohort = 1",
        "def plan(*, dose): ...",
        "plan(allocation=1)",
        "class Visit(StrEnum):\n    SECOND = 'sham'",
        "import epro.models.randomisation",
        "@blueprint.get('/participants/<code>/arm')\ndef view(): ...",
        "text('SELECT code, cohort FROM participant')",
        "row['treatment_group']",
        "f'{placebo}'",
    ],
)
def test_a_word_planted_in_code_is_found(source: str) -> None:
    assert blinding.revealing(blinding.python_names(ast.parse(source))) != []


def test_sentences_in_code_are_not_names() -> None:
    source = '"""Never names an arm."""\nraise ValueError("A dose of paracetamol is not a number.")'

    assert blinding.revealing(blinding.python_names(ast.parse(source))) == []


@pytest.mark.parametrize(
    "source",
    ["cohort: 1", "a: {b: [{arm: x}]}", "items: [{link_id: study_arm}]", "codes: [placebo]"],
)
def test_a_word_planted_in_a_study_is_found(source: str) -> None:
    assert blinding.revealing(blinding.yaml_names(source)) != []


@pytest.mark.parametrize(
    "source", ['{"paths": {"/arms": {}}}', '{"enum": ["placebo"]}', '{"required": ["dose_level"]}']
)
def test_a_word_planted_in_the_interface_is_found(source: str) -> None:
    assert blinding.revealing(blinding.json_names(source)) != []


@pytest.mark.parametrize(
    "text", ["您被分到安慰剂组", "随机分组", "You may have received placebo.", "Your study arm"]
)
def test_a_text_that_speaks_of_allocation_is_found(text: str) -> None:
    assert blinding.IN_TEXTS.search(text)


@pytest.mark.parametrize("text", ["手臂疼痛吗？", "Does your arm hurt?", "您今天的剂量是多少？"])
def test_a_text_about_body_or_medicine_is_not(text: str) -> None:
    assert not blinding.IN_TEXTS.search(text)


def test_every_exception_is_needed_and_has_its_reason() -> None:
    used = {name for file in product_files() for name in blinding.python_names(tree_of(file))}
    used |= {name for file in _studies() for name in blinding.yaml_names(_read(file))}

    assert set(blinding.EXCEPTIONS) - used == set()
    assert all(blinding.EXCEPTIONS.values())


def _studies() -> tuple[Path, ...]:
    return (*product_files(".yaml"), *product_files(".yml"))


def _findings(
    files: Iterable[Path], names_of: Callable[[Path], Iterable[str] | Iterator[str]]
) -> dict[str, list[str]]:
    found = {name_of(file): blinding.revealing(names_of(file)) for file in files}
    return {name: names for name, names in found.items() if names}


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
