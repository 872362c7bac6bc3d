"""Questionnaires over the command line: from FHIR, to FHIR, and all that is told on the way."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire

from epro.cli import main
from questionnaires.definition import Questionnaire
from questionnaires.fhir.reading import from_fhir
from questionnaires.reading import INSTRUMENTS, read_questionnaire
from questionnaires.writing import to_yaml
from tests.questionnaires.foreign_forms import BY_VALUE_SET, GROUPED
from tests.questionnaires.forms import shipped, shipped_form


def give(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("questionnaire", *arguments))


def written(folder: Path, name: str, resource: object) -> str:
    file = folder / name
    file.write_text(json.dumps(resource), encoding="utf-8")
    return str(file)


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("questionnaire", shipped().questionnaires, ids=lambda one: one.code)
def test_written_as_yaml_a_questionnaire_reads_back_the_same(
    tmp_path: Path, questionnaire: Questionnaire
) -> None:
    file = tmp_path / f"{questionnaire.code}.yaml"
    file.write_text(to_yaml(questionnaire), encoding="utf-8")

    assert read_questionnaire(file) == questionnaire


@pytest.mark.req("Q-01")
def test_an_export_is_fhir_and_an_import_of_it_is_the_questionnaire(tmp_path: Path) -> None:
    out = tmp_path / "daily.json"

    exported = give(
        "export", "daily", "--version", shipped_form("daily").version, "--out", str(out)
    )
    imported = give("import", str(out), "--into", str(tmp_path))

    assert exported.exit_code == 0, exported.output
    assert "Note: item[0] 'temp': only this system understands" in exported.output
    FhirQuestionnaire.model_validate_json(out.read_text("utf-8"))
    assert imported.exit_code == 0, imported.output
    assert "Note:" not in imported.output
    assert read_questionnaire(tmp_path / "daily.yaml") == shipped_form("daily")


@pytest.mark.req("Q-01")
def test_without_out_the_resource_alone_is_on_the_standard_output() -> None:
    shown = give("export", "practice")

    assert from_fhir(json.loads(shown.stdout)).questionnaire == shipped_form("practice")
    assert shown.stderr.startswith("Note: ")


@pytest.mark.req("Q-01")
def test_a_form_of_others_is_written_with_what_is_left_to_do(tmp_path: Path) -> None:
    told = give("import", written(tmp_path, "panel.json", GROUPED), "--code", "garden",
                "--into", str(tmp_path))  # fmt: skip

    assert told.exit_code == 0, told.output
    assert "Note: item[2] '/90004-0': says not how many decimals; 2 here" in told.output
    assert told.output.endswith("garden.yaml: garden 2.3.0, 5 items.\n")
    text = (tmp_path / "garden.yaml").read_text("utf-8")
    assert "In the past 7 days: weeding" in text
    assert "zh: ''" in text  # to be written; until then the study folder names the line


@pytest.mark.req("Q-01")
def test_what_cannot_be_taken_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    told = give("import", written(tmp_path, "x.json", BY_VALUE_SET), "--into", str(tmp_path))

    assert told.exit_code == 1
    assert "takes its choices from the value set http://forms.example.org" in told.output
    assert list(tmp_path.glob("*.yaml")) == []


@pytest.mark.req("Q-01")
def test_yaml_with_parts_becomes_one_file(tmp_path: Path) -> None:
    told = give("import", str(INSTRUMENTS / "daily.yaml"), "--into", str(tmp_path))

    assert told.exit_code == 0, told.output
    assert "include" not in (tmp_path / "daily.yaml").read_text("utf-8")
    assert read_questionnaire(tmp_path / "daily.yaml") == shipped_form("daily")


@pytest.mark.req("Q-01")
def test_a_file_is_not_replaced_by_accident(tmp_path: Path) -> None:
    arguments = ("import", str(INSTRUMENTS / "practice.yaml"), "--into", str(tmp_path))
    give(*arguments)

    assert "is there already" in give(*arguments).output
    assert give(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "nothing"), "There is no nothing.yaml in"),
        (("export", "daily", "--version", "9.9.9"), "daily is of version"),
    ],
)
def test_a_wrong_name_or_version_is_told(arguments: tuple[str, ...], said: str) -> None:
    told = give(*arguments)

    assert told.exit_code == 1
    assert said in told.output


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("not json", encoding="utf-8")

    assert "is neither YAML nor JSON" in give("import", str(tmp_path / "x.json")).output
