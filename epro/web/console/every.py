"""Every module of pages, as the application registers them."""

from epro.web.console import (
    anchoring,
    enrolling,
    follow_up,
    pages,
    participants,
    safety,
    sign_in,
    taking_part,
)

CONSOLE = (
    pages, sign_in, safety, follow_up,
    participants, enrolling, taking_part, anchoring,
)  # fmt: skip
