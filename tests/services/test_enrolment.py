"""Enrolment: what has to be right, what goes on record, and who can be found by whom."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission, Role
from epro.db import Database
from epro.errors import (
    AlreadyExists,
    ConsentMissing,
    InvalidInput,
    NoActiveStudyVersion,
    NotFound,
    NotPermitted,
)
from epro.models import ActivationCode, Anchor, Consent, JournalEntry, Participant, Site
from epro.services import enrolment
from epro.services.enrolment import IssuedCode
from epro.services.enrolment_form import Enrolment, GivenConsent
from epro.services.studies import Studies
from questionnaires.definition import ConsentKind, Language, ThermometerRoute
from questionnaires.schedule import AnchorEvent
from tests.clock import START, FrozenClock
from tests.factories import (
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    user_actor,
)
from tests.threads import at_once

KEYRING = make_keyring()
PHONE = "+8613800138000"


def consent(kind: ConsentKind, given_at: datetime = START) -> GivenConsent:
    return GivenConsent(
        kind=kind, document_version="1.2", given_at=given_at,
        explained_by="Dr Li", paper_location="folder 3",
    )  # fmt: skip


def needed_consents() -> tuple[GivenConsent, ...]:
    return tuple(consent(one.kind) for one in shipped_package().consents if one.required)


def form(**changes: Any) -> Enrolment:
    filled_in = Enrolment(
        code="SZ01-014", site="SZ01", language=Language.ZH, year_of_birth=1968, phone=PHONE,
        consents=needed_consents(),
    )  # fmt: skip
    return replace(filled_in, **changes)


def enrol(
    session: Session, actor: Actor, filled_in: Enrolment, now: datetime = START
) -> IssuedCode:
    return enrolment.enrol(
        session, actor, filled_in,
        keyring=KEYRING, catalogue=Studies().catalogue(session), now=now,
    )  # fmt: skip


def prepare(session: Session) -> Actor:
    """Put the study in force at two sites; return a coordinator of the first."""
    add_study_version(session, add_site(session, "SZ01"), add_site(session, "GZ02"))
    return user_actor(add_user(session, site="SZ01").user)


@pytest.fixture
def coordinator(session: Session) -> Actor:
    return prepare(session)


def verbs(session: Session) -> Sequence[str]:
    return session.scalars(
        select(JournalEntry.verb)
        .where(JournalEntry.participant_code.is_not(None))
        .order_by(JournalEntry.id)
    ).all()


# --- what is stored -------------------------------------------------------------------------------


@pytest.mark.req("P-02")
def test_enrolling_hands_out_an_activation_code_for_72_hours(
    session: Session, coordinator: Actor
) -> None:
    issued = enrol(session, coordinator, form())

    assert len(issued.activation_code) == 8
    assert issued.expires_at == START + timedelta(hours=72)


def test_zone_and_thermometer_come_from_site_and_study_unless_said(
    session: Session, coordinator: Actor
) -> None:
    default = enrol(session, coordinator, form()).participant
    other = enrol(
        session, coordinator,
        form(code="SZ01-015", zone="Europe/Paris", thermometer_route=ThermometerRoute.EAR),
    ).participant  # fmt: skip

    assert (default.zone, default.thermometer_route) == (
        "Asia/Shanghai", shipped_package().thermometer_route,
    )  # fmt: skip
    assert (other.zone, other.thermometer_route) == ("Europe/Paris", ThermometerRoute.EAR)


def test_enrolment_is_itself_an_anchor(session: Session, coordinator: Actor) -> None:
    participant = enrol(session, coordinator, form()).participant

    anchor = session.scalars(select(Anchor).where(Anchor.participant_id == participant.id)).one()
    assert (anchor.event, anchor.occurred_at) == (AnchorEvent.ENR, START)


@pytest.mark.req("P-07")
def test_each_consent_is_a_row_of_its_own(session: Session, coordinator: Actor) -> None:
    enrol(session, coordinator, form())

    rows = session.scalars(select(Consent)).all()
    assert {row.kind for row in rows} == {given.kind for given in needed_consents()}
    assert {(row.document_version, row.explained_by) for row in rows} == {("1.2", "Dr Li")}


@pytest.mark.req("T-01")
def test_everything_an_enrolment_does_is_on_record(session: Session, coordinator: Actor) -> None:
    enrol(session, coordinator, form())

    assert {
        "participant.enrolled", "consent.given", "identity.recorded", "anchor.recorded",
        "activation_code.issued",
    } <= set(verbs(session))  # fmt: skip


@pytest.mark.req("P-01", "P-02")
def test_neither_identity_nor_the_code_is_on_record(session: Session, coordinator: Actor) -> None:
    issued = enrol(session, coordinator, form())

    record = "\n".join(session.scalars(select(JournalEntry.body)))
    assert PHONE.lstrip("+") not in record
    assert "1968" not in [str(value) for value in _values(record)]
    assert issued.activation_code not in record


def _values(record: str) -> list[Any]:
    return [value for line in record.splitlines() for value in json.loads(line)["after"].values()]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"code": "SZ1-014"}, "code"),
        ({"code": "GZ02-014"}, "code"),
        ({"code": "SZ01-0\uff114"}, "code"),
        ({"zone": "Asia/Shenzhen"}, "zone"),
        ({"zone": "+08:00"}, "zone"),
        ({"phone": "13800138000"}, "phone"),
        ({"phone": "+86 138 0013 8000"}, "phone"),
        ({"year_of_birth": 1899}, "year_of_birth"),
        ({"year_of_birth": 2027}, "year_of_birth"),
        ({"year_of_birth": 2009}, "year_of_birth"),
        (
            {"consents": (*needed_consents()[1:], consent(
                needed_consents()[0].kind, START + timedelta(hours=1)))},
            f"consents[{len(needed_consents()) - 1}].given_at",
        ),
        (
            {"consents": (*needed_consents(), needed_consents()[0])},
            "consents[0].kind",
        ),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_right_is_named_by_its_place(
    session: Session, coordinator: Actor, changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        enrol(session, coordinator, form(**changes))

    assert place in [problem["place"] for problem in refusal.value.details["problems"]]


@pytest.mark.req("P-01")
def test_a_refusal_repeats_no_value(session: Session, coordinator: Actor) -> None:
    with pytest.raises(InvalidInput) as refusal:
        enrol(session, coordinator, form(phone="12345678901", year_of_birth=2011))

    assert "12345678901" not in str(refusal.value.details)
    assert "2011" not in str(refusal.value.details)


def test_every_problem_is_named_at_once(session: Session, coordinator: Actor) -> None:
    with pytest.raises(InvalidInput) as refusal:
        enrol(session, coordinator, form(code="X", phone="1", zone="Mars", year_of_birth=1))

    places = {problem["place"] for problem in refusal.value.details["problems"]}
    assert places == {"code", "phone", "zone", "year_of_birth"}


@pytest.mark.req("P-07")
@pytest.mark.parametrize("missing", [given.kind for given in needed_consents()])
def test_without_a_needed_consent_nobody_is_enrolled(
    session: Session, coordinator: Actor, missing: ConsentKind
) -> None:
    given = tuple(one for one in needed_consents() if one.kind is not missing)

    with pytest.raises(ConsentMissing) as refusal:
        enrol(session, coordinator, form(consents=given))

    assert refusal.value.details == {"kinds": [missing.value]}
    assert session.scalars(select(Participant)).all() == []


def test_a_code_is_given_once(session: Session, coordinator: Actor) -> None:
    enrol(session, coordinator, form())

    with pytest.raises(AlreadyExists):
        enrol(session, coordinator, form())


def test_two_coordinators_cannot_give_one_code_at_the_same_moment(
    fresh_database: Database,
) -> None:
    with fresh_database.transaction() as session:
        coordinator = prepare(session)

    def try_it() -> IssuedCode:
        with fresh_database.transaction() as session:
            return enrol(session, coordinator, form())

    ends = sorted(type(end).__name__ for end in at_once(try_it, try_it))

    assert ends == ["AlreadyExists", "IssuedCode"]


def test_before_the_study_is_in_force_at_a_site_nobody_is_enrolled(session: Session) -> None:
    add_site(session)
    coordinator = user_actor(add_user(session).user)

    with pytest.raises(NoActiveStudyVersion):
        enrol(session, coordinator, form())


@pytest.mark.req("P-06")
@pytest.mark.parametrize("site", ["GZ02", "XX99"])
def test_a_site_out_of_reach_looks_like_one_that_does_not_exist(
    session: Session, coordinator: Actor, site: str
) -> None:
    with pytest.raises(NotFound) as refusal:
        enrol(session, coordinator, form(site=site, code=f"{site}-001"))

    assert refusal.value.details == {}


@pytest.mark.req("P-06")
def test_a_role_without_the_permission_enrols_nowhere(session: Session, coordinator: Actor) -> None:
    monitor = user_actor(add_user(session, "mona", roles=[Role.MONITOR], site=None).user)

    with pytest.raises((NotFound, NotPermitted)):
        enrol(session, monitor, form())


# --- activation codes -----------------------------------------------------------------------------


@pytest.mark.req("P-02")
def test_a_new_activation_code_revokes_the_one_that_stands(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    first = enrol(session, coordinator, form())

    enrolment.issue_activation_code(
        session, coordinator, first.participant.code, keyring=KEYRING, now=clock.advance(hours=1)
    )

    codes = session.scalars(select(ActivationCode).order_by(ActivationCode.issued_at)).all()
    assert [code.revoked_at for code in codes] == [clock(), None]
    assert "activation_code.revoked" in verbs(session)


@pytest.mark.req("P-02")
def test_the_activation_code_itself_is_not_kept(session: Session, coordinator: Actor) -> None:
    issued = enrol(session, coordinator, form())

    stored = session.scalars(select(ActivationCode)).one()
    assert issued.activation_code not in stored.code_lookup
    assert len(stored.code_lookup) == 64


# --- who can be found by whom ---------------------------------------------------------------------


@pytest.mark.req("P-06")
@pytest.mark.parametrize("code", ["GZ02-001", "GZ02-999", ""])
def test_a_participant_of_another_site_looks_absent(
    session: Session, coordinator: Actor, code: str
) -> None:
    other = session.scalars(select(Site).where(Site.code == "GZ02")).one()
    add_participant(session, other, "GZ02-001")

    with pytest.raises(NotFound) as refusal:
        enrolment.get_participant(session, coordinator, code, Permission.READ_PARTICIPANT)

    assert (refusal.value.text, refusal.value.details) == (NotFound.message, {})


@pytest.mark.req("P-06")
def test_a_list_holds_the_participants_of_ones_own_sites_only(
    session: Session, coordinator: Actor
) -> None:
    _three_participants(session)
    monitor = user_actor(add_user(session, "mona", roles=[Role.MONITOR], site=None).user)

    assert _codes(session, coordinator) == ["SZ01-001", "SZ01-002"]
    assert _codes(session, monitor) == ["GZ02-001", "SZ01-001", "SZ01-002"]


def test_a_list_goes_on_after_its_cursor(session: Session, coordinator: Actor) -> None:
    _three_participants(session)

    assert _codes(session, coordinator, limit=1) == ["SZ01-001"]
    assert _codes(session, coordinator, after="SZ01-001", limit=1) == ["SZ01-002"]


def test_a_list_can_be_of_one_site(session: Session, coordinator: Actor) -> None:
    _three_participants(session)
    monitor = user_actor(add_user(session, "mona", roles=[Role.MONITOR], site=None).user)

    assert _codes(session, monitor, site="GZ02") == ["GZ02-001"]


def _three_participants(session: Session) -> None:
    sites = {site.code: site for site in session.scalars(select(Site))}
    for code in ("SZ01-002", "GZ02-001", "SZ01-001"):
        add_participant(session, sites[code[:4]], code)


def _codes(session: Session, actor: Actor, **narrowing: Any) -> list[str]:
    return [one.code for one in enrolment.list_participants(session, actor, **narrowing)]
