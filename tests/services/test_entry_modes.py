"""By which mode answers came is the server's to say, and the study's to allow, form by form."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors_of_record import ModeNotAllowed
from epro.models import EntryMode, Screening, ScreeningSource
from epro.services import diary, entry_modes, forms, on_behalf
from questionnaires.licensing import FormModes
from tests.clock import START
from tests.services.given import (
    SMALL,
    Given,
    answered,
    begin_after_infusion,
    local,
    quarantined,
    refused,
)

OWN, TABLET, CALL, PAPER = (
    EntryMode.OWN_DEVICE, EntryMode.SITE_TABLET, EntryMode.TELEPHONE_INTERVIEW,
    EntryMode.PAPER_TRANSCRIPTION,
)  # fmt: skip
# Everything but paper; over the telephone no diary.
NARROW = replace(
    SMALL,
    modes=(OWN, TABLET, CALL),
    form_modes=(FormModes(questionnaire="diary", modes=(OWN, TABLET)),),
)
EVENING = local(date(2026, 3, 3), 18)

pytestmark = pytest.mark.req("P-08")


@pytest.fixture
def given(session: Session) -> Given:
    return begin_after_infusion(session, package=NARROW)


def taken_by(given: Given, mode: EntryMode) -> Given:
    """Return the same with the app opened by the site in this mode."""
    return replace(given, actor=replace(given.actor, opened_by="li", entry_mode=mode.value))


def test_a_form_is_refused_in_a_mode_that_it_does_not_take_by_the_names_of_both(
    session: Session, given: Given
) -> None:
    diary_form = given.diary_on(session, date(2026, 3, 3))

    with refused(ModeNotAllowed) as refusal:
        taken_by(given, CALL).submit(session, answered(diary_form), now=EVENING)

    assert refusal.value.details == {"mode": "telephone_interview", "form": "diary"}
    assert given.responses(session) == []


@pytest.mark.req("A-04")
def test_what_is_refused_for_its_mode_is_kept_and_looked_at_for_danger(
    session: Session, given: Given
) -> None:
    diary_form = given.diary_on(session, date(2026, 3, 3))
    body = json.dumps(
        {"questionnaire": {"code": "diary", "version": "1.0.0"}, "revision": 1,
         "answers": [{"link_id": "pain", "value": 2}]}
    ).encode()  # fmt: skip

    with refused(ModeNotAllowed):
        taken_by(given, CALL).submit(session, answered(diary_form), now=EVENING, body=body)

    (kept,) = quarantined(session)
    assert (kept.refusal_code, kept.body) == ("mode_not_allowed", body)
    looked_at = session.scalars(
        select(Screening.source_id).where(Screening.source == ScreeningSource.QUARANTINE)
    ).all()
    assert looked_at == [str(kept.id)]


@pytest.mark.req("Q-10")
@pytest.mark.parametrize("mode", [TABLET, CALL])
def test_the_session_that_the_site_opened_says_how_whatever_the_app_says(
    session: Session, given: Given, mode: EntryMode
) -> None:
    by_site = taken_by(given, mode)

    by_site.submit(session, answered(mode=PAPER), now=EVENING)

    (stored,) = given.responses(session)
    assert stored.mode is mode


@pytest.mark.req("Q-10", "A-04")
@pytest.mark.parametrize(
    ("said", "kept"),
    [(OWN, OWN), (EntryMode.PROVISIONED_DEVICE, EntryMode.PROVISIONED_DEVICE), (CALL, OWN),
     (PAPER, OWN)],
)  # fmt: skip
def test_she_herself_is_never_refused_and_is_not_believed_about_the_site(
    session: Session, given: Given, said: EntryMode, kept: EntryMode
) -> None:
    diary_form = given.diary_on(session, date(2026, 3, 3))

    given.submit(session, answered(diary_form, mode=said), now=EVENING)

    (stored,) = given.responses(session)
    assert stored.mode is kept


def test_the_app_that_the_site_opened_shows_what_may_be_filled_in_so(
    session: Session, given: Given
) -> None:
    def shown(mode: EntryMode) -> set[str]:
        found = diary.own_diary(
            session, taken_by(given, mode).actor, catalogue=given.catalogue, now=EVENING
        )
        return {one.questionnaire.code for one in found.items} | {
            one.code for one in found.always_open
        }

    assert shown(TABLET) - shown(CALL) == {"diary"}
    assert "problem_report" in shown(CALL)
    with pytest.raises(ModeNotAllowed):
        forms.of_assessment(
            session, taken_by(given, CALL).actor, given.diary_on(session, date(2026, 3, 3)).id,
            catalogue=given.catalogue, now=EVENING,
        )  # fmt: skip


def test_only_what_the_study_allows_is_offered_and_opened(session: Session, given: Given) -> None:
    ways = on_behalf.ways(session, given.participant, catalogue=given.catalogue, now=START)

    assert [(one.mode, [form.code for form in one.not_for]) for one in ways] == [
        (TABLET, []), (CALL, ["diary"]),
    ]  # fmt: skip
    for mode in (OWN, PAPER):
        with pytest.raises(ModeNotAllowed):
            on_behalf.open_app(
                session, given.coordinator, given.participant, mode, client="",
                catalogue=given.catalogue, now=START, wall_now=START,
            )  # fmt: skip


def test_a_study_that_names_no_modes_takes_nothing_from_the_site() -> None:
    assert entry_modes.ways_on_behalf(replace(SMALL, modes=(OWN,))) == []
