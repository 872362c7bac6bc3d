"""JSON as the whole product writes it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask.json.provider import DefaultJSONProvider


class IsoJson(DefaultJSONProvider):
    """Instants and dates as ISO 8601 (Flask would write HTTP dates); characters as they are."""

    ensure_ascii = False
    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, UUID):
            return str(value)
        return DefaultJSONProvider.default(value)
