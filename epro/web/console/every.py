"""Every module of pages, as the application registers them."""

from epro.web.console import (
    anchoring,
    contacting,
    duty,
    enrolling,
    follow_up,
    heat,
    journal_pages,
    messages,
    pages,
    participants,
    rating,
    response_pages,
    reviewing,
    safety,
    sign_in,
    taking_part,
    timelines,
    today,
)

CONSOLE = (
    pages, sign_in, safety, follow_up,
    today, contacting, messages, duty, reviewing, rating,
    participants, enrolling, taking_part, anchoring,
    timelines, response_pages, heat, journal_pages,
)  # fmt: skip
