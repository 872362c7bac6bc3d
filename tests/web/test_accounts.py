"""Staff accounts on screen: who opens them, what nobody does for herself, whose secrets."""

from datetime import timedelta

import pytest
from pyotp.totp import TOTP
from sqlalchemy import select, update

from epro.access import STAFF_ROLES, Role
from epro.clock import wall_clock_now
from epro.models import (
    DeviceSession,
    JournalEntry,
    Site,
    SiteMembership,
    StaffSetupCode,
    User,
)
from epro.services.accounts import APART, SETUP_CODE_LIFE
from notifications.messages import OutboxMessage
from notifications.texts import render
from tests.api.world import FROM_ELSEWHERE, HERE, THERE, World
from tests.factories import PASSWORD, PIN, add_user, totp_at
from tests.web.cases_accounts import (
    CHOSEN,
    about_somebody,
    act,
    code_on,
    open_account,
    opened,
    secret_on,
    set_up,
)
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("P-05", "P-06")


def roles_of(world: World, username: str) -> set[Role]:
    with world.database.reading() as session:
        return set(
            session.scalars(
                select(SiteMembership.role)
                .join(User, User.id == SiteMembership.user_id)
                .where(User.username == username)
            )
        )


def gets_in(world: World, username: str, password: str, secret: str) -> bool:
    """Tell whether somebody signs in, as if no one-time code had been used before."""
    with world.database.transaction() as session:
        session.execute(update(User).where(User.username == username).values(totp_last_step=0))
    answer = world.browser().post(
        f"{CONSOLE}/sign-in",
        data={"username": username, "password": password,
              "totp": TOTP(secret).at(wall_clock_now()), "to": f"{CONSOLE}/phones"},
    )  # fmt: skip
    return answer.status_code == 303


def test_a_new_colleague_sets_up_her_own_way_in_with_the_sheet(world: World) -> None:
    username, code = opened(world)
    second = world.browser().post(
        f"{CONSOLE}/welcome", data={"username": f" {username.upper()} ", "code": code.lower()}
    )

    done = set_up(world, username, code)

    assert (second.status_code, done.status_code) == (200, 200)
    assert gets_in(world, username, CHOSEN, secret_on(second))
    assert roles_of(world, username) == {Role.COORDINATOR}


def test_nobody_gets_in_before_the_owner_has_set_it_up(world: World) -> None:
    """Neither page nor record tells a password, and the shown secret is not yet in force."""
    username, code = opened(world)
    second = world.browser().post(f"{CONSOLE}/welcome", data={"username": username, "code": code})

    tried = [gets_in(world, username, one, secret_on(second)) for one in (CHOSEN, code, "")]

    assert tried == [False, False, False]


def test_the_code_is_kept_nowhere_and_the_journal_tells_no_secret(world: World) -> None:
    username, code = opened(world)
    second = world.browser().post(f"{CONSOLE}/welcome", data={"username": username, "code": code})
    set_up(world, username, code)

    with world.database.reading() as session:
        bodies = session.scalars(
            select(JournalEntry.body).where(JournalEntry.entity_id == username)
        ).all()
        lookups = session.scalars(select(StaffSetupCode.code_lookup)).all()

    verbs = {"user.added", "user.setup_code_issued", "user.setup_begun", "user.set_up"}
    assert all(any(verb in body for body in bodies) for verb in verbs)
    for secret in (code, code.replace("-", ""), CHOSEN, secret_on(second)):
        assert not any(secret in text for text in [*bodies, *lookups])


@pytest.mark.parametrize("why", ["used", "ended", "replaced", "of another", "wrong", "closed"])
def test_a_code_is_good_once_for_one_person_and_not_for_ever(world: World, why: str) -> None:
    username, code = opened(world)
    before = world.clock()
    if why == "used":
        set_up(world, username, code)
    if why == "ended":
        world.clock.set(before + SETUP_CODE_LIFE)
    if why == "replaced":
        act(world, username, "/code")
    if why == "of another":
        _, code = opened(world)
    if why == "wrong":
        code = "AAAA-AAAA"
    if why == "closed":
        act(world, username, "/closure")

    refused = world.browser().post(f"{CONSOLE}/welcome", data={"username": username, "code": code})
    unknown = world.browser().post(
        f"{CONSOLE}/welcome", data={"username": f"nobody.{why}", "code": code}
    )
    world.clock.set(before)

    assert (refused.status_code, secret_on(refused)) == (401, "")
    assert text_of(refused) == text_of(unknown)


def test_guesses_at_a_code_are_locked_out(world: World) -> None:
    username, code = opened(world)
    guesses = [
        world.browser().post(
            f"{CONSOLE}/welcome", data={"username": username, "code": f"AAAA-AAA{digit}"}
        )
        for digit in "23456"
    ]

    right = world.browser().post(f"{CONSOLE}/welcome", data={"username": username, "code": code})

    assert [one.status_code for one in guesses] == [401] * 5
    assert (right.status_code, secret_on(right)) == (429, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "short", "password_again": "short"},
        {"password_again": "eight quiet mountains"},
        {"totp": "000000"},
        {"totp": ""},
    ],
)
def test_what_does_not_do_leaves_the_code_good(world: World, wrong: dict[str, str]) -> None:
    username, code = opened(world)

    refused = set_up(world, username, code, **wrong)
    done = set_up(world, username, code)

    assert refused.status_code == 422
    assert secret_on(refused)
    assert (done.status_code, secret_on(done)) == (200, "")


