"""Settings that tests run with: real ones, with keys that only tests know."""

from dataclasses import replace
from typing import Any

from epro.settings import Environment, Settings
from tests.factories import FIELD_KEY, LOOKUP_KEY


def make_settings(database_url: str, **changed: Any) -> Settings:
    settings = Settings(
        environment=Environment.DEVELOPMENT,
        database_url=database_url,
        token_key="a token key that nobody but the tests knows",
        field_keys=(FIELD_KEY,),
        lookup_key=LOOKUP_KEY,
    )
    return replace(settings, **changed)
