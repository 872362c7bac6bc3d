"""What somebody had whose account is closed waits for others of the site, who are told."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors_of_flags import FlagNotAcknowledged
from epro.models import FlagState, SafetyFlag, SiteMembership, User
from epro.services import accounts, flags, reporting, serious_clock, site_today
from epro.services.accounts import Signed
from epro.services.closing import Act
from epro.services.reporting import NewSending
from questionnaires.tiers import Tier
from tests.factories import add_user, proof_of, shipped_package, user_actor
from tests.services.following import EVENING, KEYRING, NO_EVENT, Ward, begin_ward, user_named
from tests.services.line import flags_of, messages_of

pytestmark = pytest.mark.req("A-07", "C-01")

HOUR = timedelta(hours=1)
LATER = EVENING + 2 * HOUR


@pytest.fixture
def ward(session: Session) -> Ward:
    """Have a RED flag that the coordinator has taken."""
    ward = begin_ward(session)
    ward.take(session)
    return ward


def close_account(session: Session, ward: Ward, username: str = "li.min") -> None:
    keeper = add_user(session, "qian.yu", roles=[Role.SYSTEM_ADMIN], keyring=KEYRING)
    accounts.close(
        session, user_actor(keeper.user), username,
        signed=Signed(reason="left the site", proof=proof_of(keeper, LATER)),
        catalogue=ward.line.given.catalogue, keyring=KEYRING, now=LATER, wall_now=LATER,
    )  # fmt: skip


def end_role(session: Session, ward: Ward, role: Role, *, username: str = "li.min") -> None:
    keeper = add_user(session, "qian.yu", roles=[Role.SYSTEM_ADMIN], keyring=KEYRING)
    accounts.end_role(
        session, user_actor(keeper.user), username, role, site="SZ01",
        signed=Signed(reason="another task", proof=proof_of(keeper, LATER)),
        catalogue=ward.line.given.catalogue, keyring=KEYRING, now=LATER,
    )  # fmt: skip


def told_since(session: Session, at: datetime) -> set[tuple[str, str]]:
    names = {f"user:{one.id}": one.username for one in session.scalars(select(User))}
    return {
        (one.template.rpartition("_")[0], names[one.recipient_ref])
        for one in messages_of(session, "safety")
        if one.created_at >= at
    }


def test_a_flag_of_somebody_who_left_waits_to_be_taken_and_its_ladder_begins_anew(
    session: Session, ward: Ward
) -> None:
    user_named(session, "sun.li", Role.COORDINATOR)

    close_account(session, ward)

    (flag,) = flags_of(session)
    assert (flag.state, flag.owner_id, flag.urgent_since) == (FlagState.RAISED, None, LATER)
    assert flag.next_rung_at == LATER + timedelta(minutes=30)
    told = told_since(session, LATER)
    assert ("alert", "sun.li") in told
    assert "li.min" not in {name for _, name in told}
    assert flag.aware_at == EVENING + timedelta(minutes=5)


def test_what_a_physician_has_assessed_stays_so_and_whoever_answers_for_it_is_told(
    session: Session, ward: Ward
) -> None:
    ward.assess(session, NO_EVENT)

    close_account(session, ward)

    (flag,) = flags_of(session)
    assert (flag.state, flag.owner_id) == (FlagState.ASSESSED, None)
    assert told_since(session, LATER) == {
        ("handed", "pi.chen"), ("handed", "wang.fang"), ("handed", "zhao.ming"),
    }  # fmt: skip
    serious_clock.look(session, catalogue=ward.line.given.catalogue, now=LATER + 30 * HOUR)
    assert not any("serious" in name for name, _ in told_since(session, LATER))
    assert ward.why_not(session, ward.physician, Act.CLOSE, now=LATER) is None


def test_today_shows_it_until_somebody_has_it(session: Session, ward: Ward) -> None:
    ward.assess(session, NO_EVENT)
    assert shown_today(session, ward) == []

    close_account(session, ward)
    assert shown_today(session, ward) == [ward.flag.id]

    flags.reassign(
        session, ward.principal, ward.flag.id, to="wang.fang", reason="she knows the case",
        package=shipped_package(), now=LATER,
    )  # fmt: skip
    assert shown_today(session, ward) == []


def test_a_report_that_was_sent_before_stays_the_report_of_it(session: Session, ward: Ward) -> None:
    close_account(session, ward)
    with pytest.raises(FlagNotAcknowledged):
        ward.assess(session, NO_EVENT, now=LATER)

    sending = NewSending(
        sent_at=EVENING + HOUR, sent_by="Chen Bo", sent_to="sponsor", proof="fax 17"
    )
    reporting.record_sending(session, ward.principal, ward.flag.id, sending, now=LATER + HOUR)

    assert not ward.clock(session).is_running
    assert ward.clock(session).aware_at == EVENING + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("role", "keeps"), [(Role.COORDINATOR, False), (Role.MONITOR, True)]
)  # fmt: skip
def test_whoever_may_not_take_flags_any_more_keeps_none(
    session: Session, ward: Ward, role: Role, *, keeps: bool
) -> None:
    person = session.get_one(User, ward.coordinator.id)
    person.memberships.append(SiteMembership(site_id=ward.line.given.site.id, role=Role.MONITOR))
    session.flush()

    end_role(session, ward, role)

    (flag,) = flags_of(session)
    assert (flag.state is FlagState.ACKNOWLEDGED) is keeps
    assert (flag.owner_id == person.id) is keeps


def test_what_is_closed_or_somebody_else_s_stays_as_it_is(session: Session, ward: Ward) -> None:
    close_account(session, ward, "wang.fang")

    (flag,) = flags_of(session)
    assert (flag.state, flag.owner_id) == (FlagState.ACKNOWLEDGED, ward.coordinator.id)
    assert told_since(session, LATER) == set()


def test_the_most_urgent_of_what_nobody_has_stands_first(session: Session, ward: Ward) -> None:
    close_account(session, ward)
    (red,) = flags_of(session)
    facts = {one.key: getattr(red, one.key) for one in inspect(SafetyFlag).column_attrs}
    waits_longer = red.urgent_since - HOUR
    yellow = SafetyFlag(
        **facts | {"id": uuid4(), "tier": Tier.YELLOW, "urgent_since": waits_longer}
    )
    session.add(yellow)
    session.flush()

    assert shown_today(session, ward) == [red.id, yellow.id]


def shown_today(session: Session, ward: Ward) -> list[object]:
    actor = user_actor(ward.root.user)
    today = site_today.of_site(
        session, actor, catalogue=ward.line.given.catalogue, now=LATER + HOUR
    )
    return [flag.id for flag, _, _ in today.flags.lines]