def test_a_renewed_account_lets_nobody_in_by_what_was_good_before(world: World) -> None:
    with world.database.transaction() as session:
        old = add_user(session, "loses.phone", roles=[Role.COORDINATOR], keyring=world.keyring)
    browser = world.sign_in_to_console("loses.phone")
    send(browser, "/phones", pin=PIN, pin_again=PIN)
    assert gets_in(world, "loses.phone", PASSWORD, old.totp_secret)

    sheet = act(world, "loses.phone", "/code", reason="手机丢失")
    open_page = browser.get(f"{CONSOLE}/phones")
    by_pin = browser.post(f"{CONSOLE}/unlock", data={"pin": PIN})
    by_password = gets_in(world, "loses.phone", PASSWORD, old.totp_secret)
    set_up(world, "loses.phone", code_on(sheet))

    assert open_page.status_code == 303
    assert by_pin.status_code == 401
    assert not by_password
    assert not gets_in(world, "loses.phone", CHOSEN, old.totp_secret)
    with world.database.reading() as session:
        standing = session.scalars(
            select(DeviceSession)
            .join(User, User.id == DeviceSession.user_id)
            .where(User.username == "loses.phone", DeviceSession.revoked_at.is_(None))
        ).all()
    assert standing == []


def test_the_owner_is_told_that_her_account_was_set_back_and_set_up(world: World) -> None:
    with world.database.transaction() as session:
        owner = add_user(session, "is.told", roles=[Role.COORDINATOR], keyring=world.keyring).user
        owner.phone_sealed = world.keyring.seal("+8613900139077")
        keeper = session.scalars(
            select(User.full_name).where(User.username == Role.SYSTEM_ADMIN.value)
        ).first()

    sheet = act(world, "is.told", "/code", reason="手机丢失")
    set_up(world, "is.told", code_on(sheet))

    texts = world.app.extensions["epro"].messaging.texts
    with world.database.reading() as session:
        about = OutboxMessage.about == f"account:{owner.id}"
        written = session.scalars(select(OutboxMessage).where(about)).all()
        phone = session.scalars(select(Site.phone).where(Site.code == HERE)).one()
    told = [f"account_{what}_{way}" for what in ("renewed", "set_up") for way in ("email", "sms")]
    assert sorted(one.template for one in written) == told
    assert all(one.is_vital for one in written)
    for one in written:
        said = render(texts(one.template, one.template_version, one.language), one.params).body
        assert phone in said
        assert code_on(sheet) not in said
        assert one.template != "account_renewed_email" or (keeper and keeper in said)
    assert "系统已通知本人" in text_of(sheet)
    assert "本人账户" not in text_of(open_account(world))


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/roles", {"role": Role.MONITOR.value, "site": HERE}),
        ("/roles/end", {"role": Role.SYSTEM_ADMIN.value, "site": HERE}),
        ("/code", {}),
        ("/addresses", {"phone": "+8613900139066"}),
        ("/closure", {}),
    ],
)
def test_nobody_changes_her_own_account(world: World, path: str, typed: dict[str, str]) -> None:
    before = roles_of(world, Role.SYSTEM_ADMIN)

    refused = act(world, Role.SYSTEM_ADMIN, path, **typed)

    assert refused.status_code == 403
    assert roles_of(world, Role.SYSTEM_ADMIN) == before


@pytest.mark.parametrize("site", [THERE, "*", "XX99"])
def test_a_role_is_given_where_one_keeps_accounts_and_nowhere_else(world: World, site: str) -> None:
    username, _ = opened(world)

    opening = open_account(world, site=site)
    giving = act(world, username, "/roles", role=Role.INVESTIGATOR.value, site=site)

    assert (opening.status_code, giving.status_code) == (404, 404)
    assert roles_of(world, username) == {Role.COORDINATOR}


@pytest.mark.parametrize("path", ["/code", "/closure"])
def test_whoever_works_elsewhere_too_is_renewed_and_closed_only_by_who_keeps_both(
    world: World, path: str
) -> None:
    """Or the keeper of one site would get into what the person may do at the other."""
    refused = act(world, FROM_ELSEWHERE, path)

    assert refused.status_code == 404
    with world.database.reading() as session:
        user = session.scalars(select(User).where(User.username == FROM_ELSEWHERE)).one()
        assert user.deactivated_at is None


def test_the_roles_apart_cover_every_role_once(world: World) -> None:
    assert sorted(role for one in APART for role in one) == sorted(STAFF_ROLES)


@pytest.mark.parametrize("second", sorted(STAFF_ROLES - APART[0]))
def test_roles_that_must_stay_apart_do_not_meet_in_one_person(world: World, second: Role) -> None:
    username, _ = opened(world)

    giving = act(world, username, "/roles", role=second.value, site=HERE)

    assert giving.status_code == 409
    assert roles_of(world, username) == {Role.COORDINATOR}


