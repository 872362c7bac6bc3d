"""FHIR Questionnaires as others write them: their structure, with invented words.

`GROUPED` is laid out as panels of a terminology are: a group, items with codes of the terminology,
the same choices under each with ordinal values, help texts, prefixes. `BY_VALUE_SET` takes its
choices from a value set elsewhere.
"""

from __future__ import annotations

from typing import Any

_CORE = "http://hl7.org/fhir/StructureDefinition"
_CODES = "http://terminology.example.org"


def _option(code: str, display: str, value: int) -> dict[str, Any]:
    return {
        "extension": [{"url": f"{_CORE}/ordinalValue", "valueDecimal": value}],
        "valueCoding": {"system": _CODES, "code": code, "display": display},
    }


def _question(number: int, text: str) -> dict[str, Any]:
    return {
        "linkId": f"/9000{number}-0",
        "code": [{"system": _CODES, "code": f"9000{number}-0"}],
        "prefix": f"{number}.",
        "text": text,
        "type": "choice",
        "required": True,
        "answerOption": [
            _option("XA6568-5", "Never", 0),
            _option("XA6569-3", "On some days", 1),
            _option("XA6571-9", "On most days", 3),
        ],
    }


GROUPED: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "id": "invented-panel",
    "meta": {"profile": ["http://hl7.org/fhir/4.0/StructureDefinition/Questionnaire"]},
    "url": "http://forms.example.org/Questionnaire/invented-panel",
    "version": "2.3",
    "name": "InventedPanel",
    "title": "Invented garden panel",
    "status": "draft",
    "date": "2024-05-01",
    "publisher": "Example Publisher",
    "copyright": "© Example Publisher",
    "code": [{"system": _CODES, "code": "90000-0"}],
    "item": [
        {
            "linkId": "/90000-0",
            "type": "group",
            "text": "In the past 7 days, how often did your garden need you for these?",
            "item": [
                _question(1, "In the past 7 days: watering"),
                _question(2, "In the past 7 days: weeding")
                | {
                    "item": [
                        {
                            "linkId": "/90002-0-help",
                            "text": "Paths count too.",
                            "type": "display",
                            "extension": [
                                {
                                    "url": f"{_CORE}/questionnaire-itemControl",
                                    "valueCodeableConcept": {
                                        "coding": [
                                            {
                                                "system": "http://hl7.org/fhir/questionnaire-item-control",
                                                "code": "help",
                                            }
                                        ]
                                    },
                                }
                            ],
                        }
                    ]
                },
            ],
        },
        {
            "linkId": "/90003-0",
            "type": "choice",
            "text": "In the past 7 days: did anybody help you with the weeding?",
            "enableWhen": [
                {
                    "question": "/90002-0",
                    "operator": "=",
                    "answerCoding": {"system": _CODES, "code": "XA6571-9"},
                },
                {
                    "question": "/90002-0",
                    "operator": "=",
                    "answerCoding": {"system": _CODES, "code": "XA6569-3"},
                },
            ],
            "enableBehavior": "any",
            "repeats": True,
            "answerOption": [{"valueString": "A neighbour"}, {"valueString": "A friend"}],
        },
        {
            "linkId": "/90004-0",
            "type": "decimal",
            "text": "Now: how many metres of hedge are left?",
            "extension": [
                {"url": f"{_CORE}/minValue", "valueDecimal": 0},
                {"url": f"{_CORE}/maxValue", "valueDecimal": 500.5},
                {
                    "url": f"{_CORE}/questionnaire-unit",
                    "valueCoding": {"system": "http://unitsofmeasure.org", "code": "m"},
                },
            ],
        },
    ],
}

BY_VALUE_SET: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "language": "en-GB",
    "name": "invented_choices",
    "version": "1.0.0",
    "title": "Invented choices",
    "status": "active",
    "item": [
        {
            "linkId": "g",
            "type": "group",
            "item": [
                {
                    "linkId": "colour",
                    "type": "choice",
                    "text": "Which colour now?",
                    "answerValueSet": "http://forms.example.org/ValueSet/colours",
                },
                {
                    "linkId": "total",
                    "type": "decimal",
                    "text": "Total",
                    "extension": [
                        {
                            "url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
                            "sdc-questionnaire-calculatedExpression",
                            "valueExpression": {
                                "language": "text/fhirpath",
                                "expression": "%resource.item.count()",
                            },
                        }
                    ],
                },
                {"linkId": "photo", "type": "attachment", "text": "A picture"},
            ],
        }
    ],
}
