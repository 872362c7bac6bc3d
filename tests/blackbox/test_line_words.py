"""Words of danger in a report reach the site when nobody answers what her phone asks."""

from datetime import timedelta

import pytest

from tests.blackbox.line import Line

pytestmark = pytest.mark.blackbox


@pytest.mark.req("A-11")
def test_words_she_was_asked_about_in_vain_are_told_after_a_quarter_of_an_hour(line: Line) -> None:
    phone = line.new_phone()
    sent_at = line.system.now()
    line.answer(phone, "ae_report", but={"note": "昨晚住院了"})

    line.move_to(sent_at + timedelta(minutes=14))
    assert line.flags(phone) == []

    line.move_to(sent_at + timedelta(minutes=16))
    (flag,) = line.flags(phone)
    assert (flag["tier"], flag["rules"]) == ("ORANGE", ["R30"])
    assert line.texts_about(phone) != []
