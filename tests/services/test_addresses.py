"""Where a recipient is reached: looked up late, and nowhere for whoever may not be written to."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from epro.models import Consent, Participant, User
from epro.services import addresses, identity
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
NUMBER = "+8613800138014"
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
    ) -> str | None:
        return addresses.address_of(
            self.session, recipient_ref, channel, catalogue=Catalogue({self.version.id: package}),
            keyring=KEYRING, now=START,
        )  # fmt: skip

    def hers(self, **package: StudyPackage) -> str | None:
        return self.address(f"participant:{self.her.id}", ChannelName.SMS, **package)


@pytest.fixture
def place(session: Session) -> Place:
    return Place(session)


@pytest.mark.req("X-01")
def test_her_number_is_given_out_with_her_consent_only(place: Place) -> None:
    before = place.hers()
    place.consents()

    assert (before, place.hers()) == (None, NUMBER)


@pytest.mark.req("X-01")
def test_a_consent_that_was_withdrawn_counts_no_more(place: Place) -> None:
    place.consents(withdrawn_at=START)

    assert place.hers() is None


@pytest.mark.req("X-01")
def test_another_consent_does_not_stand_in_for_it(place: Place) -> None:
    place.consents(kind=ConsentKind.CROSS_BORDER)

    assert place.hers() is None


def test_a_study_that_asks_for_none_needs_none(place: Place) -> None:
    assert place.hers(package=WITHOUT_A_CONSENT_OF_ITS_OWN) == NUMBER


def test_participants_have_no_mailbox_and_no_voice_calls(place: Place) -> None:
    place.consents()

    for channel in (ChannelName.EMAIL, ChannelName.VOICE):
        assert place.address(f"participant:{place.her.id}", channel) is None


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
