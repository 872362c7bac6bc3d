"""What may stand in a path; anything else is not found, before it reaches a view."""

from werkzeug.routing import BaseConverter


class CodeConverter(BaseConverter):
    """A participant's or site's code."""

    regex = r"[A-Za-z0-9-]{1,32}"


class SlugConverter(BaseConverter):
    """The code or version of a questionnaire."""

    regex = r"[A-Za-z0-9_.-]{1,64}"


def described(converter: BaseConverter) -> dict[str, str]:
    """Return a converter as the schema of its path parameter."""
    return {"type": "string", "pattern": f"^{converter.regex}$"}
