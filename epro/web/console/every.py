"""Every module of pages, as the application registers them."""

from epro.web.console import (
    anchoring,
    contacting,
    enrolling,
    follow_up,
    messages,
    pages,
    participants,
    reviewing,
    safety,
    sign_in,
    taking_part,
    today,
)

CONSOLE = (
    pages, sign_in, safety, follow_up,
    today, contacting, messages, reviewing,
    participants, enrolling, taking_part, anchoring,
)  # fmt: skip
