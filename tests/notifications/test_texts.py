"""Texts: what may be put into them, and what they cost."""

import pytest

from notifications.texts import BadText, Text, check_params, needed, render


def test_parameters_are_put_where_the_text_names_them() -> None:
    text = Text("{code} {tier} {time} 请登录确认。", subject="{code}")

    rendered = render(text, {"code": "SZ01-014", "tier": "RED", "time": "19:04", "rule": "R09"})

    assert rendered == Text("SZ01-014 RED 19:04 请登录确认。", subject="SZ01-014")


@pytest.mark.req("A-06")
def test_what_a_text_does_not_name_is_not_needed_by_it() -> None:
    assert needed(Text("{code} {time}", subject="{tier}")) == {"code", "time", "tier"}


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("{code} {time}", {"code": "SZ01-014"}),
        ("{name}", {"code": "SZ01-014"}),
        ("{code.upper}", {"code": "SZ01-014"}),
        ("{}", {}),
        ("ok", {"answer": "7"}),
        ("{code}", {"code": "two\nlines"}),
        ("{code}", {"code": "x" * 201}),
    ],
    ids=["missing", "unknown", "attribute", "empty", "answer", "lines", "long"],
)
@pytest.mark.req("A-06", "X-07")
def test_a_text_and_parameters_that_do_not_fit_are_refused(
    text: str, params: dict[str, str]
) -> None:
    with pytest.raises(BadText):
        render(Text(text), params)


def test_a_value_that_looks_like_a_placeholder_stays_what_it_is() -> None:
    assert render(Text("{code} {tier}"), {"code": "{tier}", "tier": "RED"}).body == "{tier} RED"


def test_a_refusal_names_the_parameter_and_not_its_value() -> None:
    with pytest.raises(BadText, match="Unknown parameter: phone") as refusal:
        check_params({"phone": "+8613800000001"})

    assert "138" not in str(refusal.value)
