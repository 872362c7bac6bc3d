"""What was added to a flag later stands on its page, in words, with who and when."""

from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.models import FlagTrigger, Screening
from questionnaires.invented import calm_answers
from tests.api.world import API, PARTICIPANT, World
from tests.factories import shipped_package
from tests.web.pages import CONSOLE

PATH = f"{API}/me/responses"


def answer(
    world: World,
    path: str,
    *,
    help_now: bool,
    revision: int,
    effect: str | None = None,
    **more: Any,
) -> None:
    report = shipped_package().questionnaire("ae_report")
    assert report
    answers = calm_answers(
        report, answered_at=world.clock(), chance=Random(7),
        but={"help_now": help_now} | ({"effect": effect} if effect else {}),
    )  # fmt: skip
    instant = world.clock().isoformat()
    is_correction = "/corrections/" in path
    body = {
        "questionnaire": {"code": report.code, "version": report.version}, "answers": answers,
        **({"corrected_revision": revision, "corrected_at": instant} if is_correction else
           {"revision": revision, "language": "zh", "answered_at": instant, "status": "completed"}),
        **more,
    }  # fmt: skip
    answered = world.request(
        "PUT", path, json=body, headers={**world.sign_in(PARTICIPANT), "Answer-Age": "1"}
    )
    assert answered.status_code in {200, 201}, answered.text


def flag_with_notes(world: World) -> UUID:
    """Have her alarm, say that it was a mistake, and correct it with a reason; return the flag."""
    response = f"{PATH}/{uuid4()}"
    told = {"advice_shown_at": world.clock().isoformat()}
    answer(world, response, help_now=True, revision=1, status="in_progress", **told)
    world.clock.advance(minutes=1)
    mistaken = {"mistaken_at": world.clock().isoformat()}
    answer(world, response, help_now=True, revision=2, status="completed", **told, **mistaken)
    world.clock.advance(minutes=1)
    path = f"{response}/corrections/{uuid4()}"
    answer(world, path, help_now=False, revision=2, reason="按错了 <b>")
    with world.database.reading() as session:
        return session.scalars(
            select(FlagTrigger.flag_id)
            .join(Screening, Screening.id == FlagTrigger.screening_id)
            .where(Screening.source_id == response.rpartition("/")[2])
        ).all()[0]


@pytest.mark.req("A-05", "T-06")
@pytest.mark.parametrize(
    ("language", "mistake", "correction"),
    [
        ("zh", "参与者说是按错了 (手机时间", "回答被更正 – 按错了 <b>"),
        ("en", "the participant said that it was pressed by mistake (",
         "the answers were corrected – 按错了 <b>"),
    ],
)  # fmt: skip
def test_a_flag_shows_its_notes_in_the_order_in_which_they_came(
    world: World, language: str, mistake: str, correction: str
) -> None:
    flag_id = flag_with_notes(world)
    browser = world.sign_in_to_console(Role.MONITOR)
    browser.get(f"{CONSOLE}/language/{language}")

    page = html.fromstring(browser.get(f"{CONSOLE}/flags/{flag_id}").text)

    lines = page.xpath("//section[@aria-labelledby='flag-notes']//li")
    words = [" ".join(line.text_content().split()) for line in lines][-2:]
    times = [str(line.xpath("./time/@datetime")[0]) for line in lines]
    assert f"{PARTICIPANT}: {mistake}" in words[0]
    assert f"{PARTICIPANT}: {correction}" in words[1]
    assert times == sorted(times)


@pytest.mark.req("A-05")
def test_a_flag_without_notes_has_no_such_section(world: World) -> None:
    flag_id = world.complain(PARTICIPANT, urgent=("limb",))
    browser = world.sign_in_to_console(Role.MONITOR)

    page = html.fromstring(browser.get(f"{CONSOLE}/flags/{flag_id}").text)

    assert page.xpath("//section[@aria-labelledby='flag-notes']//li") == []


@pytest.mark.req("A-06", "T-06")
def test_the_inbox_says_what_is_new_on_a_taken_flag_until_somebody_has_looked(world: World) -> None:
    answer(world, f"{PATH}/{uuid4()}", help_now=False, effect="help", revision=1)
    with world.database.reading() as session:
        flag_id = session.scalars(
            select(FlagTrigger.flag_id).where(FlagTrigger.rule == "R25")
        ).one()
    taken = world.request(
        "POST", f"{API}/flags/{flag_id}/acknowledgement", headers=world.sign_in(Role.COORDINATOR)
    )
    assert taken.status_code == 200, taken.text
    world.clock.advance(minutes=1)
    answer(world, f"{PATH}/{uuid4()}", help_now=False, effect="help", revision=1)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    browser.get(f"{CONSOLE}/language/en")

    def news() -> list[str]:
        page = html.fromstring(browser.get(f"{CONSOLE}/flags/table").text)
        marks = page.xpath(f"//tr[.//a[contains(@href, '{flag_id}')]]//strong[@class='late']")
        return [mark.text_content() for mark in marks]

    (mark,) = news()
    assert "nobody has looked" in mark
    assert "-" not in mark  # a hyphen of another kind: a date is not broken in two at it
    browser.get(f"{CONSOLE}/flags/{flag_id}")
    assert news() == []
