"""One's own account: password and authenticator are changed by the owner, proven, and told."""

import pytest
from lxml import html
from pyotp.totp import TOTP
from sqlalchemy import select, update

from epro.access import Role
from epro.clock import wall_clock_now
from epro.models import DeviceSession, JournalEntry, User
from notifications.messages import OutboxMessage
from tests.api.world import World
from tests.factories import PASSWORD, add_user
from tests.web.cases_own import Owner, an_owner
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("P-05")
NEW = "four patient otters"


def gets_in(world: World, owner: Owner, password: str, secret: str) -> bool:
    with world.database.transaction() as session:
        session.execute(
            update(User).where(User.username == owner.username).values(totp_last_step=0)
        )
    answer = world.browser().post(
        f"{CONSOLE}/sign-in",
        data={"username": owner.username, "password": password, "to": f"{CONSOLE}/account",
              "totp": TOTP(secret).at(wall_clock_now())},
    )  # fmt: skip
    return answer.status_code == 303


def told(world: World, owner: Owner) -> list[str]:
    with world.database.reading() as session:
        about = OutboxMessage.about == f"account:{owner.id}"
        return sorted(session.scalars(select(OutboxMessage.template).where(about)))


def test_the_new_password_lets_her_in_and_the_old_one_no_more(world: World) -> None:
    owner = an_owner(world)
    elsewhere = owner.signed_in(world)

    done = owner.change_password(world, NEW)

    assert done.status_code == 303
    assert gets_in(world, owner, NEW, owner.secret)
    assert not gets_in(world, owner, PASSWORD, owner.secret)
    assert elsewhere.get(f"{CONSOLE}/account").status_code == 303
    assert told(world, owner) == ["account_way_in_changed_email"]


def test_the_session_in_which_she_changes_it_goes_on(world: World) -> None:
    owner = an_owner(world)
    browser = owner.signed_in(world)

    done = owner.change_password(world, NEW, browser=browser)

    page = browser.get(done.headers["Location"])
    assert (page.status_code, "密码已更改" in text_of(page)) == (200, True)
    with world.database.reading() as session:
        ended = session.scalars(
            select(DeviceSession.revoked_reason).where(DeviceSession.user_id == owner.id)
        ).all()
    assert ended == [None]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"new_password": "short"}, "密码太容易猜到"),
        ({"new_password": PASSWORD}, "这就是现在的密码"),
        ({"new_password": NEW, "new_password_again": "four patient badgers"}, "两次输入的密码不同"),
        ({"new_password": NEW, "password": "not hers at all"}, "密码或动态码"),
        ({"new_password": NEW, "totp": "000000"}, "密码或动态码"),
    ],
)
def test_what_is_not_right_changes_nothing_and_no_password_comes_back(
    world: World, typed: dict[str, str], said: str
) -> None:
    owner = an_owner(world)

    browser, new = owner.signed_in(world), typed["new_password"]
    fields = {"new_password_again": new, **owner.proof(world), **typed}
    refused = send(browser, "/account/password", **fields)

    assert 400 <= refused.status_code < 500
    assert said in text_of(refused)
    assert not html.fromstring(refused.text).xpath("//input[@type='password'][@value!='']")
    assert gets_in(world, owner, PASSWORD, owner.secret)
    assert told(world, owner) == []


def test_a_new_authenticator_takes_the_place_of_the_old_one_once_it_is_confirmed(
    world: World,
) -> None:
    owner = an_owner(world)
    browser, second = owner.begin_moving(world)
    before = gets_in(world, owner, PASSWORD, owner.secret)

    done = owner.finish_moving(browser, second)

    assert (before, done.status_code) == (True, 303)
    assert gets_in(world, owner, PASSWORD, second)
    assert not gets_in(world, owner, PASSWORD, owner.secret)
    assert told(world, owner) == ["account_way_in_changed_email"]


def test_a_secret_is_shown_only_to_whoever_proves_who_she_is_and_is_on_no_record(
    world: World,
) -> None:
    owner = an_owner(world)
    browser = owner.signed_in(world)

    refused = send(browser, "/account/authenticator", password=PASSWORD, totp="000000")
    _, secret = owner.begin_moving(world)

    with world.database.reading() as session:
        bodies = session.scalars(
            select(JournalEntry.body).where(JournalEntry.entity_id == owner.username)
        ).all()
    assert 'class="key"' not in refused.text
    assert secret not in (owner.secret, "")
    assert any("user.authenticator_begun" in body for body in bodies)
    assert not any(secret in body for body in bodies)


def test_a_wrong_first_code_or_password_leaves_the_old_authenticator_in_force(world: World) -> None:
    owner = an_owner(world)
    browser, second = owner.begin_moving(world)

    wrong_code = owner.finish_moving(browser, second, totp="000000")
    wrong_password = owner.finish_moving(browser, second, password="not hers at all")

    assert (wrong_code.status_code, wrong_password.status_code) == (422, 401)
    assert gets_in(world, owner, PASSWORD, owner.secret)


@pytest.mark.req("P-04")
def test_guessing_at_the_password_there_locks_her_account_like_signing_in(world: World) -> None:
    owner = an_owner(world)
    browser, second = owner.begin_moving(world)

    tried = [
        owner.finish_moving(browser, second, password=f"a wrong guess {number}").status_code
        for number in range(6)
    ]

    assert tried == [401] * 5 + [429]
    with world.database.reading() as session:
        kept = session.get_one(User, owner.id).totp_secret_sealed
    assert world.keyring.unseal(kept) == owner.secret


@pytest.mark.req("P-04")
def test_guessing_at_the_first_code_there_locks_her_account_too(world: World) -> None:
    """What the next authenticator would show needs no secret seen: with her password, a guess."""
    owner = an_owner(world)
    browser, second = owner.begin_moving(world)

    tried = [
        owner.finish_moving(browser, second, totp=f"00000{number}").status_code
        for number in range(6)
    ]

    assert tried == [422] * 5 + [429]
    with world.database.reading() as session:
        kept = session.get_one(User, owner.id).totp_secret_sealed
        bodies = session.scalars(
            select(JournalEntry.body).where(JournalEntry.entity_id == owner.username)
        ).all()
    assert world.keyring.unseal(kept) == owner.secret
    assert sum("wrong_first_code" in body for body in bodies) == 5


def test_everybody_of_the_staff_finds_her_account_in_the_menu(world: World) -> None:
    with world.database.transaction() as session:
        add_user(session, "rates.only", roles=[Role.OUTCOMES_ASSESSOR], keyring=world.keyring)
    for role in (Role.OUTCOMES_ASSESSOR, Role.MONITOR, Role.SYSTEM_ADMIN):
        page = world.sign_in_to_console(role).get(f"{CONSOLE}/account")
        assert page.status_code == 200
        assert "我的账户" in text_of(page)
