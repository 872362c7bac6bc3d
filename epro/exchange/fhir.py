"""The feed as FHIR R4 resources: responses, pages of a search, refusals, what the server can do.

Participants are logical references by code: there is no Patient to fetch. Gaps carry the standard
extension that says why; what was not to be asked is left out, as FHIR demands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias

from epro.exchange.changes import Change, Study
from epro.exchange.odm_answers import null_reason
from questionnaires.definition import Item, ItemType, Language
from questionnaires.recalls import filled

Json: TypeAlias = dict[str, Any]
MEDIA_TYPE = "application/fhir+json"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
SUBJECT_SYSTEM, SOURCE = "urn:epro:participant", "urn:epro:edc"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
COMPLETION_MODE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-completionMode"
MODES: Mapping[str, str] = MappingProxyType(
    {"telephone_interview": "VERBAL", "paper_transcription": "WRITTEN"}
)
ABSENT_CODES: Mapping[str, str] = MappingProxyType(
    {
        "DECLINED": "asked-declined", "NOT_REACHED": "not-asked", "BLANK": "unknown",
        "WITHHELD": "masked",
    }
)  # fmt: skip
_VALUES: Mapping[ItemType, str] = MappingProxyType(
    {
        ItemType.NRS: "valueInteger", ItemType.VAS: "valueInteger",
        ItemType.BOOLEAN: "valueBoolean", ItemType.TEXT: "valueString",
        ItemType.DATE: "valueDate", ItemType.TIME: "valueTime",
        ItemType.DATETIME: "valueDateTime",
    }
)  # fmt: skip


def response_resource(
    study: Study, change: Change, *, canonical: str, last_updated: str, is_amended: bool
) -> Json:
    """Return a response as QuestionnaireResponse; `canonical` names the questionnaire's address."""
    named = change.data["last_entry_on"]
    questionnaire = filled(study.questionnaire(change), named and date.fromisoformat(named))
    answers = {answer["link_id"]: answer for answer in change.data["answers"]}
    status = "in-progress"
    if change.data["status"] == "completed":
        status = "amended" if is_amended else "completed"
    language = Language(change.data["language"])
    items = (
        _item(item, change, answers.get(item.link_id, {}), language)
        for item in questionnaire.items
        if item.takes_answer and item.link_id not in change.data["hidden"]
    )
    return {
        **head("QuestionnaireResponse", change, last_updated),
        "extension": list(_how_answered(change.data)),
        "language": language.value,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{change.entity_id}"},
        "questionnaire": f"{canonical}|{questionnaire.version}",
        "status": status,
        "subject": subject(change),
        "authored": change.occurred_at,
        **_who(change),
        "item": list(items),
    }


def _how_answered(data: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the mode in FHIR's three words, and what it has no words for in ours."""
    mode = {
        "system": f"{TERMINOLOGY}/v3-ParticipationMode",
        "code": MODES.get(data["mode"], "ELECTRONIC"),
    }
    yield {"url": COMPLETION_MODE, "valueCodeableConcept": {"coding": [mode]}}
    for name in ("mode", "completer", "source_check"):
        if data.get(name) is not None:
            yield {"url": f"{SOURCE}:{name.replace('_', '-')}", "valueCode": data[name]}


def _who(change: Change) -> Json:
    """Return who gave the answers and who entered them; whoever typed a sheet is in the journal."""
    for_her = {"type": "RelatedPerson", "display": "Somebody answered for the participant"}
    who: Json = {
        "source": for_her if change.data["completer"] == "answered_for_me" else subject(change)
    }
    return (
        who if change.data["mode"] == "paper_transcription" else {"author": subject(change), **who}
    )


def subject(change: Change) -> Json:
    """Return a participant by code."""
    return {
        "type": "Patient",
        "identifier": {"system": SUBJECT_SYSTEM, "value": str(change.participant)},
    }


def bundle(
    resources: Sequence[Json], *, base: str, links: Mapping[str, str], total: int | None
) -> Json:
    """Return one page of a search; without `total` nobody counted how much there is in all."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [
            {
                "fullUrl": f"{base}/{one['resourceType']}/{one['id']}",
                "resource": one,
                "search": {"mode": "match"},
            }
            for one in resources
        ],
    }


def outcome(code: str, text: str, *, status: int) -> Json:
    """Return a refusal as OperationOutcome; `code` is our own stable one."""
    kinds = {401: "login", 403: "forbidden", 404: "not-found", 503: "transient", 500: "exception"}
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": kinds.get(status, "invalid"),
                "details": {"coding": [{"system": "urn:epro:refusal", "code": code}], "text": text},
            }
        ],
    }


def capability(*, base: str, resources: Mapping[str, Sequence[str]], as_of: str) -> Json:
    """Return what this server can do: read and search each kind, by these parameters."""
    types = {"_lastUpdated": "date", "_id": "token", "subject": "reference"}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": as_of,
        "kind": "instance",
        "software": {"name": "epro"},
        "implementation": {"description": "Answers and what follows from them", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "service": [
                        {
                            "coding": [
                                {
                                    "system": f"{TERMINOLOGY}/restful-security-service",
                                    "code": "OAuth",
                                }
                            ]
                        }
                    ],
                    "description": "OAuth2 client credentials, as for the change feed.",
                },
                "resource": [
                    {
                        "type": name,
                        "versioning": "versioned",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [
                            {"name": parameter, "type": types.get(parameter, "number")}
                            for parameter in parameters
                        ],
                    }
                    for name, parameters in resources.items()
                ],
            }
        ],
    }


def head(kind: str, change: Change, last_updated: str) -> Json:
    """Return how every resource about an entity begins; `last_updated` is ISO 8601 in UTC."""
    return {
        "resourceType": kind,
        "id": change.entity_id,
        "meta": {"versionId": str(change.version), "lastUpdated": last_updated},
    }


def _item(item: Item, change: Change, answer: Mapping[str, Any], language: Language) -> Json:
    made: Json = {"linkId": item.link_id, "text": item.text.in_language(language)}
    other = Language.EN if language is Language.ZH else Language.ZH
    made["_text"] = {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": other.value},
                    {"url": "content", "valueString": item.text.in_language(other)},
                ],
            }
        ]
    }
    values = list(_answers(item, answer.get("value"), language))
    if values:
        made["answer"] = values
    else:
        code = ABSENT_CODES[null_reason(item, change, answer)]
        made["extension"] = [{"url": ABSENT, "valueCode": code}]
    return made


def _answers(item: Item, value: Any, language: Language) -> Iterator[Json]:
    if value is None:
        return
    if item.choices:
        chosen = value if isinstance(value, list) else [value]
        for choice in item.choices:
            if choice.code in chosen:
                coding: Json = {
                    "code": choice.code, "display": choice.text.in_language(language)
                }  # fmt: skip
                if choice.score is not None:
                    coding["extension"] = [{"url": ORDINAL, "valueDecimal": choice.score}]
                yield {"valueCoding": coding}
        return
    if item.type is ItemType.NUMBER:
        yield {"valueDecimal" if item.decimals else "valueInteger": value}
        return
    text = f"{value}:00" if item.type is ItemType.TIME else value
    yield {_VALUES.get(item.type, "valueString"): text}
