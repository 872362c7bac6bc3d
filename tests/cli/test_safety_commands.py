"""What the commands on safety rules print and write."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Demonstration
from tests.cli.test_commands import commands_on
from tests.factories import SHIPPED


def with_a_lower_limit(folder: Path) -> Path:
    """Copy the shipped study with fever from 37.0 °C on in rule R05."""
    study = folder / "tried"
    shutil.copytree(SHIPPED, study)
    rules = (study / "rules.yaml").read_text("utf-8")
    assert rules.count('operator: ">=", answer: 380') > 1
    changed = rules.replace('operator: ">=", answer: 380', 'operator: ">=", answer: 362')
    (study / "rules.yaml").write_text(changed, encoding="utf-8")
    return study


@pytest.mark.req("A-03")
def test_other_rules_are_tried_on_what_was_answered(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    out = tmp_path / "differences.csv"

    same = demonstration.give("safety", "replay", "1.0.0")
    tried = demonstration.give(
        "safety", "replay", str(with_a_lower_limit(tmp_path)), "--csv", str(out)
    )  # fmt: skip
    nobody = demonstration.give("safety", "replay", "1.0.0", "--participant", "SZ01-999")
    unknown = demonstration.give("safety", "replay", "9.9.9")

    assert same.exit_code == 0, same.output
    assert "gained 0  lost 0  higher 0  lower 0  other rules 0" in same.stdout
    assert "come out otherwise" not in same.stdout
    lines = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert {line["change"] for line in lines} >= {"gained"}
    assert f"gained {sum(line['change'] == 'gained' for line in lines)} " in tried.stdout
    assert all(line["participant"] in tried.stdout for line in lines)
    assert "no participant SZ01-999" in nobody.output
    assert "(1.0.0)" in unknown.output


@pytest.mark.req("A-03")
def test_the_rules_are_written_out_to_sign(tmp_path: Path) -> None:
    give = commands_on("sqlite://", tmp_path)
    html, pdf = tmp_path / "rules.html", tmp_path / "rules.pdf"

    written = give("safety", "rules", str(SHIPPED), "--html", str(html), "--pdf", str(pdf))
    nothing = give("safety", "rules", str(SHIPPED))

    sha256 = written.stdout.split()[-1]
    assert written.exit_code == 0, written.output
    assert sha256 in html.read_text("utf-8")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "at least one of" in nothing.output


@pytest.mark.req("A-03")
def test_the_load_of_flags_is_simulated_without_a_database(tmp_path: Path) -> None:
    give = commands_on("sqlite:///does-not-exist/x", tmp_path)

    found = give("safety", "load", str(SHIPPED), "--participants", "4", "--seed", "3")

    assert found.exit_code == 0, found.output
    assert "4 participants, 28 days" in found.stdout
    assert all(f"\n{tier} " in found.stdout for tier in ("RED", "ORANGE", "YELLOW"))
