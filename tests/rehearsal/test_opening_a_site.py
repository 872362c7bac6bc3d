"""The site of a rehearsal is opened at any hour of the day, also when it is tomorrow there."""

from datetime import UTC, datetime

import pytest

from epro.parts import build_parts
from epro.rehearsal.places import places
from epro.rehearsal.rates import SHIPPED as RATES
from epro.rehearsal.sources import read_yaml
from epro.rehearsal_site import open_sites
from tests.factories import make_keyring, shipped_package
from tests.settings import make_settings


@pytest.mark.req("V-02")
@pytest.mark.parametrize("hour", [3, 15, 16, 23])
def test_two_sites_are_opened_at_any_hour(fresh_database_url: str, hour: int) -> None:
    parts = build_parts(make_settings(fresh_database_url), keyring=make_keyring())

    opened = open_sites(
        parts, shipped_package(), places(read_yaml(RATES)).values(), physician_count=3,
        now=datetime(2026, 11, 26, hour, 30, tzinfo=UTC),
    )  # fmt: skip

    parts.database.engine.dispose()
    assert [len(people) for people in opened.staff.values()] == [7, 7]
