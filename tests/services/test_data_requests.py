"""A site's log of requests, lived through: each has its day, what was done, and an explanation."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.errors import InvalidInput, NotFound
from epro.errors_of_protection import ContactStillNeeded, MustBeKept, RequestEnded
from epro.models import (
    AskedBy,
    DataRequest,
    IdentityCheck,
    JournalEntry,
    LifeCycle,
    ParticipantIdentity,
    RequestAct,
    RequestKind,
    RequestOutcome,
    SafetyFlag,
)
from epro.services import (
    adverse_events,
    data_requests,
    identity,
    life_cycle,
    own_copy,
    site_today,
    sites,
)
from epro.services.data_requests import NewRequest
from questionnaires.adverse_events import Seriousness
from questionnaires.data_protection import Urgency
from questionnaires.tiers import Tier
from tests.factories import (
    SYSTEM,
    add_delegation,
    add_site,
    add_user,
    event_facts,
    make_keyring,
    user_actor,
)
from tests.services.given import Given, answered, begin_after_infusion, local

pytestmark = pytest.mark.req("X-04")

MONDAY = date(2026, 3, 2)
NOW = local(MONDAY, 10)
KEYRING = make_keyring()
ASKS = NewRequest(
    kind=RequestKind.COPY, asked_by=AskedBy.HERSELF, identity_check=IdentityCheck.KNOWN_IN_PERSON,
    received_on=MONDAY, words="想要一份自己的日记",
)  # fmt: skip


@pytest.fixture
def given(session: Session) -> Given:
    given = begin_after_infusion(session)
    identity.seal(
        session, SYSTEM, given.participant, phone="+8613800138000", year_of_birth=1968,
        keyring=KEYRING, now=NOW,
    )  # fmt: skip
    return given


@pytest.fixture
def nurse(session: Session, given: Given) -> Actor:
    return user_actor(add_user(session, "li.min").user)


def asked(session: Session, nurse: Actor, given: Given, **but: Any) -> DataRequest:
    return data_requests.record(
        session, nurse, given.participant.code, replace(ASKS, **but), now=NOW
    )


def leave(session: Session, given: Given, to: LifeCycle = LifeCycle.WITHDRAWN_FROM_ALL) -> None:
    life_cycle.change(
        session, given.coordinator, given.participant, to, occurred_at=NOW, reason="her wish",
        catalogue=given.catalogue, now=NOW,
    )  # fmt: skip


def test_a_log_of_requests_is_answered_by_its_days(
    session: Session, given: Given, nurse: Actor
) -> None:
    """As docs/data-protection.md tells a site to do it."""
    sites.set_data_protection(session, SYSTEM, given.site, request_days=20, now=NOW)
    copy = asked(session, nurse, given)
    correction = asked(session, nurse, given, kind=RequestKind.CORRECTION, words="体温填错了")
    explained = asked(session, nurse, given, kind=RequestKind.EXPLANATION, words="谁能看到")
    assert {one.due_on for one in (copy, correction, explained)} == {date(2026, 3, 22)}

    diary = given.diary_on(session, MONDAY)
    given.submit(session, answered(diary), now=local(MONDAY, 18))
    made = own_copy.make(
        session, nurse, copy.id, catalogue=given.catalogue, keyring=KEYRING, now=NOW
    )
    data_requests.take_step(session, nurse, copy.id, "当面交给她", now=NOW)
    end(session, nurse, copy, RequestOutcome.FULFILLED, "副本已当面交给她")
    later = data_requests.extend(
        session, nurse, correction.id, due_on=date(2026, 6, 2), reason="要核对原件，已电话告知",
        now=NOW,
    )  # fmt: skip

    assert made.contact_data
    assert made.contact_data.phone == "+8613800138000"
    assert [own_copy.said_in(one)[0][1] for one in made.answers] == ["2"]
    assert later.is_extended
    near = [local(date(2026, 3, day), 10) for day in (16, 17, 23)]
    assert [pressing(session, nurse, given, at) for at in near] == [
        [], [(explained.id, Urgency.SOON)], [(explained.id, Urgency.OVERDUE)],
    ]  # fmt: skip
    end(session, nurse, explained, RequestOutcome.FULFILLED, "已用她的话解释")
    end(session, nurse, correction, RequestOutcome.REFUSED, "原件与记录一致，已向她说明")
    log = data_requests.list_of(session, nurse, only_open=False)
    assert len(log) == 3
    assert all(one.request.explanation and one.request.ended_by_id for one in log)
    assert data_requests.list_of(session, nurse) == []
    verbs = list(session.scalars(select(JournalEntry.verb)))
    assert [verbs.count(f"data_request.{one}") for one in ("recorded", "step_taken", "ended")] == [
        3, 3, 3,
    ]  # fmt: skip


def pressing(session: Session, nurse: Actor, given: Given, now: Any) -> list[Any]:
    """Return what stands on the page of today."""
    today = site_today.of_site(session, nurse, catalogue=given.catalogue, now=now)
    return [(one.request.id, one.urgency(now)) for one in today.requests]


def end(
    session: Session, nurse: Actor, row: DataRequest, outcome: RequestOutcome, told: str = "x"
) -> None:
    data_requests.end(session, nurse, row.id, outcome=outcome, explanation=told, now=NOW)


def test_erasure_takes_her_contact_data_and_keeps_the_trial(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given, kind=RequestKind.ERASURE)
    with pytest.raises(ContactStillNeeded):
        data_requests.erase_contact_data(session, nurse, row.id, now=NOW)
    for outcome in (RequestOutcome.FULFILLED, RequestOutcome.PARTLY_REFUSED):
        with pytest.raises(MustBeKept):
            end(session, nurse, row, outcome)
    leave(session, given)

    data_requests.erase_contact_data(session, nurse, row.id, now=NOW)
    with pytest.raises(MustBeKept):
        end(session, nurse, row, RequestOutcome.FULFILLED)
    end(session, nurse, row, RequestOutcome.PARTLY_REFUSED, "试验记录依法保存")

    assert session.get(ParticipantIdentity, given.participant.id) is None
    verbs = set(session.scalars(select(JournalEntry.verb)))
    assert "identity.erased" in verbs
    assert "13800138000" not in " ".join(session.scalars(select(JournalEntry.body)))


def test_contact_data_stay_while_somebody_may_have_to_call(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given, kind=RequestKind.ERASURE)
    leave(session, given, LifeCycle.WITHDRAWN_FROM_DIARY)
    with pytest.raises(ContactStillNeeded):
        data_requests.erase_contact_data(session, nurse, row.id, now=NOW)
    leave(session, given)
    add_open_flag(session, given)
    with pytest.raises(ContactStillNeeded) as refused:
        data_requests.erase_contact_data(session, nurse, row.id, now=NOW)

    assert refused.value.details == {"because": "open_flag"}
    with pytest.raises(InvalidInput):
        data_requests.erase_contact_data(session, nurse, asked(session, nurse, given).id, now=NOW)


def test_contact_data_stay_while_a_serious_event_of_somebody_who_completed_goes_on(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given, kind=RequestKind.ERASURE)
    leave(session, given, LifeCycle.COMPLETED)
    assert data_requests.why_contact_needed(session, given.participant) is None
    physician = add_user(session, "wang.fang", roles=[Role.INVESTIGATOR]).user
    add_delegation(session, given.site, physician)
    facts = event_facts(MONDAY, seriousness=(Seriousness.HOSPITALISATION,))
    adverse_events.enter(
        session, user_actor(physician), given.participant, facts, reason="检查",
        catalogue=given.catalogue, now=NOW,
    )  # fmt: skip

    with pytest.raises(ContactStillNeeded) as refused:
        data_requests.erase_contact_data(session, nurse, row.id, now=NOW)
    assert refused.value.details == {"because": "open_event"}
    leave(session, given)
    data_requests.erase_contact_data(session, nurse, row.id, now=NOW)


def add_open_flag(session: Session, given: Given) -> None:
    session.add(
        SafetyFlag(
            participant_id=given.participant.id, site_id=given.site.id,
            study_version_id=given.version.id, tier=Tier.YELLOW, tonight=False,
            possible_serious=False, raised_at=NOW, urgent_since=NOW,
        )
    )  # fmt: skip
    session.flush()


@pytest.mark.parametrize(
    ("but", "place"),
    [
        ({"words": " "}, "words"),
        ({"words": "请打 13800138000"}, "words"),
        ({"received_on": MONDAY + timedelta(days=1)}, "received_on"),
        ({"received_on": date(2026, 2, 18)}, "received_on"),
        ({"asked_by": AskedBy.REPRESENTATIVE}, "identity_check"),
        ({"identity_check": IdentityCheck.AUTHORITY_SEEN}, "identity_check"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(
    session: Session, given: Given, nurse: Actor, but: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        asked(session, nurse, given, **but)

    assert [one["place"] for one in refused.value.details["problems"]] == [place]


def test_a_day_is_extended_once_in_time_and_within_three_months(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given)
    wrong = (date(2026, 4, 1), date(2026, 6, 3))
    for due_on in wrong:
        with pytest.raises(InvalidInput):
            extend(session, nurse, row, due_on)
    with pytest.raises(InvalidInput):
        extend(session, nurse, row, date(2026, 5, 2), days_later=31)
    extend(session, nurse, row, date(2026, 6, 2))

    with pytest.raises(InvalidInput):
        extend(session, nurse, row, date(2026, 6, 2))


def extend(
    session: Session, nurse: Actor, row: DataRequest, due_on: date, *, days_later: int = 0
) -> None:
    now = NOW + timedelta(days=days_later)
    data_requests.extend(session, nurse, row.id, due_on=due_on, reason="told her why", now=now)


def test_it_is_handed_to_a_colleague_of_the_site_and_nobody_else(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given)
    add_user(session, "wang.fang", roles=[Role.INVESTIGATOR])
    add_user(session, "mo.nitor", roles=[Role.MONITOR])

    data_requests.take_step(session, nurse, row.id, "给王医生", owner="wang.fang", now=NOW)
    with pytest.raises(InvalidInput):
        data_requests.take_step(session, nurse, row.id, "x", owner="mo.nitor", now=NOW)

    shown = data_requests.get(session, nurse, row.id)
    assert shown.owner.username == "wang.fang"
    assert [one.act for one, _ in data_requests.steps_of(session, row)] == [RequestAct.HANDED_OVER]


def test_what_has_ended_is_closed_and_what_was_done_is_never_changed(
    session: Session, given: Given, nurse: Actor
) -> None:
    row = asked(session, nurse, given)
    data_requests.take_step(session, nurse, row.id, "x", now=NOW)
    end(session, nurse, row, RequestOutcome.FULFILLED)

    with pytest.raises(RequestEnded):
        data_requests.take_step(session, nurse, row.id, "y", now=NOW)
    with pytest.raises(DBAPIError, match="never changed or removed"), session.begin_nested():
        session.execute(text("UPDATE data_request_step SET words = 'z'"))


def test_another_site_sees_nothing_of_it(session: Session, given: Given, nurse: Actor) -> None:
    row = asked(session, nurse, given)
    other = add_site(session, "GZ01")
    stranger = user_actor(add_user(session, "from.gz", site=other.code).user)

    assert data_requests.list_of(session, stranger, only_open=False) == []
    with pytest.raises(NotFound):
        data_requests.get(session, stranger, row.id)
    with pytest.raises(NotFound):
        end(session, stranger, row, RequestOutcome.REFUSED)
