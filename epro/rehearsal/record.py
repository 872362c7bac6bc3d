"""The record of a rehearsal as a file: all that was done and seen, to be judged again later."""

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from epro.rehearsal.facts import Did, Fact, Script, Shift, Staff, write_json
from epro.rehearsal.gateway import Arrived
from epro.rehearsal.observing import Observed, Recorded, Row, SeenFlag, Told
from epro.rehearsal.postbox import Mailed

INSTANTS = frozenset({"occurred_at", "answered_at", "rated_at"})
DAYS = frozenset({"on", "from_on"})


def write_record(file: Path, script: Script, seen: Observed) -> None:
    """Write down what people did and what the system made of it."""
    write_json(file, {"script": asdict(script), "seen": _plain(asdict(seen))})


def read_record(file: Path) -> tuple[Script, Observed]:
    """Read what `write_record` has written. Raises ValueError and KeyError for anything else."""
    content = json.loads(file.read_text(encoding="utf-8"))
    script, seen = content["script"], content["seen"]
    return (
        Script(
            zones=script["zones"],
            digest_at=script["digest_at"],
            staff=[Staff(**one) for one in script["staff"]],
            shifts=[
                Shift(**_with_instants(one, "begins_at", "ends_at")) for one in script["shifts"]
            ],
            facts=[_fact(one) for one in script["facts"]],
            ends_at=datetime.fromisoformat(script["ends_at"]),
        ),
        Observed(
            rows={kind: [Row(**one) for one in rows] for kind, rows in seen["rows"].items()},
            flags=[_flag(one) for one in seen["flags"]],
            calls={id_: datetime.fromisoformat(at) for id_, at in seen["calls"].items()},
            arrived=[Arrived(**_with_instants(one, "at")) for one in seen["arrived"]],
            put_off=[Arrived(**_with_instants(one, "at")) for one in seen["put_off"]],
            mails=[Mailed(**_with_instants(one, "at")) for one in seen["mails"]],
            acts=[Recorded(**_with_instants(one, "at")) for one in seen["acts"]],
            records=seen["records"],
            across=seen["across"],
            feed_faults=seen["feed_faults"],
        ),
    )


def _plain(value: Any) -> Any:
    """Sets as lists; everything else is written as it is."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return sorted(value) if isinstance(value, frozenset) else value


def _fact(content: dict[str, Any]) -> Fact:
    what = _with_instants(content["what"], *INSTANTS)
    for name in DAYS & what.keys():
        what[name] = date.fromisoformat(what[name]) if what[name] else None
    return Fact(datetime.fromisoformat(content["at"]), content["person"], Did(content["did"]), what)


def _flag(content: dict[str, Any]) -> SeenFlag:
    told = [
        Told(**_with_instants(one, "due_at", "at") | {"people": frozenset(one["people"])})
        for one in content["told"]
    ]
    times = ("raised_at", "urgent_since", "acknowledged_at", "closed_at")
    return SeenFlag(**_with_instants(content, *times) | {"told": told})


def _with_instants(content: dict[str, Any], *names: str) -> dict[str, Any]:
    read = {
        name: datetime.fromisoformat(content[name])
        for name in names
        if content.get(name) is not None
    }
    return content | read
