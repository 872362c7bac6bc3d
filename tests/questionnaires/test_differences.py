"""What an amendment changes is told value by value, under the names that people gave."""

from dataclasses import replace

import pytest

from questionnaires.definition import Translated
from questionnaires.differences import differences
from tests.questionnaires.forms import form, item, shipped


@pytest.mark.req("S-10")
def test_a_package_does_not_differ_from_itself() -> None:
    assert differences(shipped(), shipped()) == ()


@pytest.mark.req("S-10")
def test_a_changed_word_is_found_where_it_stands() -> None:
    package = shipped()
    daily = package.questionnaires[0]
    changed = replace(daily.items[0], text=Translated(daily.items[0].text.zh, "How hot?"))
    other = replace(daily, version="1.1.0", items=(changed, *daily.items[1:]))

    found = differences(
        package, replace(package, questionnaires=(other, *package.questionnaires[1:]))
    )

    assert [one.place for one in found] == [
        f"questionnaires.{daily.code}.version",
        f"questionnaires.{daily.code}.items.{changed.link_id}.text.en",
    ]
    assert str(found[1]).endswith("→ How hot?")


@pytest.mark.req("S-10")
def test_what_comes_goes_or_changes_its_place_is_told() -> None:
    a, b, c = item("a"), item("b"), item("c")

    gone = differences(form(a, b), form(a))
    come = differences(form(a), form(a, c))
    turned = differences(form(a, b), form(b, a))

    assert [str(one) for one in gone] == ["- items.b: b 中文 / English"]
    assert [str(one) for one in come] == ["+ items.c: c 中文 / English"]
    assert [str(one) for one in turned] == ["~ items (order): a, b → b, a"]


@pytest.mark.req("S-10")
def test_numbers_and_truths_are_told_apart() -> None:
    one, other = item("a", "number", hard_min=0.0), item("a", "number", hard_min=1.0)

    assert [str(found) for found in differences(form(one), form(other))] == [
        "~ items.a.hard_min: 0.0 → 1.0"
    ]
