"""What Twilio reports afterwards, over HTTP: believed with its signature only, else harmless."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.blackbox.line import Line
from tests.blackbox.people import Phone
from tests.standins.twilio import Callback, sign

pytestmark = [pytest.mark.blackbox, pytest.mark.req("N-04")]

UNREACHABLE = 30003


def forged(report: Callback) -> Callback:
    return replace(report, signature=sign(report.url, report.form, auth_token="guessed"))


def unsigned(report: Callback) -> Callback:
    return replace(report, signature="")


def tampered(report: Callback) -> Callback:
    return replace(report, form=report.form | {"MessageStatus": "failed"})


def added_to(report: Callback) -> Callback:
    return replace(report, form=report.form | {"Another": "field"})


def about_another_message(report: Callback) -> Callback:
    return replace(report, url=f"{report.url.rpartition('/')[0]}/{uuid4()}")


def test_a_report_without_its_own_signature_is_refused_and_changes_nothing(line: Line) -> None:
    phone = reminded(line)
    true = line.twilio.callback(line.kept_for(phone)[0].sid, "undelivered", error_code=UNREACHABLE)
    changed = (forged, unsigned, tampered, added_to, about_another_message)

    heard = {change.__name__: line.twilio.post(change(true)) for change in changed}
    work = work_about(line, phone)

    assert heard == {change.__name__: 403 for change in changed}
    assert work == []
    # As Twilio sent it, it is believed.
    assert line.twilio.post(true) == 204
    assert work_about(line, phone) == ["not_reached"]


def test_reports_repeated_and_out_of_order_never_take_back_a_delivery(line: Line) -> None:
    phone = reminded(line)

    said = [
        report(line, phone, status)
        for status in ("delivered", "delivered", "sent", "queued", "undelivered", "failed")
    ]

    assert said == [204] * 6
    assert work_about(line, phone) == []
    assert line.journal(phone, "message.undelivered") == []
    assert len(line.journal(phone, "message.sent")) == 1


def test_a_failure_reported_again_and_again_is_one_call_to_make(line: Line) -> None:
    phone = reminded(line)

    said = [report(line, phone, status) for status in ("undelivered", "undelivered", "failed")]

    assert said == [204] * 3
    assert work_about(line, phone) == ["not_reached"]


def test_a_signed_report_on_a_message_that_nobody_knows_is_harmless(line: Line) -> None:
    phone = reminded(line)
    known = line.twilio.callback(line.kept_for(phone)[0].sid, "undelivered")
    url = f"{known.url.rpartition('/')[0]}/{uuid4()}"

    assert line.twilio.post(Callback(url, known.form, sign(url, known.form))) == 204
    assert work_about(line, phone) == []


def reminded(line: Line) -> Phone:
    """Have somebody reminded this evening."""
    line.begin_day()
    phone = line.expecting()
    line.move_to(line.at("18:00"))
    assert len(line.kept_for(phone)) == 1
    return phone


def report(line: Line, phone: Phone, status: str) -> int:
    return line.twilio.post(line.twilio.callback(line.kept_for(phone)[0].sid, status))


def work_about(line: Line, phone: Phone) -> list[str]:
    """Return what the site has to do about a participant."""
    hers = [one["kind"] for one in line.system.listed_of(phone.code, "/work-items")]
    # A rating that is due has nothing to do with messages.
    return [kind for kind in hers if kind != "rating_due"]
