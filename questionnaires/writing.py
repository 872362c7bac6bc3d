"""Writes a questionnaire as YAML, the way people write it; `reading.py` gives back the same."""

from __future__ import annotations

import yaml

from questionnaires import canonical
from questionnaires.definition import Questionnaire

_WIDTH = 110


def to_yaml(questionnaire: Questionnaire) -> str:
    """Return the content of a file that holds the questionnaire; defaults are left out."""
    return yaml.safe_dump(
        canonical.to_plain(questionnaire),
        allow_unicode=True, sort_keys=False, default_flow_style=None, width=_WIDTH,
    )  # fmt: skip
