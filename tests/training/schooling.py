"""One trial with real data and, beside it, the training room of its first site."""

import re
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.db import Base, Database
from epro.models import Participant, SafetyFlag, Site, TrainingRoom
from epro.parts import Parts
from epro.providers import GatewaySettings, MailSettings, SmsSettings
from epro.services import training
from epro.training.keeping import Keeper
from tests.api.world import API, HERE, PARTICIPANT, World
from tests.factories import PIN, SYSTEM

INSIDE = "/training/console"
CODE = "XX01"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
# Nobody listens at any of these; a test may not open a connection to them either.
MAIL = MailSettings(host="203.0.113.1", port=25, tls="starttls", sender="trial@example.org")
SMS = SmsSettings(account_sid="AC1", auth_token="made up", sender="+15005550006",
                  base_url="http://203.0.113.1", voice_sender="+15005550006")  # fmt: skip
GATEWAY = GatewaySettings(base_url="http://203.0.113.1", key="made up", prefixes=("+",))


class Schooling:
    """The trial's world, real providers in its settings; whoever is sent inside by `go_in`."""

    def __init__(self, trial_url: str, training_url: str, *, only: set[int]) -> None:
        self.world = World(
            trial_url, training_url=training_url, mail=MAIL, sms=SMS, gateway=GATEWAY
        )
        self.trial: Parts = self.world.app.extensions["epro"]
        self.world.complain(PARTICIPANT, urgent=("chills",))
        self.keeper = Keeper(self.trial, only=only)
        with self.trial.database.transaction() as session:
            training.open_room(session, SYSTEM, self.site(), now=self.world.clock())
        assert self.keeper.look_after_all() == 1, self.room().fault

    def close(self) -> None:
        self.keeper.rooms.close()
        self.world.__exit__()

    def site(self, code: str = HERE) -> Site:
        with self.trial.database.reading() as session:
            return session.scalars(select(Site).where(Site.code == code)).one()

    def door(self, act: str, code: str = HERE) -> str:
        """Return where a form about a site's room is sent."""
        return f"/console/training/{self.site(code).id}/{act}"

    def room(self) -> TrainingRoom:
        with self.trial.database.reading() as session:
            room = training.room_of(session, self.site())
        assert room is not None
        return room

    @property
    def inside(self) -> Database:
        """The database of the room that stands."""
        return self.keeper.rooms.parts_of(self.room()).database

    def go_in(self, role: Role) -> FlaskClient:
        """Return a browser in which a role's user is in the trial, and in the room beside it."""
        browser = self.world.sign_in_to_console(role)
        entered = post(browser, "/console/training", self.door("entry"))
        assert entered.status_code == 303, entered.text
        assert entered.headers["Location"] == f"{INSIDE}/"
        return browser

    def activate(self, code: str) -> dict[str, str]:
        """Activate a phone for an invented participant; return the headers it goes on with."""
        browser = self.go_in(Role.COORDINATOR)
        page = f"{INSIDE}/participants/{code}"
        sheet = post(browser, page, f"{page}/activation-codes")
        typed = re.search(r'<p class="secret">([^<]+)</p>', sheet.text)
        assert typed, sheet.text
        body = {"code": typed[1], "year_of_birth": 1988, "pin": PIN}
        answer = self.world.request("POST", f"{API}/sessions/activation", json=body)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def open_flag(self, code: str) -> UUID:
        """Return an invented participant's flag that nobody has taken."""
        with self.inside.reading() as session:
            return session.scalars(
                select(SafetyFlag.id)
                .join(Participant, Participant.id == SafetyFlag.participant_id)
                .where(Participant.code == code, SafetyFlag.acknowledged_at.is_(None))
            ).all()[0]

    def codes(self) -> list[str]:
        """Return who lives in the room."""
        with self.inside.reading() as session:
            return list(session.scalars(select(Participant.code).order_by(Participant.code)))


def post(browser: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Send a form with the token that a page shows."""
    found = CSRF.search(browser.get(page).text)
    assert found, page
    return browser.post(path, data={"csrf": found[1], **fields})


def everything_in(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, in an order that only what they say decides."""
    with database.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in sorted(Base.metadata.tables.items())
        }
