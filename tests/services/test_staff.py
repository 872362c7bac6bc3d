"""Staff accounts and sites: one person each, hard to guess, roles where they were given."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Permission, Role
from epro.errors import AlreadyExists, DomainError, InvalidInput, NotFound, WeakSecret
from epro.models import JournalEntry, Site
from epro.services import sites, staff
from epro.services.sites import SiteFacts
from tests.clock import START
from tests.factories import (
    FIELD_KEY,
    PASSWORD,
    SYSTEM,
    add_site,
    add_user,
    make_keyring,
    user_actor,
)

SHENZHEN = SiteFacts(
    code="SZ01", name_zh="深圳测试医院", name_en="Shenzhen Test Hospital", zone="Asia/Shanghai",
    phone="0755-0000000", phone_24h="0755-0000001",
)  # fmt: skip


def attempt(session: Session, **changes: Any) -> staff.NewUser:
    account = {
        "username": "li.min", "full_name": "Li Min", "email": "li.min@example.org",
        "password": PASSWORD, "roles": [Role.COORDINATOR], "site": "SZ01",
    }  # fmt: skip
    return staff.add_user(session, SYSTEM, **(account | changes), keyring=make_keyring(), now=START)


@pytest.fixture
def site(session: Session) -> Site:
    return add_site(session)


@pytest.mark.req("P-05")
def test_an_account_has_a_second_factor_from_the_start(session: Session, site: Site) -> None:
    new = attempt(session)

    assert len(new.totp_secret) == 32
    assert new.otpauth_uri.startswith("otpauth://totp/epro:li.min?secret=")


@pytest.mark.req("P-05")
def test_neither_password_nor_secret_is_readable_in_the_account_or_on_record(
    session: Session, site: Site
) -> None:
    new = attempt(session)

    (body,) = session.scalars(select(JournalEntry.body)).all()
    for kept in (body, new.user.password_hash, new.user.totp_secret_sealed, new.user.email_sealed):
        assert PASSWORD not in kept
        assert new.totp_secret not in kept
        assert "li.min@example.org" not in kept


@pytest.mark.req("P-05")
@pytest.mark.parametrize("username", ["li.min", "LI.MIN", " li.min "])
def test_a_user_name_is_one_persons(session: Session, site: Site, username: str) -> None:
    attempt(session)

    with pytest.raises(AlreadyExists):
        attempt(session, username=username)


@pytest.mark.req("P-05")
@pytest.mark.parametrize(
    "password",
    ["eleven char", "Password1234", "aaaaaaaaaaaaaaaa", "abababababab", "my-li.min-is-here"],
)
def test_a_password_that_is_easy_to_guess_is_refused(
    session: Session, site: Site, password: str
) -> None:
    with pytest.raises(WeakSecret):
        attempt(session, password=password)


@pytest.mark.req("P-06")
def test_a_role_holds_at_its_site_only(session: Session, site: Site) -> None:
    other = add_site(session, "GZ02")
    actor = user_actor(attempt(session).user)

    assert actor.may_at(Permission.ENROL_PARTICIPANT, site.id)
    assert not actor.may_at(Permission.ENROL_PARTICIPANT, other.id)


@pytest.mark.req("P-06")
def test_a_role_without_a_site_holds_at_every_site(session: Session, site: Site) -> None:
    actor = user_actor(attempt(session, roles=[Role.MONITOR], site=None).user)

    assert actor.sites_for(Permission.READ_PARTICIPANT) is None


@pytest.mark.req("P-06")
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"roles": []}, InvalidInput),
        ({"roles": [Role.PARTICIPANT]}, InvalidInput),
        ({"roles": [Role.SYSTEM]}, InvalidInput),
        ({"username": "x"}, InvalidInput),
        ({"username": "小李小李"}, InvalidInput),
        ({"email": "nowhere"}, InvalidInput),
        ({"full_name": "  "}, InvalidInput),
        ({"site": "XX99"}, NotFound),
    ],
)
def test_an_account_that_cannot_be_right_is_refused(
    session: Session, site: Site, changes: dict[str, Any], refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        attempt(session, **changes)


def test_closing_an_account_twice_is_harmless(session: Session, site: Site) -> None:
    user = add_user(session, "li.min").user
    for _ in range(2):
        staff.deactivate(session, SYSTEM, "li.min", reason="left", now=START, wall_now=START)

    assert user.deactivated_at == START


# --- sites ----------------------------------------------------------------------------------------


def test_adding_a_site_again_changes_nothing(session: Session) -> None:
    first = sites.add_site(session, SYSTEM, SHENZHEN, now=START)

    again = sites.add_site(session, SYSTEM, SHENZHEN, now=START)

    assert again.id == first.id
    assert session.scalars(select(JournalEntry.verb)).all() == ["site.added"]


def test_a_site_code_does_not_change_its_meaning(session: Session) -> None:
    sites.add_site(session, SYSTEM, SHENZHEN, now=START)
    other = SiteFacts(
        code="SZ01", name_zh="别处", name_en="Elsewhere", zone="Asia/Shanghai", phone="1",
        phone_24h="2",
    )  # fmt: skip

    with pytest.raises(AlreadyExists):
        sites.add_site(session, SYSTEM, other, now=START)


@pytest.mark.parametrize(("field", "value"), [("code", "sz1"), ("zone", "Asia/Shenzhen")])
def test_a_site_that_cannot_be_right_is_refused(session: Session, field: str, value: str) -> None:
    facts = {name: getattr(SHENZHEN, name) for name in SiteFacts.__slots__} | {field: value}

    with pytest.raises(InvalidInput) as refusal:
        sites.add_site(session, SYSTEM, SiteFacts(**facts), now=START)

    assert [problem["place"] for problem in refusal.value.details["problems"]] == [field]


@pytest.mark.req("P-06")
def test_the_codes_of_ones_sites_are_known(session: Session, site: Site) -> None:
    add_site(session, "GZ02")
    coordinator = user_actor(add_user(session, "li.min").user)
    monitor = user_actor(add_user(session, "mona", roles=[Role.MONITOR], site=None).user)

    permission = Permission.READ_PARTICIPANT
    assert sites.codes_for(session, coordinator, permission) == frozenset({"SZ01"})
    assert sites.codes_for(session, monitor, permission) is None


@pytest.mark.req("A-06", "P-01")
def test_a_number_for_urgent_messages_is_kept_sealed_and_off_the_record(
    session: Session, site: Site
) -> None:
    keyring = make_keyring()

    user = attempt(session, phone="+8613900139001").user

    assert user.phone_sealed is not None
    assert keyring.unseal(user.phone_sealed) == "+8613900139001"
    (body,) = session.scalars(select(JournalEntry.body)).all()
    assert "13900139001" not in body


def test_an_account_needs_no_number(session: Session, site: Site) -> None:
    assert attempt(session).user.phone_sealed is None


@pytest.mark.parametrize("phone", ["", "13900139001", "+86 139", "+86139001390011234"])
def test_a_number_needs_its_country_code(session: Session, site: Site, phone: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        attempt(session, phone=phone)

    assert [problem["place"] for problem in caught.value.details["problems"]] == ["phone"]


@pytest.mark.req("X-03")
def test_a_number_is_sealed_anew_with_the_newest_key(session: Session, site: Site) -> None:
    user = attempt(session, phone="+8613900139001").user
    sealed = user.phone_sealed
    newer = make_keyring(Fernet.generate_key().decode(), FIELD_KEY)

    staff.reseal_all(session, keyring=newer)

    assert user.phone_sealed
    assert user.phone_sealed != sealed
    assert newer.unseal(user.phone_sealed) == "+8613900139001"
