"""Every module of pages, as the application registers them."""

from epro.web.console import (
    anchoring,
    changing,
    contacting,
    duty,
    enrolling,
    event_forms,
    event_pages,
    exporting,
    follow_up,
    heat,
    journal_pages,
    messages,
    on_behalf,
    pages,
    participants,
    rating,
    response_pages,
    reviewing,
    roster_forms,
    safety,
    sealing,
    sign_in,
    system_pages,
    taking_part,
    team,
    timelines,
    today,
)

CONSOLE = (
    pages, sign_in, safety, follow_up,
    today, contacting, messages, duty, roster_forms, reviewing, rating,
    participants, enrolling, taking_part, anchoring, on_behalf, sealing,
    timelines, response_pages, heat, journal_pages,
    changing, event_pages, event_forms, exporting, team, system_pages,
)  # fmt: skip