def test_whoever_has_seen_data_does_not_rate_masked_afterwards(world: World) -> None:
    username, _ = opened(world, roles=Role.SYSTEM_ADMIN.value)
    seer, _ = opened(world)
    with world.database.transaction() as session:  # a year later: only the past tells them apart
        for row in session.scalars(
            select(SiteMembership)
            .join(User, User.id == SiteMembership.user_id)
            .where(User.username.in_((username, seer)))
        ):
            row.role = Role.OUTCOMES_ASSESSOR
            row.site_id = None

    answers = [
        act(world, one, "/roles", role=Role.OUTCOMES_ASSESSOR.value, site=HERE)
        for one in (username, seer)
    ]

    assert [one.status_code for one in answers] == [303, 409]


def test_the_last_role_is_not_taken_away(world: World) -> None:
    username, _ = opened(world)

    refused = act(world, username, "/roles/end", role=Role.COORDINATOR.value, site=HERE)

    assert refused.status_code == 409
    assert roles_of(world, username) == {Role.COORDINATOR}


def test_a_role_that_was_ended_is_gone_at_once(world: World) -> None:
    username, code = opened(world, roles=Role.INVESTIGATOR.value)
    set_up(world, username, code)
    act(world, username, "/roles", role=Role.COORDINATOR.value, site=HERE)
    browser = world.sign_in_to_console(username)
    before = browser.get(f"{CONSOLE}/participants/new").status_code

    act(world, username, "/roles/end", role=Role.COORDINATOR.value, site=HERE)

    assert (before, browser.get(f"{CONSOLE}/participants/new").status_code) == (200, 403)


@pytest.mark.parametrize("missing", ["password", "totp", "reason"])
def test_each_act_is_signed_for_and_has_its_reason(world: World, missing: str) -> None:
    username, _ = opened(world)
    browser = world.sign_in_to_console(Role.SYSTEM_ADMIN)
    typed = {"reason": "离职", **world.proof(Role.SYSTEM_ADMIN), missing: ""}

    refused = send(browser, f"/accounts/{username}/closure", **typed)

    assert refused.status_code in {403, 422}
    with world.database.reading() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        assert user.deactivated_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "X"}, {"username": Role.COORDINATOR.value}, {"email": "nowhere"},
        {"phone": "13800138000"}, {"full_name": ""}, {"roles": ""}, {"roles": "participant"},
    ],
)  # fmt: skip
def test_an_account_belongs_to_one_named_person(world: World, wrong: dict[str, str]) -> None:
    typed = about_somebody(**wrong)

    refused = open_account(world, **typed)

    assert refused.status_code in {409, 422}
    assert typed["email"] in refused.text  # what was typed is not lost


def test_an_account_that_was_closed_stays_in_the_list_and_takes_nothing_more(
    world: World,
) -> None:
    username, code = opened(world)
    set_up(world, username, code)
    act(world, username, "/closure", reason="离职")

    listed = world.sign_in_to_console(Role.SYSTEM_ADMIN).get(f"{CONSOLE}/accounts?find={username}")
    again = act(world, username, "/code")

    assert username in listed.text
    assert again.status_code == 409


def test_the_list_is_filtered_and_sorted_by_its_address(world: World) -> None:
    with world.database.transaction() as session:
        for name in ("aa.first", "zz.last"):
            add_user(session, name, roles=[Role.MONITOR], keyring=world.keyring)
    browser = world.sign_in_to_console(Role.SYSTEM_ADMIN)

    up = browser.get(f"{CONSOLE}/accounts?role=monitor&sort=username").text
    down = browser.get(f"{CONSOLE}/accounts?role=monitor&sort=username&down=1").text
    others = browser.get(f"{CONSOLE}/accounts?role=inspector&sort=odd&site=&find=").text

    assert up.index("aa.first") < up.index("zz.last")
    assert down.index("aa.first") > down.index("zz.last")
    assert "aa.first" not in others


def test_a_sheet_that_waits_too_long_is_named_in_the_list(world: World) -> None:
    username, _ = opened(world)
    before = world.clock()
    world.clock.set(before + SETUP_CODE_LIFE + timedelta(minutes=1))

    page = world.sign_in_to_console(Role.SYSTEM_ADMIN).get(f"{CONSOLE}/accounts?find={username}")
    world.clock.set(before)

    assert "设置码已过期" in text_of(page)


def test_one_time_codes_of_an_old_phone_are_void_after_setting_up(world: World) -> None:
    with world.database.transaction() as session:
        old = add_user(session, "new.phone", roles=[Role.COORDINATOR], keyring=world.keyring)

    set_up(world, "new.phone", code_on(act(world, "new.phone", "/code")))
    answer = world.browser().post(
        f"{CONSOLE}/sign-in",
        data={"username": "new.phone", "password": CHOSEN,
              "totp": totp_at(old, wall_clock_now()), "to": f"{CONSOLE}/phones"},
    )  # fmt: skip

    assert answer.status_code == 401
