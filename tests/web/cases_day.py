"""Each form of a site's day, sent so that it is taken."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import AlarmDrill, Deputy, Participant, User, WorkKind
from epro.services import work_list
from notifications import outbox
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from tests.api.world import HERE, PARTICIPANT, World
from tests.factories import SYSTEM
from tests.web.pages import CONSOLE, send


def failed_message(world: World, code: str = PARTICIPANT) -> UUID:
    """Return a message to a participant that did not arrive."""
    with world.database.transaction() as session:
        her = session.scalars(select(Participant).where(Participant.code == code)).one()
        return _failed(
            session,
            NewMessage(
                purpose="reminder", channel=ChannelName.SMS, template="diary_due",
                template_version="1.0.0", language="zh", recipient_ref=f"participant:{her.id}",
            ),
            now=world.clock(),
        )  # fmt: skip


def failed_alert(world: World, code: str = PARTICIPANT) -> UUID:
    """Return an alert about a flag of a participant that did not arrive, and nobody has taken."""
    flag = world.complain(code, urgent=("limb",))
    with world.database.transaction() as session:
        someone = session.scalars(select(User.id).order_by(User.username)).first()
        return _failed(
            session,
            NewMessage(
                purpose="safety", is_vital=True, channel=ChannelName.SMS, template="alert_sms",
                template_version="1", language="zh", recipient_ref=f"user:{someone}",
                about=f"flag:{flag}",
            ),
            now=world.clock(),
        )  # fmt: skip


def _failed(session: Session, new: NewMessage, *, now: datetime) -> UUID:
    id_ = outbox.enqueue(session, new, now=now)
    message = session.get_one(OutboxMessage, id_)
    message.state, message.last_error = MessageState.FAILED, "30003"
    return id_


def call_to_make(world: World, code: str = PARTICIPANT) -> UUID:
    """Put a call on the site's list; return its line."""
    with world.database.transaction() as session:
        her = session.scalars(select(Participant).where(Participant.code == code)).one()
        item = work_list.add(
            session, SYSTEM, WorkKind.CALL_NOW, about=f"test:{uuid4()}", site_id=her.site_id,
            participant_id=her.id, now=world.clock(),
        )  # fmt: skip
        assert item
        return item.id


def finish(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/work-items/{call_to_make(world)}/done")


def start_drill(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), "/drills", site=HERE)


def hear_drill(world: World) -> TestResponse:
    start_drill(world)
    with world.database.reading() as session:
        newest = session.scalars(
            select(AlarmDrill.id).where(AlarmDrill.acknowledged_at.is_(None))
        ).all()[0]
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"/drills/{newest}/acknowledgement")


def log_test_call(world: World, **but: str) -> TestResponse:
    said = {"site": HERE, "which": "site_phone", "is_answered": "yes",
            "called_at": "2026-03-01T09:00"}  # fmt: skip
    return send(world.sign_in_to_console(Role.COORDINATOR), "/number-checks", **said | but)


def a_roster(**but: str) -> dict[str, str]:
    """Return what is typed for two days a long time ahead; one of a weekend."""
    typed = {"site": HERE, "from_on": "2026-07-03", "to_on": "2026-07-04"}
    for on in ("2026-07-03", "2026-07-04"):
        typed[f"on_call-{on}"] = Role.INVESTIGATOR
        typed[f"backup-{on}"] = Role.PRINCIPAL_INVESTIGATOR
    return typed | but


def enter_roster(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), "/rosters", **a_roster())


def write_note(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, "/today/notes", site=HERE, text="SZ01-014 明早再打")


def name_deputy(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, "/today/deputies", site=HERE, deputy=Role.INVESTIGATOR, from_on="2026-03-01",
        to_on="2026-03-05",
    )  # fmt: skip


def end_deputy(world: World) -> TestResponse:
    name_deputy(world)
    with world.database.reading() as session:
        row = session.scalars(select(Deputy.id).where(Deputy.ended_at.is_(None))).all()[0]
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/today/deputies/{row}/end")


def log_contact(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, "/contacts", code=PARTICIPANT, outcome="reached", channel="telephone",
        next_step="nothing",
    )  # fmt: skip


def send_again(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/messages/{failed_alert(world)}/again", reason="号码已更正")


def review(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return mark_reviewed(browser, visit="week_4")


def shown_up_to(browser: FlaskClient) -> str:
    """Return the newest of hers that the page of reviews shows."""
    page = html.fromstring(browser.get(f"{CONSOLE}/reviews?all=1").text)
    (newest,) = page.xpath(f"//tr[th/a[text()='{PARTICIPANT}']]/td[2]//time/@datetime")
    return str(newest)


def mark_reviewed(browser: FlaskClient, visit: str = "baseline") -> TestResponse:
    """Mark what the page shows of hers as reviewed."""
    return send(
        browser, f"/participants/{PARTICIPANT}/reviews", visit=visit,
        seen_up_to=shown_up_to(browser),
    )  # fmt: skip


DAY_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/work-items/{item_id}/done": (finish, "work_item.done"),
    "POST /console/drills": (start_drill, "drill.started"),
    "POST /console/drills/{drill_id}/acknowledgement": (hear_drill, "drill.acknowledged"),
    "POST /console/number-checks": (log_test_call, "number_check.logged"),
    "POST /console/rosters": (enter_roster, "roster.entered"),
    "POST /console/today/notes": (write_note, "hand_over_note.written"),
    "POST /console/today/deputies": (name_deputy, "deputy.named"),
    "POST /console/today/deputies/{deputy_id}/end": (end_deputy, "deputy.ended"),
    "POST /console/contacts": (log_contact, "contact.logged"),
    "POST /console/messages/{message_id}/again": (send_again, "message.sent_again"),
    "POST /console/participants/{code}/reviews": (review, "data_review.marked"),
}
