"""Consents of a participant: each kind given, and withdrawn, by itself (P-07, X-01)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, false, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import AlreadyExists, ConsentIsNeeded, InvalidInput, NoActiveStudyVersion
from epro.models import (
    CONSENT_STANDS,
    KEEPS_DIARY,
    MAY_REPORT,
    Consent,
    LifeCycle,
    Participant,
    Site,
)
from epro.services import journal, life_cycle, planning, studies
from epro.services.enrolment_form import CLOCK_TOLERANCE, GivenConsent
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ConsentKind

GIVEN, ENDED = 1, 2  # the versions of a consent: it is given once, and withdrawn or replaced once

ToSign = Row[*tuple[Participant, Consent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnConsent:
    """What she said: which kind, when, in which words, and how she takes part from then on."""

    kind: ConsentKind
    withdrawn_at: datetime
    reason: str | None = None
    leaves_as: LifeCycle | None = None

    @property
    def ends_diary(self) -> bool:
        """Whether she keeps no diary from then on."""
        return self.leaves_as is not None and self.leaves_as not in KEEPS_DIARY


def of_participant(session: Session, participant: Participant) -> Sequence[Consent]:
    """Return every consent ever given, withdrawn ones included, by kind and time."""
    return session.scalars(
        select(Consent)
        .where(Consent.participant_id == participant.id)
        .order_by(Consent.kind, Consent.given_at)
    ).all()


def needed(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> frozenset[ConsentKind]:
    """Return the kinds without which the study in force at her site takes no answer of hers."""
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    package = catalogue.package(studies.version_in_force(session, site, on=today))
    return frozenset(one.kind for one in package.consents if one.required)


def to_sign_anew(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> Mapping[ConsentKind, str]:
    """Return the kinds that she signed in another edition than the study asks for, and that one.

    It is a reminder to the site. Nothing waits for it: she goes on, and what she reports is taken.
    """
    site = session.get_one(Site, participant.site_id)
    asked = _editions(session, site, catalogue, now=now)
    signed = {
        one.kind: one.document_version for one in of_participant(session, participant) if one.stands
    }
    return {
        kind: edition
        for kind, edition in asked.items()
        if participant.may_report and signed.get(kind, edition) != edition
    }


def to_sign_anew_at(
    session: Session, sites: Iterable[Site], page: int, *, catalogue: Catalogue, now: datetime
) -> Paged[ToSign]:
    """Return a page of whoever is to sign a consent anew at these sites, by code and kind."""
    is_other = [
        and_(
            Participant.site_id == site.id,
            Consent.kind == kind,
            Consent.document_version != edition,
        )
        for site in sites
        for kind, edition in _editions(session, site, catalogue, now=now).items()
    ]
    query = (
        select(Participant, Consent)
        .join(Consent, Consent.participant_id == Participant.id)
        .where(or_(false(), *is_other), CONSENT_STANDS, Participant.life_cycle.in_(MAY_REPORT))
        .order_by(Participant.code, Consent.kind)
    )
    return read_page(session, query, page)


def _editions(
    session: Session, site: Site, catalogue: Catalogue, *, now: datetime
) -> Mapping[ConsentKind, str]:
    """Return the edition of each document that the study in force at a site names, if it does."""
    today = now.astimezone(ZoneInfo(site.zone)).date()
    try:
        package = catalogue.package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return {}
    return {one.kind: one.document_version for one in package.consents if one.document_version}


def store(
    session: Session, actor: Actor, participant: Participant, given: GivenConsent, *, now: datetime
) -> Consent:
    """Put one kind of consent, given on paper, on record; whoever calls has looked at the form."""
    consent = Consent(
        participant_id=participant.id, kind=given.kind, document_version=given.document_version,
        given_at=given.given_at, explained_by=given.explained_by,
        paper_location=given.paper_location,
    )  # fmt: skip
    session.add(consent)
    session.flush()
    journal.record(
        session, actor, "consent.given", _subject(session, consent, participant, GIVEN),
        after=consent.facts, occurred_at=given.given_at, now=now,
    )  # fmt: skip
    return consent


def give(
    session: Session, actor: Actor, participant: Participant, given: GivenConsent, *, now: datetime
) -> Consent:
    """Record a kind that she agreed to after her enrolment, agrees to again, or signed anew.

    It counts from now on: a message that waits may leave. That she withdrew it before stays on
    record, and so does the edition of the document that another one takes the place of. Raises
    InvalidInput for a time to come or before that edition was signed, AlreadyExists for a kind that
    stands in the very same edition.
    """
    participant = planning.lock_participant(session, participant.id)
    _refuse_what_is_to_come("given_at", given.given_at, now=now)
    before = _standing(session, participant, given.kind)
    if before is not None:
        if before.document_version == given.document_version:
            raise AlreadyExists(f"{participant.code} agrees to {given.kind.value} already.")
        _supersede(session, actor, participant, before, given, now=now)
    return store(session, actor, participant, given, now=now)


def withdraw(
    session: Session,
    actor: Actor,
    participant: Participant,
    said: WithdrawnConsent,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Consent:
    """Record that she withdrew one kind; what she answered until then stays.

    1. Put it on record. She owes nobody a reason (PIPL, article 15); what she said may be kept.
    2. Without a kind that the study needs she cannot keep a diary: `leaves_as` says how she goes
       on, and her diary ends with this same withdrawal. She can still report problems.

    Without a kind for a provider no message goes that way from now on, one that waits neither: it
    is looked at when it leaves. Her diary goes on, and she is called instead.

    Raises InvalidInput for a kind that does not stand, a time to come or before it was given,
    ConsentIsNeeded without `leaves_as`, and what changing her life cycle raises.
    """
    participant = planning.lock_participant(session, participant.id)
    consent = _standing(session, participant, said.kind)
    if consent is None:
        raise _not_right("kind", "She has not agreed to this, or not any more.")
    _refuse_what_is_to_come("withdrawn_at", said.withdrawn_at, now=now)
    if said.withdrawn_at < consent.given_at:
        raise _not_right("withdrawn_at", "This lies before the consent was given.")
    goes_on = participant.keeps_diary and not said.ends_diary
    if goes_on and said.kind in needed(session, participant, catalogue=catalogue, now=now):
        raise ConsentIsNeeded(details={"kind": said.kind.value})
    consent.withdrawn_at = said.withdrawn_at
    session.flush()
    journal.record(
        session, actor, "consent.withdrawn", _subject(session, consent, participant, ENDED),
        after=consent.facts, before={"withdrawn_at": None}, reason=said.reason,
        occurred_at=said.withdrawn_at, now=now,
    )  # fmt: skip
    if said.leaves_as is not None:
        life_cycle.change(
            session, actor, participant, said.leaves_as, occurred_at=said.withdrawn_at,
            reason=said.reason or f"consent withdrawn: {said.kind.value}",
            catalogue=catalogue, now=now,
        )  # fmt: skip
    return consent


def _supersede(
    session: Session,
    actor: Actor,
    participant: Participant,
    consent: Consent,
    given: GivenConsent,
    *,
    now: datetime,
) -> None:
    if given.given_at < consent.given_at:
        raise _not_right("given_at", "This lies before the consent that it takes the place of.")
    consent.superseded_at = given.given_at
    session.flush()
    journal.record(
        session, actor, "consent.superseded", _subject(session, consent, participant, ENDED),
        after=consent.facts, before={"superseded_at": None}, occurred_at=given.given_at, now=now,
    )  # fmt: skip


def _standing(session: Session, participant: Participant, kind: ConsentKind) -> Consent | None:
    return session.scalars(
        select(Consent).where(
            Consent.participant_id == participant.id, Consent.kind == kind, CONSENT_STANDS
        )
    ).first()


def _refuse_what_is_to_come(place: str, at: datetime, *, now: datetime) -> None:
    if at > now + CLOCK_TOLERANCE:
        raise _not_right(place, "This lies in the future.")


def _not_right(place: str, message: str) -> InvalidInput:
    return InvalidInput(details={"problems": [{"place": place, "message": message}]})


def _subject(session: Session, consent: Consent, participant: Participant, version: int) -> Subject:
    site = session.get_one(Site, participant.site_id)
    return Subject(
        entity_type="consent", entity_id=str(consent.id), version=version,
        participant_code=participant.code, site_code=site.code, site_id=site.id,
    )  # fmt: skip
