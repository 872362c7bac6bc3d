"""The two interpreters of branching and advice, asked the same: the server's and the phone's."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import epro
from questionnaires.branching import applies, visible
from questionnaires.definition import Behavior, Clause, Item, SafetyRule, ThermometerRoute, Trigger
from questionnaires.rules import Surroundings, derive, met_rules
from questionnaires.tiers import Tier
from tests.questionnaires.forms import BOTH, clause, form, item

PHONE = Path(epro.__file__).parent / "web" / "phone" / "js" / "branch.js"
RUNNER = Path(__file__).parent / "twin.mjs"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Case = dict[str, Any]


def ask_phone(cases: Sequence[Case], source: str | None = None) -> list[Any]:
    """Return the phone's answers, of one Node process; `source` is a changed interpreter."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is missing; `make node` installs it.")
    lines = [PHONE.read_text(encoding="utf-8") if source is None else source, *cases]
    run = subprocess.run(
        [node, str(RUNNER)], input="\n".join(map(json.dumps, lines)),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def ask_server(case: Case) -> Any:
    """Return what the server's interpreter says to a case of the same shape."""
    answers = case["answers"]
    if case["kind"] == "enabled":
        return applies(_clauses(case["clauses"]), Behavior(case["behavior"]), answers)
    if case["kind"] == "walk":
        return list(visible(form(*map(_item, case["items"])), answers))
    surroundings = case["surroundings"]
    infusion, route = surroundings["latestInfusionAt"], surroundings["route"]
    derived = derive(
        answers,
        Surroundings(
            answered_at=_instant(surroundings["answeredAt"]),
            latest_infusion_at=None if infusion is None else _instant(infusion),
            thermometer_route=None if route is None else ThermometerRoute(route),
        ),
        default_route=ThermometerRoute(surroundings["defaultRoute"]),
    )
    plain = {str(name): value for name, value in derived.items()}
    met = met_rules([_rule(one) for one in case["rules"]], {**answers, **plain})
    return {
        "derived": plain,
        "met": [{"id": one.rule.id, "trigger_index": one.trigger_index} for one in met],
    }


def _instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def _clauses(raw: Sequence[Case]) -> tuple[Clause, ...]:
    return tuple(clause(**one) for one in raw)


def _item(raw: Case) -> Item:
    return item(
        raw["link_id"], "text", enable_when=_clauses(raw["enable_when"]),
        enable_behavior=Behavior(raw["enable_behavior"]),
    )  # fmt: skip


def _rule(raw: Case) -> SafetyRule:
    return SafetyRule(
        id=raw["id"], tier=Tier(raw["tier"]), tonight=raw.get("tonight", False),
        possible_serious=False, title=BOTH, advice=BOTH, is_on=raw.get("is_on", True),
        triggers=tuple(Trigger(_clauses(one["clauses"])) for one in raw["triggers"]),
    )  # fmt: skip
