"""A week of two sites with every kind of case in it, so small that it can be counted by hand.

SZ01 keeps the time of Shanghai, UR01 that of Urumqi, two hours behind. The period is Monday 2 March
to Sunday 8 March 2026. Beside what is said here, nobody did anything.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.errors import SignatureNotProven, WrongCredentials
from epro.models import (
    Assessment,
    Completer,
    Correction,
    CorrectionSource,
    DeviceSession,
    EntryMode,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    StudyVersion,
    Timeliness,
    Transcription,
)
from epro.services import (
    exports,
    session_places,
    sessions,
    setting_up,
    signing,
    signing_in,
)
from epro.services.audit_figures import Period
from epro.services.exports import ExportKind
from epro.services.sessions import Caller
from epro.services.setting_up import Ticket
from epro.services.signing_in import Proof
from questionnaires.definition import Language
from questionnaires.schedule import AnsweredBy
from tests.factories import (
    PASSWORD,
    PIN,
    add_device,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    totp_at,
    user_actor,
)

WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))
MIDWEEK = datetime(2026, 3, 5, 4, tzinfo=UTC)
SHANGHAI, URUMQI = "Asia/Shanghai", "Asia/Urumqi"
CALLER = Caller(client="test", address="198.51.100.7")


@dataclass
class Week:
    """What the week has; participants by the last digits of their codes."""

    shenzhen: Site
    urumqi: Site
    version: StudyVersion
    people: dict[str, Participant]
    devices: dict[str, DeviceSession]
    coordinator: Actor
    chief: Actor
    manager: Actor
    # Of UR01; she has signed in on a participant's phone at SZ01.
    visitor: Actor


def build(session: Session) -> Week:
    """Have the week happen."""
    shenzhen = add_site(session, "SZ01", zone=SHANGHAI)
    urumqi = add_site(session, "UR01", zone=URUMQI)
    version = add_study_version(session, shenzhen, urumqi)
    people = {
        code: add_participant(session, site, code, pin=PIN)
        for code, site in (
            ("SZ01-001", shenzhen), ("SZ01-002", shenzhen), ("SZ01-003", shenzhen),
            ("UR01-001", urumqi),
        )
    }  # fmt: skip
    devices = {code: add_device(session, who) for code, who in people.items()}
    keyring = make_keyring()
    coordinator = add_user(session, "li.min", site="SZ01", keyring=keyring)
    chief = add_user(
        session, "pi.chen", roles=[Role.PRINCIPAL_INVESTIGATOR], site="SZ01", keyring=keyring
    )
    manager = add_user(session, "data.wu", roles=[Role.DATA_MANAGER], site=None, keyring=keyring)
    visitor = add_user(session, "ma.li", site="UR01", keyring=keyring)
    week = Week(
        shenzhen, urumqi, version, people, devices, user_actor(coordinator.user),
        user_actor(chief.user), user_actor(manager.user), user_actor(visitor.user),
    )  # fmt: skip
    _answer(session, week)
    _correct(session, week)
    _use_devices(session, week)
    _try_to_sign_in(session, coordinator)
    for actor, when in (
        (week.chief, MIDWEEK), (week.manager, MIDWEEK), (week.chief, MIDWEEK - timedelta(days=7)),
    ):  # fmt: skip
        exports.put_on_record(session, actor, ExportKind.COMPLIANCE, "participant\n", now=when)
    return week


def at(clock: str, zone: str = SHANGHAI) -> datetime:
    """Return the instant at which clocks of a zone show this."""
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _answer(session: Session, week: Week) -> None:
    add = _Adding(session, week)
    add("SZ01-001", "2026-03-02T19:00", taken_s=60)
    add("SZ01-001", "2026-03-03T01:30", taken_s=100, timeliness=Timeliness.LATE)
    add("SZ01-001", "2026-03-04T20:00", taken_s=12)
    # Two seconds an answer is not too fast, and five o'clock is morning.
    add("SZ01-001", "2026-03-05T20:00", taken_s=20)
    add("SZ01-001", "2026-03-06T05:00", timeliness=Timeliness.LATE)
    # A report of her own, at any hour, is in no window; what she has not sent in is nothing yet.
    add("SZ01-001", "2026-03-04T00:00", timeliness=Timeliness.UNSCHEDULED, counts=False)
    add("SZ01-001", "2026-03-04T19:30", status=ResponseStatus.IN_PROGRESS, counts=False)
    add("SZ01-001", "2026-03-01T23:59:59", taken_s=1, timeliness=Timeliness.LATE)
    add("SZ01-001", "2026-03-09T00:00", taken_s=1, timeliness=Timeliness.LATE)
    opened = sessions.start_on_behalf(
        session, week.coordinator, week.people["SZ01-002"], EntryMode.SITE_TABLET,
        client="tablet", now=MIDWEEK, wall_now=MIDWEEK,
    )  # fmt: skip
    add(
        "SZ01-002", "2026-03-02T19:00", taken_s=60, mode=EntryMode.SITE_TABLET,
        device_session_id=opened.device_session_id,
    )  # fmt: skip
    add("SZ01-002", "2026-03-03T19:00", completer=Completer.ANSWERED_FOR_ME)
    add("SZ01-002", "2026-03-08T23:59:59")
    typed = add("SZ01-002", "2026-03-07T19:00", mode=EntryMode.PAPER_TRANSCRIPTION)
    session.add(
        Transcription(
            response_id=typed, participant_id=week.people["SZ01-002"].id,
            site_id=week.shenzhen.id, written_at=MIDWEEK, zone=SHANGHAI, reason="no phone",
            source_reference="binder 3", entered_at=MIDWEEK, entered_by_id=week.coordinator.id,
        )
    )  # fmt: skip
    # Already Monday in Shanghai, still Sunday at her own site.
    add("UR01-001", "2026-03-08T23:30", zone=URUMQI)
    rated = Assessment(
        participant_id=week.people["UR01-001"].id, study_version_id=week.version.id,
        family="rating", occurrence="1", block="S8", questionnaire_code="sledai-2k",
        questionnaire_version="1.0.0", planned_on=WEEK.from_on, opens_at=MIDWEEK,
        due_at=MIDWEEK, closes_at=MIDWEEK + timedelta(1), late_until=MIDWEEK + timedelta(1),
        answered_by=AnsweredBy.OUTCOMES_ASSESSOR, planned_at=MIDWEEK,
    )  # fmt: skip
    session.add(rated)
    session.flush()
    add("UR01-001", "2026-03-04T02:00", zone=URUMQI, taken_s=1, assessment_id=rated.id)


@dataclass
class _Adding:
    session: Session
    week: Week

    def __call__(
        self, code: str, clock: str, *, zone: str = SHANGHAI, taken_s: int | None = None,
        **facts: Any,
    ) -> UUID:  # fmt: skip
        """Add what was sent in at this local time, ten answers, on time unless it says other."""
        answered_at = at(clock, zone)
        offset = answered_at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        response_id = uuid4()
        values: dict[str, Any] = {
            "id": response_id, "participant_id": self.week.people[code].id,
            "study_version_id": self.week.version.id,
            "questionnaire_code": shipped_package().questionnaires[0].code,
            "questionnaire_version": shipped_package().questionnaires[0].version,
            "revision": 1, "status": ResponseStatus.COMPLETED, "language": Language.ZH,
            "completer": Completer.SELF, "mode": EntryMode.OWN_DEVICE,
            "answers": [{"link_id": f"q{number}", "value": number} for number in range(10)],
            "hidden": [], "not_reached": [], "answered_at": answered_at,
            "opened_at": answered_at - timedelta(seconds=taken_s) if taken_s else None,
            "utc_offset_minutes": int(offset.total_seconds() // 60), "zone": zone,
            "clock_unsure": False, "received_at": answered_at, "received_late": False,
            "timeliness": Timeliness.ON_TIME, "counts": True,
            "device_session_id": self.week.devices[code].id, "app_version": "1",
        }  # fmt: skip
        self.session.add(QuestionnaireResponse(**(values | facts)))
        self.session.flush()
        return response_id


def _correct(session: Session, week: Week) -> None:
    sent = {one.participant_id: one for one in session.scalars(select(QuestionnaireResponse))}
    for code, asked_at, by in (
        ("SZ01-001", MIDWEEK, None),
        ("SZ01-002", MIDWEEK, week.coordinator.id),
        ("SZ01-002", MIDWEEK + timedelta(days=7), week.coordinator.id),
    ):
        who = week.people[code]
        session.add(
            Correction(
                id=uuid4(), participant_id=who.id, site_id=who.site_id,
                response_id=sent[who.id].id, corrected_revision=1, digest="", answers=[],
                reason="typed wrongly", source=CorrectionSource.CALL, said_at=asked_at,
                asked_at=asked_at, asked_by_id=by, delay_s=5_400,
            )
        )  # fmt: skip
    session.flush()


def _use_devices(session: Session, week: Week) -> None:
    keyring = make_keyring()
    hers = sessions.start(
        session,
        signing_in.user_of(session, week.coordinator),
        client="desk", now=MIDWEEK - timedelta(days=30), wall_now=MIDWEEK,
    )  # fmt: skip

    def use(session_id: Any, mark: str, address: str, when: datetime = MIDWEEK) -> None:
        session_places.note(
            session, session_id, device_mark=mark, address=address, keyring=keyring, now=when
        )

    use(week.devices["SZ01-001"].id, "one phone", "hospital")
    use(week.devices["SZ01-002"].id, "one phone", "a street in Shenzhen")
    use(week.devices["UR01-001"].id, "the coordinator's", "a street in Shenzhen")
    use(hers.device_session_id, "the coordinator's", "hospital")
    use(week.devices["SZ01-003"].id, "her own", "home")
    for somebody in (week.visitor, week.manager):
        theirs = sessions.start(
            session, signing_in.user_of(session, somebody), client="desk",
            now=MIDWEEK - timedelta(days=30), wall_now=MIDWEEK,
        )  # fmt: skip
        use(theirs.device_session_id, "one phone", "hospital")
    use(week.devices["SZ01-003"].id, "one phone", "home", MIDWEEK - timedelta(days=10))


def _try_to_sign_in(session: Session, user: Any) -> None:
    common: dict[str, Any] = {"caller": CALLER, "keyring": make_keyring(), "wall_now": MIDWEEK}
    for username in ("li.min", "nobody.known"):
        with suppress(WrongCredentials):
            signing_in.sign_in_user(
                session, username=username, password="not it", totp="000000", now=MIDWEEK, **common
            )
    with suppress(WrongCredentials):
        signing_in.sign_in_participant(
            session, code="SZ01-001", pin="000001", now=MIDWEEK, **common
        )
    keyring = make_keyring()
    with suppress(SignatureNotProven):
        signing.prove(
            session, user_actor(user.user),
            Proof(password="not it", totp="000000", caller=CALLER, wall_now=MIDWEEK),
            keyring=keyring, now=MIDWEEK,
        )  # fmt: skip
    with suppress(WrongCredentials):
        setting_up.begin(
            session, Ticket(username="li.min", code="AAAA-AAAA-AAAA", caller=CALLER),
            keyring=keyring, now=MIDWEEK,
        )  # fmt: skip
    signing_in.sign_in_user(
        session, username="li.min", password=PASSWORD, totp=totp_at(user, MIDWEEK), now=MIDWEEK,
        **common,
    )  # fmt: skip
