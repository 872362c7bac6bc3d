"""Where a recipient is reached: looked up late, and nowhere for whoever may not be written to."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.models import Consent, OptOutSource, Participant, ParticipantIdentity, User
from epro.services import addresses, identity, opting_out
from notifications.channels import Refused
from notifications.messages import ChannelName
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ConsentKind, StudyPackage
from tests.clock import START
from tests.factories import (
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
)

KEYRING = make_keyring()
NUMBER, MAILBOX = "+8613800138014", "she@example.org"
WITHOUT_A_CONSENT_OF_ITS_OWN = replace(
    shipped_package(),
    consents=tuple(
        one for one in shipped_package().consents if one.kind is not ConsentKind.SMS_PROCESSOR
    ),
)


class Place:
    def __init__(self, session: Session) -> None:
        self.session = session
        site = add_site(session)
        self.version = add_study_version(session, site)
        self.her: Participant = add_participant(session, site)
        self.user: User = add_user(session, keyring=KEYRING).user
        identity.seal(
            session, SYSTEM, self.her, phone=NUMBER, year_of_birth=1988, keyring=KEYRING, now=START
        )

    def consents(self, **facts: object) -> None:
        values = {
            "participant_id": self.her.id, "kind": ConsentKind.SMS_PROCESSOR,
            "document_version": "1", "given_at": START, "explained_by": "Dr Li",
            "paper_location": "folder 1",
        }  # fmt: skip
        self.session.add(Consent(**(values | facts)))
        self.session.flush()

    def address(
        self,
        recipient_ref: str,
        channel: ChannelName,
        *,
        package: StudyPackage = shipped_package(),  # noqa: B008  never changed
        is_overseas: bool = False,
    ) -> str | None:
        """Return the address, None where there is none, or why it may not be used."""
        try:
            return addresses.address_of(
                self.session, recipient_ref, channel,
                catalogue=Catalogue({self.version.id: package}), keyring=KEYRING,
                is_overseas=lambda _channel, _address: is_overseas, now=START,
            )  # fmt: skip
        except Refused as refused:
            return refused.code if refused.is_permanent else "again"

    def hers(self, channel: ChannelName = ChannelName.SMS, **facts: Any) -> str | None:
        return self.address(f"participant:{self.her.id}", channel, **facts)


@pytest.fixture
def place(session: Session) -> Place:
    return Place(session)


@pytest.mark.req("X-01")
def test_her_number_is_given_out_with_her_consent_only(place: Place) -> None:
    before = place.hers()
    place.consents()

    assert (before, place.hers()) == ("no_consent", NUMBER)


@pytest.mark.req("X-01")
def test_a_consent_that_was_withdrawn_counts_no_more(place: Place) -> None:
    place.consents(withdrawn_at=START)

    assert place.hers() == "no_consent"


@pytest.mark.req("X-01")
def test_another_consent_does_not_stand_in_for_it(place: Place) -> None:
    place.consents(kind=ConsentKind.CROSS_BORDER)

    assert place.hers() == "no_consent"


@pytest.mark.req("X-01")
def test_without_leave_to_send_it_abroad_her_number_stays_in_the_country(place: Place) -> None:
    place.consents()
    before = place.hers(is_overseas=True)
    place.consents(kind=ConsentKind.CROSS_BORDER)

    assert (before, place.hers(is_overseas=True)) == ("no_cross_border_consent", NUMBER)
    assert place.hers(is_overseas=False) == NUMBER


@pytest.mark.req("X-01")
def test_leave_to_send_it_abroad_that_was_withdrawn_counts_no_more(place: Place) -> None:
    place.consents()
    place.consents(kind=ConsentKind.CROSS_BORDER, withdrawn_at=START)

    assert place.hers(is_overseas=True) == "no_cross_border_consent"


@pytest.mark.req("N-05", "X-01")
def test_her_mailbox_is_given_out_with_a_consent_of_its_own(place: Place) -> None:
    place.consents()
    without = place.hers(ChannelName.EMAIL)
    place.session.get_one(ParticipantIdentity, place.her.id).email_sealed = KEYRING.seal(MAILBOX)
    before = place.hers(ChannelName.EMAIL)
    place.consents(kind=ConsentKind.EMAIL_PROCESSOR)

    found = (without, before, place.hers(ChannelName.EMAIL))
    assert found == ("no_address", "no_consent", MAILBOX)


@pytest.mark.req("N-05")
def test_a_number_that_wants_none_gets_none_until_it_does_again(place: Place) -> None:
    place.consents()
    place.user.phone_sealed = KEYRING.seal(NUMBER)
    lookup = opting_out.lookup_of(NUMBER, keyring=KEYRING)
    opting_out.stop(place.session, lookup, source=OptOutSource.REPLY, now=START)

    theirs = place.address(f"user:{place.user.id}", ChannelName.SMS)
    assert (place.hers(), theirs) == ("wants_none", "wants_none")
    opting_out.start(place.session, lookup, now=START)
    assert place.hers() == NUMBER


def test_a_study_that_asks_for_none_needs_none(place: Place) -> None:
    assert place.hers(package=WITHOUT_A_CONSENT_OF_ITS_OWN) == NUMBER


def test_participants_have_no_mailbox_and_no_voice_calls(place: Place) -> None:
    place.consents()

    for channel in (ChannelName.EMAIL, ChannelName.VOICE):
        assert place.hers(channel) == "no_address"


def test_staff_are_reached_by_mail_and_where_they_gave_a_number_by_text(place: Place) -> None:
    ref = f"user:{place.user.id}"
    mailbox, no_number = (place.address(ref, one) for one in (ChannelName.EMAIL, ChannelName.SMS))
    place.user.phone_sealed = KEYRING.seal(NUMBER)

    assert (mailbox, no_number) == ("zhang.jing@example.org", None)
    assert place.address(ref, ChannelName.SMS) == NUMBER


def test_a_closed_account_is_written_to_no_more(place: Place) -> None:
    place.user.deactivated_at = START

    assert place.address(f"user:{place.user.id}", ChannelName.EMAIL) is None


@pytest.mark.parametrize("kind", ["participant", "user", "site"])
def test_whoever_is_not_known_has_no_address(place: Place, kind: str) -> None:
    for channel in ChannelName:
        assert place.address(f"{kind}:{uuid4()}", channel) is None
