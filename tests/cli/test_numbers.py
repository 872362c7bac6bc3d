"""Numbers of a site and of its people can change by command."""

from pathlib import Path

import pytest
from sqlalchemy import select

from epro.db import Database
from epro.models import User
from epro.services import sites
from tests.cli.test_commands import ADD_USER, PASSWORD, SITE, commands_on, with_site


@pytest.mark.req("A-07")
def test_numbers_of_a_site_and_of_its_people_can_change(
    fresh_database_url: str, fresh_database: Database, tmp_path: Path
) -> None:
    give = commands_on(fresh_database_url, tmp_path)
    with_site(fresh_database)
    give(*ADD_USER, typed=PASSWORD * 2)

    phones = give(
        "site", "phones", "--code", "SZ01", "--phone-24h", "0755-5550 0188", "--reason", "moved"
    )
    contact = give(
        "staff", "contact", "--username", "li.na", "--phone", "+8613900139002", "--reason", "moved"
    )
    gone = give("staff", "contact", "--username", "li.na", "--phone", "none", "--reason", "moved")
    nobody = give("staff", "contact", "--username", "wu.lan", "--phone", "none", "--reason", "r")
    neither = give("site", "phones", "--code", "SZ01", "--reason", "moved")

    assert "at any hour 0755-5550 0188" in phones.output
    assert ("Changed of li.na: phone." in contact.output, gone.exit_code) == (True, 0)
    assert "There is no account wu.lan" in nobody.output
    assert (nobody.exit_code, neither.exit_code) == (1, 2)
    with fresh_database.reading() as session:
        assert sites.get_site(session, "SZ01").phone == SITE.phone
        assert session.scalars(select(User)).one().phone_sealed is None
