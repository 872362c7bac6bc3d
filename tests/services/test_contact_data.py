"""How somebody is reached can be put right: sealed, on record, and at once."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import InvalidInput, NotFound, ReasonRequired
from epro.models import Consent, JournalEntry, ListedNumber, OptOutSource, Participant
from epro.services import addresses, contact_data, identity, number_checks, opting_out, sites
from epro.services.contact_data import NewAddresses, NewIdentity
from epro.services.number_checks import NewCheck, Standing
from notifications.channels import Refused
from notifications.messages import ChannelName
from questionnaires.definition import ConsentKind
from tests.factories import SYSTEM, add_site, add_user, make_keyring, user_actor
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line
from tests.services.test_number_checks import put_on_duty, standings

NOW = local(INFUSED_ON, 12)
KEYRING = make_keyring()
OLD, NEW = "+8613800138014", "+8613900139015"


@pytest.fixture
def line(session: Session) -> Line:
    line = begin_line(session)
    identity.seal(
        session, SYSTEM, line.given.participant, phone=OLD, email="she@example.org",
        year_of_birth=1988, keyring=KEYRING, now=NOW,
    )  # fmt: skip
    session.add(
        Consent(
            participant_id=line.given.participant.id, kind=ConsentKind.SMS_PROCESSOR,
            document_version="1", given_at=NOW, explained_by="李敏", paper_location="binder 1",
        )
    )  # fmt: skip
    session.flush()
    return line


def correct(session: Session, line: Line, *, reason: str = "新号码", **new: Any) -> list[str]:
    return list(
        contact_data.correct_identity(
            session, line.coordinator, line.given.participant.code, NewIdentity(**new),
            reason=reason, keyring=KEYRING, now=NOW,
        )
    )  # fmt: skip


def reached_at(
    session: Session, line: Line, her: Participant, channel: ChannelName = ChannelName.SMS
) -> str | None:
    try:
        return addresses.address_of(
            session, f"participant:{her.id}", channel, catalogue=line.given.catalogue,
            keyring=KEYRING, now=NOW,
        )  # fmt: skip
    except Refused as refused:
        return refused.code


def entries(session: Session, verb: str) -> list[str]:
    return list(session.scalars(select(JournalEntry.body).where(JournalEntry.verb == verb)))


@pytest.mark.req("N-01", "P-01")
def test_messages_that_wait_go_to_her_new_number(session: Session, line: Line) -> None:
    her = line.given.participant
    before = reached_at(session, line, her)

    changed = correct(session, line, phone=NEW)

    assert (before, changed, reached_at(session, line, her)) == (OLD, ["phone"], NEW)


@pytest.mark.req("N-05")
def test_a_stop_stays_with_the_number_that_it_came_from(session: Session, line: Line) -> None:
    her = line.given.participant
    old, new = (opting_out.lookup_of(one, keyring=KEYRING) for one in (OLD, NEW))
    opting_out.stop(session, old, source=OptOutSource.REPLY, now=NOW)
    silent = reached_at(session, line, her)

    correct(session, line, phone=NEW)

    assert (silent, reached_at(session, line, her)) == ("wants_none", NEW)
    assert [opting_out.wants_none(session, one) for one in (old, new)] == [True, False]


@pytest.mark.req("P-04")
def test_a_wrong_year_of_birth_no_longer_keeps_her_out(session: Session, line: Line) -> None:
    her = line.given.participant

    correct(session, line, year_of_birth=1989, reason="抄错")

    assert identity.is_born_in(session, her.id, 1989, keyring=KEYRING)
    assert not identity.is_born_in(session, her.id, 1988, keyring=KEYRING)


@pytest.mark.req("P-01")
def test_who_has_no_mailbox_any_more_is_written_to_at_none(session: Session, line: Line) -> None:
    her = line.given.participant

    changed = correct(session, line, removes_email=True)

    known = identity.read(session, SYSTEM, her, keyring=KEYRING, now=NOW)
    assert (changed, known.email, known.phone) == (["email"], None, OLD)


@pytest.mark.req("T-02", "P-01")
def test_the_record_names_what_was_corrected_and_why_and_never_a_value(
    session: Session, line: Line
) -> None:
    correct(session, line, phone=NEW, year_of_birth=1988, reason="换了手机号")

    (entry,) = entries(session, "identity.corrected")
    assert '"fields":["phone"]' in entry
    assert "换了手机号" in entry
    assert not any(value.lstrip("+") in entry for value in (OLD, NEW, "1988"))


@pytest.mark.req("T-02")
def test_the_same_again_changes_nothing_and_is_not_on_record(session: Session, line: Line) -> None:
    changed = correct(session, line, phone=OLD, email="she@example.org", year_of_birth=1988)

    assert changed == []
    assert entries(session, "identity.corrected") == []


@pytest.mark.parametrize(
    ("new", "place"),
    [
        ({"phone": "13800138014"}, "phone"),
        ({"email": "she at example"}, "email"),
        ({"email": "she@example.org", "removes_email": True}, "email"),
        ({"year_of_birth": 1850}, "year_of_birth"),
        ({"year_of_birth": 2015}, "year_of_birth"),
        ({}, "phone"),
    ],
)
@pytest.mark.req("P-01")
def test_what_cannot_be_right_is_refused_and_named_and_nothing_is_changed(
    session: Session, line: Line, new: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        correct(session, line, **new)

    assert [one["place"] for one in refused.value.details["problems"]] == [place]
    assert entries(session, "identity.corrected") == []


@pytest.mark.req("T-02")
def test_nobody_corrects_it_without_a_reason(session: Session, line: Line) -> None:
    with pytest.raises(ReasonRequired):
        correct(session, line, phone=NEW, reason=" ")


@pytest.mark.req("P-06")
def test_nobody_of_another_site_corrects_it(session: Session, line: Line) -> None:
    add_site(session, "GZ02")
    stranger = user_actor(add_user(session, "wu.lan", site="GZ02").user)

    with pytest.raises(NotFound):
        contact_data.correct_identity(
            session, stranger, line.given.participant.code, NewIdentity(phone=NEW),
            reason="新号码", keyring=KEYRING, now=NOW,
        )  # fmt: skip


@pytest.mark.req("A-07")
def test_a_new_number_of_somebody_on_duty_is_due_for_a_test_call(
    session: Session, line: Line
) -> None:
    for username in ("an.lan", "bo.hai"):
        user = add_user(session, username, roles=[Role.INVESTIGATOR], keyring=KEYRING).user
        user.phone_sealed = KEYRING.seal(OLD)
    put_on_duty(session, line, 3, "an.lan", "bo.hai")
    for username in ("an.lan", "bo.hai"):
        number_checks.log(
            session, line.coordinator, "SZ01",
            NewCheck(which=ListedNumber.PERSON, person=username, is_answered=True,
                     called_at=local(INFUSED_ON, 11)),
            now=NOW,
        )  # fmt: skip

    changed = contact_data.set_addresses(
        session, SYSTEM, user, NewAddresses(phone=NEW, email="bo.hai@example.com"),
        reason="换号", keyring=KEYRING, now=NOW,
    )  # fmt: skip

    found = standings(session, line)
    assert list(changed) == ["email", "phone"]
    assert found["person:bo.hai"] is Standing.CHANGED
    assert found["person:an.lan"] is Standing.IN_TIME
    (entry,) = entries(session, "user.contact_changed")
    assert NEW.lstrip("+") not in entry
    assert "bo.hai@example.com" not in entry


@pytest.mark.req("A-07", "T-02")
def test_a_site_has_other_numbers_from_now_on_and_they_are_due_for_a_test_call(
    session: Session, line: Line
) -> None:
    site = line.given.site
    check = NewCheck(which=ListedNumber.STUDY_PHONE, is_answered=True, called_at=NOW)
    number_checks.log(session, line.coordinator, "SZ01", check, now=NOW)

    sites.set_phones(session, SYSTEM, site, phone_24h=" 0755-5550 0188 ", reason="新总机", now=NOW)

    assert (site.phone, site.phone_24h) == ("0755-0000000", "0755-5550 0188")
    assert standings(session, line)["study_phone"] is Standing.CHANGED
    (entry,) = entries(session, "site.phones_set")
    assert "0755-5550 0188" in entry
    for wrong in ("", "ask the desk", "0755-5550 0188 ext"):
        with pytest.raises(InvalidInput):
            sites.set_phones(session, SYSTEM, site, phone=wrong, reason="r", now=NOW)
