"""Every module of pages, as the application registers them."""

from epro.web.console import (
    anchoring,
    contacting,
    duty,
    enrolling,
    follow_up,
    messages,
    pages,
    participants,
    rating,
    reviewing,
    safety,
    sign_in,
    taking_part,
    today,
)

CONSOLE = (
    pages, sign_in, safety, follow_up,
    today, contacting, messages, duty, reviewing, rating,
    participants, enrolling, taking_part, anchoring,
)  # fmt: skip
