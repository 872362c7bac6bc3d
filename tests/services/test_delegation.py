"""Who may decide what, on which days: the log, its root, and what breaks a line of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.errors import (
    InvalidInput,
    NotDelegated,
    NotFound,
    ReasonRequired,
    SignatureNotProven,
    TooManyAttempts,
)
from epro.models import Delegation, JournalEntry, SignatureMeaning, Site, Task, User
from epro.services import delegation, signing, signing_in
from epro.services.delegation import NewDelegation, ShownDelegation, WhyNot
from epro.services.staff import NewUser
from tests.clock import START, FrozenClock
from tests.factories import (
    add_delegation,
    add_site,
    add_user,
    make_keyring,
    proof_of,
    user_actor,
)

pytestmark = pytest.mark.req("P-06", "A-08")

KEYRING = make_keyring()
TODAY = START.date()


@pytest.fixture
def site(session: Session) -> Site:
    return add_site(session)


@pytest.fixture
def root(session: Session, site: Site) -> NewUser:
    return add_user(session, "pi.chen", roles=[Role.PRINCIPAL_INVESTIGATOR], keyring=KEYRING)


@pytest.fixture
def doctor(session: Session, site: Site) -> User:
    return add_user(session, "wang.fang", roles=[Role.INVESTIGATOR]).user


def delegate(
    session: Session, root: NewUser, clock: FrozenClock, *, person: str = "wang.fang", **but: Any
) -> ShownDelegation:
    values: dict[str, Any] = {
        "site": "SZ01", "person": person, "task": Task.ASSESS_EVENT, "from_on": TODAY,
    }  # fmt: skip
    new = NewDelegation(**(values | but))
    return delegation.delegate(
        session, user_actor(root.user), new, proof_of(root, clock()), keyring=KEYRING, now=clock()
    )


def why_not(session: Session, user: User, site: Site, at: datetime) -> WhyNot | None:
    return delegation.why_not(session, user_actor(user), Task.ASSESS_EVENT, site, now=at)


@pytest.mark.req("T-08")
def test_a_delegation_carries_the_root_s_signature_with_name_time_zone_and_meaning(
    session: Session, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    line = delegate(session, root, clock)

    (signature,) = line.signatures
    assert line.holds_today
    assert signature.signer == "Zhang Jing"
    assert signature.meaning is SignatureMeaning.DELEGATED
    assert signature.signed_at_local == "2026-03-01T10:00:00+08:00"
    assert not signature.is_broken


def test_it_begins_and_ends_with_whole_local_days_of_the_site(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    delegate(session, root, clock, from_on=date(2026, 3, 2), to_on=date(2026, 3, 3))
    first = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in Shenzhen
    instants = [first - timedelta(microseconds=1), first,
                first + timedelta(days=2, microseconds=-1), first + timedelta(days=2)]  # fmt: skip

    assert [why_not(session, doctor, site, at) for at in instants] == [
        WhyNot.NOT_YET, None, None, WhyNot.OVER,
    ]  # fmt: skip


def test_a_physician_whose_delegation_ended_yesterday_is_refused(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    add_delegation(session, site, doctor, to_on=TODAY - timedelta(days=1))

    with pytest.raises(NotDelegated) as refused:
        delegation.refuse_undelegated(
            session, user_actor(doctor), Task.ASSESS_EVENT, site, now=clock()
        )

    assert refused.value.details == {"task": "assess_event", "why": "over"}


def test_a_coordinator_is_given_no_physician_s_task_and_could_not_use_one(
    session: Session, site: Site, root: NewUser, clock: FrozenClock
) -> None:
    coordinator = add_user(session, "li.min").user
    with pytest.raises(InvalidInput):
        delegate(session, root, clock, person="li.min")
    add_delegation(session, site, coordinator)

    assert why_not(session, coordinator, site, clock()) is WhyNot.NO_PHYSICIAN


def test_the_root_may_do_every_task_and_one_of_another_site_none(
    session: Session, site: Site, root: NewUser, clock: FrozenClock
) -> None:
    there = add_site(session, "GZ02")

    assert why_not(session, root.user, site, clock()) is None
    assert why_not(session, root.user, there, clock()) is WhyNot.NO_PHYSICIAN


def test_only_the_root_of_that_site_signs(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    add_site(session, "GZ02")
    other = add_user(session, "pi.wu", roles=[Role.PRINCIPAL_INVESTIGATOR], site="GZ02",
                     keyring=KEYRING)  # fmt: skip

    with pytest.raises(NotFound):
        delegate(session, other, clock)


@pytest.mark.parametrize(
    ("but", "place"),
    [({"from_on": TODAY - timedelta(days=1)}, "from_on"),
     ({"to_on": TODAY - timedelta(days=1)}, "to_on")],
)  # fmt: skip
def test_no_task_is_delegated_for_days_that_are_over(
    session: Session, root: NewUser, doctor: User, clock: FrozenClock, but: dict[str, Any],
    place: str,
) -> None:  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        delegate(session, root, clock, **but)

    assert refused.value.details["problems"][0]["place"] == place


def test_ended_with_yesterday_as_last_day_it_is_over_at_once(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    line = add_delegation(session, site, doctor, Task.ASSESS_EVENT)[0]
    clock.advance(minutes=1)

    ended = end(session, root, line, clock, TODAY - timedelta(days=1))

    assert why_not(session, doctor, site, clock()) is WhyNot.OVER
    assert [one.is_broken for one in ended.signatures] == [True, False]


def test_an_end_needs_a_reason_and_lies_not_before_yesterday(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    line = add_delegation(session, site, doctor, Task.ASSESS_EVENT)[0]

    with pytest.raises(ReasonRequired):
        end(session, root, line, clock, TODAY, reason=" ")
    with pytest.raises(InvalidInput):
        end(session, root, line, clock, TODAY - timedelta(days=2))


@pytest.mark.req("T-08")
def test_a_line_that_was_altered_shows_its_signature_broken_and_counts_for_nothing(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    line = delegate(session, root, clock, to_on=TODAY)

    session.execute(
        update(Delegation)
        .where(Delegation.id == line.delegation.id)
        .values(to_on=date(2027, 1, 1))
        .execution_options(synchronize_session="fetch")
    )

    shown = delegation.get(session, user_actor(root.user), line.delegation.id, now=clock())
    assert [one.is_broken for one in shown.signatures] == [True]
    assert not shown.holds_today
    assert why_not(session, doctor, site, clock()) is WhyNot.SIGNATURE_BROKEN


@pytest.mark.req("T-08")
@pytest.mark.parametrize("wrong", [{"password": "not this one"}, {"totp": "000000"}])
def test_both_components_must_be_right_and_a_refusal_is_on_record(
    session: Session, root: NewUser, doctor: User, clock: FrozenClock, wrong: dict[str, str]
) -> None:
    proof = proof_of(root, clock(), **wrong)

    with pytest.raises(SignatureNotProven):
        delegation.delegate(
            session, user_actor(root.user),
            NewDelegation(site="SZ01", person="wang.fang", task=Task.SIGN_SAE, from_on=TODAY),
            proof, keyring=KEYRING, now=clock(),
        )  # fmt: skip

    assert session.scalars(select(Delegation)).all() == []
    assert _verbs(session)[-1] == "signature.refused"


@pytest.mark.req("T-08")
def test_a_one_time_code_that_was_used_to_sign_in_is_not_taken_again(
    session: Session, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    signing_in.prove_user(session, "pi.chen", proof_of(root, clock()), keyring=KEYRING, now=clock())

    with pytest.raises(SignatureNotProven):
        delegate(session, root, clock)
    clock.advance(seconds=30)
    assert delegate(session, root, clock).holds_today


@pytest.mark.req("T-08", "P-04")
def test_five_failures_lock_signing_and_signing_in_alike(
    session: Session, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    for _ in range(5):
        with pytest.raises(SignatureNotProven):
            signing.prove(
                session, user_actor(root.user), proof_of(root, clock(), totp="1"),
                keyring=KEYRING, now=clock(),
            )  # fmt: skip

    with pytest.raises(TooManyAttempts):
        delegate(session, root, clock)
    with pytest.raises(TooManyAttempts):
        signing_in.prove_user(
            session, "pi.chen", proof_of(root, clock()), keyring=KEYRING, now=clock()
        )


def test_the_log_is_read_at_one_s_own_site_only(
    session: Session, site: Site, root: NewUser, doctor: User, clock: FrozenClock
) -> None:
    delegate(session, root, clock)
    add_site(session, "GZ02")
    elsewhere = add_user(session, "from.elsewhere", site="GZ02").user

    assert len(_log(session, user_actor(doctor), clock)) == 1
    with pytest.raises(NotFound):
        _log(session, user_actor(elsewhere), clock)


def end(
    session: Session, root: NewUser, line: Delegation, clock: FrozenClock, on: date,
    reason: str = "left the hospital",
) -> ShownDelegation:  # fmt: skip
    return delegation.end(
        session, user_actor(root.user), line.id, ended_on=on, reason=reason,
        proof=proof_of(root, clock()), keyring=KEYRING, now=clock(),
    )  # fmt: skip


def _log(session: Session, actor: Actor, clock: FrozenClock) -> list[ShownDelegation]:
    return delegation.log_of(session, actor, "SZ01", now=clock())


def _verbs(session: Session) -> list[str]:
    return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))
