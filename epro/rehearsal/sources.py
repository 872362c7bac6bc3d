"""Reads YAML as plain values, for what the rehearsal has of its own and for the oracle.

The system reads study packages by code of its own, which the oracle must not share.
"""

from pathlib import Path
from typing import Any

import yaml


def read_yaml(file: Path) -> Any:
    """Return what a YAML file says, as dictionaries, lists and plain values. Raises OSError."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))
