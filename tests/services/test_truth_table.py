"""The reviewed table of rules, driven through the real screening: submitted, stored, flagged.

Every line is sent once: the odd ones to one kind of database, the even ones to the other. The pure
rules are asked all of them in `tests/questionnaires/test_truth_table.py`.
"""

from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, FlagTrigger, SafetyFlag, SafetyQuestion, Screening
from epro.services import responses
from questionnaires.definition import Questionnaire, QuestionnaireKind
from questionnaires.invented import calm_answers
from questionnaires.schedule import AnchorEvent
from tests.databases import DatabaseKind
from tests.factories import add_user, shipped_package
from tests.questionnaires.truth import Case, Line, Told, lines
from tests.services.given import Given, answered, begin, sending
from tests.services.line import INFUSED_AT, INFUSED_ON

DAY = timedelta(days=1)
SHARE = {DatabaseKind.SQLITE: 0, DatabaseKind.POSTGRESQL: 1}


def begin_before_infusion(session: Session) -> Given:
    given = begin(session, package=shipped_package())
    add_user(session, "li.min")
    given.record(session, AnchorEvent.INF1_PLANNED, INFUSED_AT, now=INFUSED_AT - 9 * DAY)
    return given


def assessment_for(
    session: Session, given: Given, form: Questionnaire, days_since: int
) -> Assessment | None:
    """Return the assessment of that form that lies nearest; reports have none."""
    if form.kind is QuestionnaireKind.REPORT:
        return None
    on = INFUSED_ON + days_since * DAY
    standing = session.scalars(
        select(Assessment).where(
            Assessment.participant_id == given.participant.id,
            Assessment.questionnaire_code == form.code,
            Assessment.completed_at.is_(None),
        )
    ).all()
    return min(standing, key=lambda one: (abs(one.planned_on - on), one.cancelled_at is not None))


def send(
    session: Session, given: Given, form: Questionnaire, told: Told, since_infusion: timedelta,
    days_since: int,
) -> UUID:  # fmt: skip
    """Send a form as her phone does, complete; return the id of its screening."""
    at, response_id = INFUSED_AT + since_infusion, uuid4()
    raw = calm_answers(form, answered_at=at, chance=Random(1), but={"temp": 36.4, **told})
    for one in raw:
        one["confirmed"] = True
    submission = answered(
        assessment_for(session, given, form, days_since), *raw,
        code=form.code, device_answered_at=at,
    )  # fmt: skip
    responses.submit(
        session, given.actor, response_id, submission, sending(submission),
        catalogue=given.catalogue, now=at,
    )  # fmt: skip
    return session.scalars(
        select(Screening.id).where(Screening.source_id == str(response_id))
    ).one()


def begins_before(case: Case) -> bool:
    return case.hours is None or any(one.day < 0 for one in case.earlier)


def screened(session: Session, given: Given, case: Case) -> UUID:
    """Live a case up to the answers it is about, from before the infusion where it begins there."""
    for one in (one for one in case.earlier if one.day < 0):
        since = one.day * DAY + timedelta(hours=8)
        send(session, given, one.form, one.told, since, one.day)
    if begins_before(case) and case.hours is not None:
        given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    for one in (one for one in case.earlier if one.day >= 0):
        since = one.day * DAY + timedelta(hours=8)
        send(session, given, one.form, one.told, since, one.day)
    return send(session, given, case.form, case.told, case.since_infusion, case.days_since)


@pytest.mark.req("A-02", "A-03", "A-04")
def test_every_line_comes_out_of_the_screening_as_it_is_written(
    session: Session, database_kind: DatabaseKind
) -> None:
    given = begin_before_infusion(session)

    share = lines()[SHARE[database_kind] :: 2]

    wrong = [faults(session, given, one) for one in share if begins_before(one.case)]
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    wrong += [faults(session, given, one) for one in share if not begins_before(one.case)]

    assert [one for one in wrong if one] == []


def faults(session: Session, given: Given, line: Line) -> list[str]:
    said: list[str] = []
    for case, tier in ((line.case, line.tier), (line.near, line.near_tier)):
        outer = session.begin_nested()
        screening_id = screened(session, given, case)
        met = session.get_one(Screening, screening_id).rules_met
        of_this = select(FlagTrigger).where(FlagTrigger.screening_id == screening_id)
        triggers = {one.rule: one for one in session.scalars(of_this)}
        asked = session.scalars(
            select(SafetyQuestion).where(SafetyQuestion.screening_id == screening_id)
        ).all()
        if case is line.case:
            said += [] if case.rule in met else [f"not met: {met}"]
            if asked and not triggers:
                said += [] if case.rule in {"R29b", "R30"} else ["asked about instead of flagged"]
            elif case.rule not in triggers or triggers[case.rule].tier != tier.split()[0]:
                said.append(f"no flag of that tier: {[*triggers]}")
        else:
            said += [f"the near miss meets it: {met}"] if case.rule in met else []
            highest = {session.get_one(SafetyFlag, one.flag_id).tier for one in triggers.values()}
            said += [] if highest == {tier} - {"none"} else [f"the near miss is {highest or asked}"]
        outer.rollback()
        session.expire_all()
    return [f"{line.name}: {one}" for one in said]
