"""What a benchmark states is read back from the page as it was written, and compared."""

import pytest

from tests.bench.section import Ratio, Section, differences, ratios_in

STATED = {"a million to ten thousand": Ratio(1.02, 15), "memory, MB": Ratio(122.0, 5)}
SECTION = Section(
    title="Finding", how="One tick.", columns=("stored", "tick"), rows=[("10,000", "398 ms")],
    finding="Work grows with what is due.", ratios=STATED,
)  # fmt: skip
PAGE = f"""# Benchmarks

<!-- other: begin -->
{Section(title="Other", how="x", columns=("a",), rows=[], ratios={"of its own": Ratio(2, 9)})}
<!-- other: end -->

<!-- due: begin -->
{SECTION.to_markdown()}
Measured 2026-11-26, 2 cores.
<!-- due: end -->
"""


def test_the_page_is_read_back_as_it_was_written() -> None:
    assert ratios_in(PAGE, "due") == STATED
    assert ratios_in(PAGE, "unknown") == {}


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ({"a million to ten thousand": 1.15, "memory, MB": 118.0}, []),
        ({"a million to ten thousand": 1.30, "memory, MB": 122.0}, ["a million to ten thousand"]),
        ({"a million to ten thousand": 0.80, "memory, MB": 140.0},
         ["a million to ten thousand", "memory, MB"]),
        ({"a million to ten thousand": 1.02}, ["memory, MB"]),
    ],
)  # fmt: skip
def test_a_second_run_is_told_which_ratios_it_did_not_find_again(
    found: dict[str, float], missed: list[str]
) -> None:
    again = {name: Ratio(value, 15) for name, value in found.items()}

    said = list(differences(STATED, again))

    assert [one.rpartition(": ")[0] for one in said] == missed


def test_what_is_drawn_from_seeds_has_to_come_out_the_same() -> None:
    assert Ratio(2.21, 0).is_found_again(2.2134)
    assert not Ratio(2.21, 0).is_found_again(2.22)
