"""The site of a rehearsal is opened at any hour of the day, also when it is tomorrow there."""

from datetime import UTC, datetime

import pytest

from epro.parts import build_parts
from epro.rehearsal_site import open_site
from tests.factories import make_keyring, shipped_package
from tests.settings import make_settings


@pytest.mark.req("V-02")
@pytest.mark.parametrize("hour", [3, 15, 16, 23])
def test_a_site_is_opened_at_any_hour(fresh_database_url: str, hour: int) -> None:
    parts = build_parts(make_settings(fresh_database_url), keyring=make_keyring())

    opened = open_site(
        parts, shipped_package(), site="SZ01", physician_count=3,
        now=datetime(2026, 11, 26, hour, 30, tzinfo=UTC),
    )  # fmt: skip

    parts.database.engine.dispose()
    assert len(opened.staff) == 6
