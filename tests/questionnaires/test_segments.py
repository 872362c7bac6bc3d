"""What a text message costs: the two alphabets and their places."""

import pytest

from questionnaires.segments import places, segments


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("请" * 70, 1),
        ("请" * 71, 2),
        ("请" * 134, 2),
        ("请" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_the_length_of_an_sms_is_counted_in_segments(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    ("text", "count"), [("abc", 3), ("a€", 3), ("请", 1), ("a’", 2), ("a😀", 3), ("", 0)]
)
def test_places_are_septets_or_utf_16_units(text: str, count: int) -> None:
    assert places(text) == count
