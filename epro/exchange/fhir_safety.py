"""What the site decided, and who did what, as FHIR R4: Flag, AdverseEvent, AuditEvent.

Only what a physician has decided arrives here. Seriousness and relationship are that decision; the
grade has no field of its own in R4 and travels in an extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from epro.exchange.changes import Change, Study
from epro.exchange.fhir import SOURCE, TERMINOLOGY, Json, head, subject

GRADE = "urn:epro:ctcae-grade"
# R4 has a closed list of outcomes.
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "not_recovered": "ongoing", "recovering": "recovering", "recovered": "resolved",
        "recovered_with_sequelae": "resolvedWithSequelae", "fatal": "fatal", "unknown": "unknown",
    }
)  # fmt: skip


def adverse_event_resource(study: Study, change: Change, *, last_updated: str) -> Json:
    """Return an adverse event as the physician recorded it; what nobody decided is left out."""
    data = change.data
    is_serious = bool(data["seriousness"])
    policy = study.package(study.version_of(change)).adverse_events
    category = policy.relationship(data["relationship"])
    criteria = [
        {"system": "urn:epro:seriousness", "code": criterion} for criterion in data["seriousness"]
    ]
    serious: Json = {
        "system": f"{TERMINOLOGY}/adverse-event-seriousness",
        "code": "serious" if is_serious else "non-serious",
    }
    return {
        **head("AdverseEvent", change, last_updated),
        "identifier": {"system": SOURCE, "value": change.entity_id},
        "extension": [
            {"url": GRADE, "valueInteger": int(data["grades"][-1]["grade"])},
        ],
        "actuality": "actual",
        "event": {"text": data["term"]},
        "subject": subject(change),
        "date": data["onset_at"] or data["onset_on"],
        "recordedDate": data["recorded_at"],
        "seriousness": {"coding": [serious, *criteria]},
        "outcome": {
            "coding": [
                {
                    "system": f"{TERMINOLOGY}/adverse-event-outcome",
                    "code": OUTCOMES[data["outcome"]],
                }
            ]
        },
        "suspectEntity": [
            {
                "instance": {"display": "Study treatment"},
                "causality": [
                    {
                        "assessment": {
                            "coding": [
                                {"system": "urn:epro:relationship", "code": data["relationship"]}
                            ],
                            **({"text": category.title.en} if category else {}),
                        }
                    }
                ],
            }
        ],
    }


def flag_resource(change: Change, *, last_updated: str) -> Json:
    """Return a flag that a physician has decided about."""
    data = change.data
    period = {"start": data["raised_at"]}
    if data["closed_at"]:
        period["end"] = data["closed_at"]
    return {
        **head("Flag", change, last_updated),
        "identifier": [{"system": SOURCE, "value": change.entity_id}],
        "status": "inactive" if data["closed_at"] else "active",
        "category": [{"coding": [{"system": f"{TERMINOLOGY}/flag-category", "code": "clinical"}]}],
        "code": {
            "coding": [{"system": "urn:epro:tier", "code": data["tier"]}],
            "text": f"{data['tier']}: {', '.join(data['rules'])}",
        },
        "subject": subject(change),
        "period": period,
    }


def audit_resource(change: Change) -> Json:
    """Return one change as AuditEvent: who did what to which entity, and when."""
    action = {"insert": "C", "update": "U", "void": "D"}[change.op]
    return {
        "resourceType": "AuditEvent",
        "id": change.change_id,
        "meta": {"versionId": "1", "lastUpdated": change.recorded_at},
        "type": {"system": f"{TERMINOLOGY}/audit-event-type", "code": "rest"},
        "action": action,
        "recorded": change.recorded_at,
        "outcome": "0",
        **({"outcomeDesc": change.reason} if change.reason else {}),
        "agent": [
            {
                "requestor": True,
                "who": {"identifier": {"system": "urn:epro:actor", "value": change.actor.name}},
                "role": [{"text": change.actor.role}],
            }
        ],
        "source": {"observer": {"display": "epro"}},
        "entity": [
            {
                "what": {"identifier": {"system": SOURCE, "value": change.entity_id}},
                "name": change.type,
            },
            *([{"what": subject(change)}] if change.participant else []),
        ],
    }
