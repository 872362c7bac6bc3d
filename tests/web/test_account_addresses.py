"""Where a colleague is alerted can be changed on screen: signed, told, refused beside its field."""

import pytest
from sqlalchemy import select

from epro.access import Role
from epro.models import User
from notifications.messages import OutboxMessage
from notifications.texts import render
from tests.api.world import World
from tests.factories import add_user
from tests.web.cases_accounts import act, opened
from tests.web.pages import send, text_of

pytestmark = pytest.mark.req("P-05", "P-06")


@pytest.mark.req("A-07")
def test_a_colleague_with_another_number_is_told_there_and_where_she_was_before(
    world: World,
) -> None:
    with world.database.transaction() as session:
        owner = add_user(session, "has.moved", roles=[Role.COORDINATOR], keyring=world.keyring).user
        owner.phone_sealed = world.keyring.seal("+8613900139077")

    done = act(world, "has.moved", "/addresses", phone="+86 139 0013 9088", reason="换号")

    texts = world.app.extensions["epro"].messaging.texts
    with world.database.reading() as session:
        stored = session.get_one(User, owner.id)
        about = OutboxMessage.about == f"account:{owner.id}"
        written = session.scalars(select(OutboxMessage).where(about)).all()
    assert done.status_code == 303
    assert world.keyring.unseal(stored.phone_sealed or "") == "+8613900139088"
    told = [f"account_contact_changed_{way}" for way in ("email", "sms")]
    assert sorted(one.template for one in written) == told
    for one in written:
        said = render(texts(one.template, one.template_version, one.language), one.params).body
        assert "8613900139" not in said


def test_addresses_that_are_wrong_or_unsigned_change_nothing(world: World) -> None:
    username, _ = opened(world)

    wrong = act(world, username, "/addresses", phone="139 0013 9088")
    nothing = act(world, username, "/addresses")
    unsigned = send(
        world.sign_in_to_console(Role.SYSTEM_ADMIN), f"/accounts/{username}/addresses",
        phone="+8613900139088", reason="换号",
    )  # fmt: skip

    with world.database.reading() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
    assert [one.status_code for one in (wrong, nothing)] == [422, 422]
    assert unsigned.status_code in {401, 403, 422}, text_of(unsigned)
    assert "请写上国家代码" in text_of(wrong)
    assert (user.phone_sealed, user.phone_set_at) == (None, None)
