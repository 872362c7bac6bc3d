"""One participant's fortnight, written down by hand: what data sets make of it is kept as files."""

from typing import Any

from epro.exchange.changes import Change, Study, Who
from epro.services.feed_forms import forms
from tests.services.given import SMALL

HER, SHE = "SZ01-014", Who("participant", "SZ01-014", "participant")
PHYSICIAN, SOFTWARE = Who("user", "zhang.jing", "investigator"), Who("system", "planning", "system")
STUDY = Study(packages=(SMALL,), forms=forms())


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def change(
    seq: int,
    kind: str,
    entity_id: str,
    data: dict[str, Any],
    *,
    at: str = "2026-03-01T17:30:00+08:00",
    version: int = 1,
    op: str = "insert",
    by: Who = SHE,
    reason: str | None = None,
) -> Change:
    return Change(
        seq=seq, change_id=uuid(900 + seq), type=kind, op=op, entity_id=entity_id, version=version,
        participant=HER, site="SZ01", occurred_at=at, recorded_at="2026-03-14T00:00:00+00:00",
        actor=by, reason=reason, study_version="1.0.0", data=data,
    )  # fmt: skip


def diary(number: int, answers: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    return {
        "assessment_id": uuid(number), "questionnaire_code": "diary",
        "questionnaire_version": "1.0.0", "status": "completed", "language": "zh",
        "completer": "self", "mode": "app", "timeliness": "on_time", "counts": True,
        "hidden": ["shivers"], "not_reached": [], "answers": answers, **facts,
    }  # fmt: skip


def event(number: int, **facts: Any) -> dict[str, Any]:
    return {
        "number": number, "source": "self_report", "term": "发热 fever", "onset_on": "2026-03-02",
        "onset_at": "2026-03-01T22:15:00+00:00", "ended_on": "2026-03-05", "outcome": "recovered",
        "action_taken": "none", "relationship": "possible", "seriousness": ["hospitalisation"],
        "grades": [{"grade": 2, "from_on": "2026-03-02"}, {"grade": 3, "from_on": "2026-03-03"}],
        **facts,
    }  # fmt: skip


CALM = [{"link_id": "pain", "value": 0}, {"link_id": "temp", "value": 36.6}]
CHANGES = [
    change(1, "participant", HER, {"site": "SZ01", "zone": "Asia/Shanghai"}),
    change(2, "anchor", f"{HER}:INF1",
           {"event": "INF1", "occurred_at": "2026-03-01T00:30:00+08:00"}, by=PHYSICIAN),
    *(
        change(seq, "assessment", uuid(seq), {"block": "S3", "occurrence": f"2026-03-{seq:02d}"},
               by=SOFTWARE)
        for seq in (3, 4, 5)
    ),
    # Typed in from her sheet, which nobody has compared yet.
    change(6, "response", uuid(16), diary(
        3, CALM, mode="paper_transcription", source_check="not_checked",
    ), at="2026-03-01T23:59:00+08:00"),
    # She prefers not to say, has a fever and writes about it; this reader may not see her words.
    change(7, "response", uuid(17), diary(
        4,
        [{"link_id": "pain", "declined": True}, {"link_id": "temp", "value": 38.2},
         {"link_id": "shivers", "value": True}, {"link_id": "remark", "withheld": True}],
        hidden=[], timeliness="late",
    ), at="2026-03-02T08:00:00+08:00"),
    # Left unfinished before the infusion; found when it could no longer be completed.
    change(8, "response", uuid(18), diary(
        5, [{"link_id": "pain", "value": 3}], status="in_progress", hidden=[], counts=False,
        not_reached=["temp", "shivers", "remark"],
    ), at="2026-02-28T21:00:00+08:00"),
    change(9, "adverse_event", uuid(21), event(1), at="2026-03-02T10:00:00+08:00", by=PHYSICIAN),
    change(10, "adverse_event", uuid(21), event(1, relationship="unlikely"), version=2, op="update",
           at="2026-03-04T10:00:00+08:00", by=PHYSICIAN, reason="培养阳性"),
    change(11, "adverse_event", uuid(22), event(
        2, source="investigator", term="=leukopenia", onset_at=None, onset_on="2026-02-27",
        ended_on=None, outcome="not_recovered", seriousness=[],
        grades=[{"grade": 1, "from_on": "2026-02-27"}],
    ), at="2026-03-05T10:00:00+08:00", by=PHYSICIAN),
    change(12, "adverse_event", uuid(23), event(3), at="2026-03-05T11:00:00+08:00", by=PHYSICIAN),
    change(13, "adverse_event", uuid(23), event(3), version=2, op="void", by=PHYSICIAN,
           at="2026-03-05T11:05:00+08:00", reason="重复"),
]  # fmt: skip
