"""The record stays as long as the law asks, and goes only after a verified copy (V-06)."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.errors import InvalidInput
from epro.errors_of_record import DecommissionRefused
from epro.models import JournalEntry, JournalLink, KeptFrom, Participant, RetentionRule
from epro.services import decommissioning, retention
from tests.archive.receiving import LATER, Closed
from tests.factories import SYSTEM, add_site

pytestmark = pytest.mark.req("V-06")

APPROVED = date(2026, 3, 2)
OVER = datetime(2031, 3, 3, 1, tzinfo=UTC)  # nine in the morning of 3 March in Shenzhen
HELD = frozenset({"a" * 64})


@pytest.fixture
def closed(session: Session) -> Closed:
    """Nothing stands against it from 3 March 2031 on."""
    closed = Closed(session)
    closed.receive()
    closed.state(kept_from=KeptFrom.MARKETING_APPROVAL, from_on=APPROVED)
    return closed


def against(closed: Closed, *, verified: Collection[str] = HELD, now: datetime = OVER) -> list[str]:
    return list(decommissioning.reasons_against(closed.session, verified, now=now))


def test_with_everything_in_order_nothing_stands_against_it(closed: Closed) -> None:
    assert against(closed) == []


def test_on_the_last_day_it_is_refused_and_at_midnight_of_the_site_no_more(closed: Closed) -> None:
    midnight = datetime(2031, 3, 2, 16, tzinfo=UTC)

    (refused,) = against(closed, now=midnight - timedelta(seconds=1))

    assert refused == (
        "SZ01: it is kept to the end of 2031-03-02, 5 years after the marketing approval of"
        " 2026-03-02 (NMPA 1)."
    )
    assert against(closed, now=midnight) == []


def test_while_nobody_has_stated_an_approval_everything_is_kept_for_ever(session: Session) -> None:
    closed = Closed(session)
    closed.receive()

    (refused,) = against(closed, now=OVER + timedelta(days=36_500))

    assert "kept without limit" in refused


def test_a_contract_keeps_it_longer_and_a_shorter_one_changes_nothing(closed: Closed) -> None:
    closed.state(contract_until_on=date(2028, 1, 1))
    assert against(closed) == []

    closed.state(site=closed.site, contract_until_on=date(2040, 1, 1), document="contract 7")

    (refused,) = against(closed)
    assert "to the end of 2040-01-01, by contract (NMPA 1; contract 7)" in refused
    kept = retention.of_study(closed.session)
    assert (kept.until_on, kept.contract_until_on) == (date(2031, 3, 2), date(2028, 1, 1))


def test_more_years_at_a_site_count_there_and_a_leap_day_is_kept_to_the_first_of_march(
    closed: Closed,
) -> None:
    closed.state(from_on=date(2028, 2, 29), kept_from=KeptFrom.TRIAL_END,
                 now=datetime(2028, 3, 5, tzinfo=UTC))  # fmt: skip
    closed.state(site=closed.site, years=15)

    assert retention.of_study(closed.session).until_on == date(2033, 3, 1)
    assert retention.of_site(closed.session, closed.site).until_on == date(2043, 3, 1)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"years": 4}, "years"),
        ({"years": 101}, "years"),
        ({"from_on": date(2026, 3, 4), "kept_from": KeptFrom.MARKETING_APPROVAL}, "date"),
        ({"years": 10, "document": " "}, "document"),
    ],
)
def test_what_the_law_does_not_allow_is_not_stated(
    closed: Closed, said: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        closed.state(**said)

    assert [one["place"] for one in refused.value.details["problems"]] == [place]


@pytest.mark.parametrize("kept_from", KeptFrom)
def test_a_year_that_is_wrong_does_not_end_the_keeping_at_once(
    closed: Closed, kept_from: KeptFrom
) -> None:
    for from_on in (date(2016, 3, 2), date(2026, 2, 20)):
        with pytest.raises(InvalidInput) as refused:
            closed.state(kept_from=kept_from, from_on=from_on)

        assert [one["place"] for one in refused.value.details["problems"]] == ["date"]
    assert retention.of_study(closed.session).from_on == APPROVED


def test_the_document_of_each_value_that_stands_is_named(closed: Closed) -> None:
    closed.state(years=10, document="contract 8")
    closed.state(years=15, document="protocol 12.3")

    assert retention.of_study(closed.session).documents == ("NMPA 1", "protocol 12.3")


def test_the_years_begin_for_all_sites_on_one_day(closed: Closed) -> None:
    with pytest.raises(InvalidInput):
        closed.state(site=closed.site, from_on=APPROVED, kept_from=KeptFrom.TRIAL_END)


def test_each_statement_stays_on_record(session: Session, closed: Closed) -> None:
    closed.state(years=15, document="contract 9")

    years = session.scalars(select(RetentionRule.years).order_by(RetentionRule.number)).all()
    stated = session.scalars(
        select(JournalEntry.body)
        .where(JournalEntry.verb == "retention.stated")
        .order_by(JournalEntry.id)
    ).all()
    assert list(years) == [5, 15]
    assert '"before":{"years":5}' in stated[-1]
    with pytest.raises(DBAPIError, match="never changed or removed"), session.begin_nested():
        session.execute(delete(RetentionRule))


def test_without_a_copy_that_was_received_it_is_refused(session: Session) -> None:
    closed = Closed(session)
    closed.state(kept_from=KeptFrom.MARKETING_APPROVAL, from_on=APPROVED)

    (refused,) = against(closed)

    assert refused == "SZ01: no investigator has received a copy of its record."


@pytest.mark.parametrize("verified", [frozenset[str](), frozenset({"b" * 64})])
def test_the_copy_that_was_received_has_to_be_shown_and_to_hold(
    closed: Closed, verified: frozenset[str]
) -> None:
    (refused,) = against(closed, verified=verified)

    assert "was not shown, or does not hold" in refused


def test_what_changed_after_the_copy_asks_for_another(closed: Closed) -> None:
    closed.happens("response.corrected")

    (refused,) = against(closed)
    assert "1 changes are in no copy that was received" in refused
    assert "(response.corrected)" in refused

    closed.archive = closed.make("c")
    assert against(closed, verified={"a" * 64, "c" * 64}) != []
    closed.archive.received_at, closed.archive.received_by_id = LATER, closed.actor.id
    closed.session.flush()
    assert against(closed, verified={"c" * 64}) == []


def test_a_copy_of_another_journal_does_not_count(closed: Closed) -> None:
    closed.archive.journal_head = "d" * 64
    closed.session.flush()

    assert "the journal is not the one" in against(closed)[0]


def test_a_site_where_nobody_was_enrolled_needs_no_copy_and_another_needs_its_own(
    closed: Closed,
) -> None:
    empty = add_site(closed.session, "GZ01")
    assert against(closed) == []

    closed.session.scalars(select(Participant)).one().site_id = empty.id
    closed.session.flush()
    assert against(closed) == ["GZ01: no investigator has received a copy of its record."]


def test_confirming_says_every_reason_and_leaves_no_trace_of_a_refusal(closed: Closed) -> None:
    with pytest.raises(DecommissionRefused) as refused:
        decommissioning.confirm(closed.session, SYSTEM, "another", HELD, now=LATER)

    said = [one["message"] for one in refused.value.details["problems"]]
    assert len(said) == 2
    assert "2031-03-02" in said[0]
    assert said[1] == "another is not the study here: bk-sle-i-01."
    assert decommissioning.certificate(closed.session) is None


def test_the_certificate_joins_the_chain_and_names_copy_person_and_day(closed: Closed) -> None:
    decommissioning.confirm(closed.session, SYSTEM, "bk-sle-i-01", HELD, now=OVER)
    seq, head = closed.link()

    remains = decommissioning.certificate(closed.session)

    assert remains is not None
    assert remains["journal"] == {"seq": seq, "head": head}
    before = closed.session.get_one(JournalLink, seq - 1)
    assert remains["entry"]["prev_hash"] == before.hash
    for said in ("a" * 64, "Zhang Jing", "2031-03-02", "NMPA 1"):
        assert said in remains["entry"]["body"]


def test_what_is_recorded_after_the_confirmation_leaves_no_certificate(closed: Closed) -> None:
    """Somebody still writes: it would be deleted without being in any copy."""
    decommissioning.confirm(closed.session, SYSTEM, "bk-sle-i-01", HELD, now=OVER)
    closed.happens("response.completed")

    assert decommissioning.certificate(closed.session) is None
