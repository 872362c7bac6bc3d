"""What a coordinator fills in to enrol somebody, and what can be wrong with it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from questionnaires.definition import ConsentKind, Language, StudyPackage, ThermometerRoute
from questionnaires.schedule import DiarySlot

PARTICIPANT_CODE = re.compile(r"[A-Z]{2}\d{2}-\d{3}", re.ASCII)
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
EARLIEST_YEAR_OF_BIRTH = 1900
MIN_AGE = 18  # NCT07041801 enrols adults
# Paper was signed by the clock on the wall.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """One kind of consent, given on paper at the site."""

    kind: ConsentKind
    document_version: str
    given_at: datetime
    explained_by: str
    paper_location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedEnrolment:
    """A participant by code alone; zone and thermometer default to the site's and the study's."""

    code: str
    site: str
    language: Language
    consents: tuple[GivenConsent, ...]
    zone: str | None = None
    thermometer_route: ThermometerRoute | None = None
    diary_slot: DiarySlot = DiarySlot.EVENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(CodedEnrolment):
    """Everything that is needed, also who she is."""

    year_of_birth: int
    phone: str
    email: str | None = None


def problems_of(enrolment: CodedEnrolment, *, zone: str, now: datetime) -> list[dict[str, str]]:
    """Name every value that cannot be right, by its place; never repeats a value."""
    found = _problems(enrolment, zone, now)
    return [{"place": place, "message": message} for place, message in found]


def missing_consents(enrolment: CodedEnrolment, package: StudyPackage) -> list[str]:
    """Return the kinds the study needs before any data and that were not given."""
    given = {consent.kind for consent in enrolment.consents}
    return [
        consent.kind.value
        for consent in package.consents
        if consent.required and consent.kind not in given
    ]


def _problems(enrolment: CodedEnrolment, zone: str, now: datetime) -> Iterator[tuple[str, str]]:
    if not PARTICIPANT_CODE.fullmatch(enrolment.code):
        yield "code", "A participant's code reads like SZ01-014."
    elif not enrolment.code.startswith(f"{enrolment.site}-"):
        yield "code", "A participant's code begins with the code of her site."
    if zone not in available_timezones():
        yield "zone", "This is not the name of an IANA time zone."
    if isinstance(enrolment, Enrolment):
        yield from identity_problems(enrolment.phone, enrolment.year_of_birth, now=now)
        if enrolment.email is not None and not EMAIL.fullmatch(enrolment.email):
            yield "email", "This is not an e-mail address."
    yield from _consent_problems(enrolment, now)


def identity_problems(
    phone: str, year_of_birth: int, *, now: datetime
) -> Iterator[tuple[str, str]]:
    """Yield what cannot be right about who she is, by place; never repeats a value."""
    yield from phone_problems(phone)
    yield from birth_problems(year_of_birth, now=now)


def phone_problems(phone: str) -> Iterator[tuple[str, str]]:
    """Yield what cannot be right about a number."""
    if not E164.fullmatch(phone):
        yield "phone", "A phone number has its country code, as in +8613800138000."


def birth_problems(year_of_birth: int, *, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what cannot be right about a year of birth at that instant."""
    if not EARLIEST_YEAR_OF_BIRTH <= year_of_birth <= now.year:
        yield "year_of_birth", "This is not a year of birth."
    elif now.year - year_of_birth < MIN_AGE:
        yield "year_of_birth", f"Participants are at least {MIN_AGE} years old."


def _consent_problems(enrolment: CodedEnrolment, now: datetime) -> Iterator[tuple[str, str]]:
    counts = Counter(consent.kind for consent in enrolment.consents)
    for number, consent in enumerate(enrolment.consents):
        if consent.given_at > now + CLOCK_TOLERANCE:
            yield f"consents[{number}].given_at", "This lies in the future."
        if counts[consent.kind] > 1:
            yield f"consents[{number}].kind", "This kind is given more than once."
