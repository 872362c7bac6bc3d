"""Small parts of ODM that many places build: elements, texts in both languages, flags."""

from __future__ import annotations

from functools import cache

from lxml import etree

from epro.exchange import odm_names as names
from epro.exchange.xml_text import xml_text
from questionnaires.definition import Translated

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@cache
def _qualified(tag: str) -> str:
    return f"{{{names.NAMESPACE}}}{tag}"


def element(tag: str, attributes: dict[str, str] | None = None) -> etree._Element:
    """Return an element of ODM's namespace."""
    safe = {name: xml_text(value) for name, value in (attributes or {}).items()}
    return etree.Element(_qualified(tag), safe, nsmap={None: names.NAMESPACE})


def add(
    parent: etree._Element, tag: str, text: str | None = None, **attributes: str
) -> etree._Element:
    """Add an element to another; `text` is what it holds.

    A page of the feed is tens of thousands of these: nothing is done here that can be left out.
    """
    for name, value in attributes.items():
        if not value.isprintable():
            attributes[name] = xml_text(value)
    made = etree.SubElement(parent, _qualified(tag), attributes)
    if text is not None:
        made.text = xml_text(text)
    return made


def add_translated(parent: etree._Element, tag: str, text: Translated) -> etree._Element:
    """Add an element that holds a text in both languages."""
    made = add(parent, tag)
    for language in ("zh", "en"):
        add(made, "TranslatedText", getattr(text, language)).set(XML_LANG, language)
    return made


def add_english(parent: etree._Element, tag: str, text: str) -> etree._Element:
    """Add an element with a technical text, which participants never see."""
    made = add(parent, tag)
    add(made, "TranslatedText", text).set(XML_LANG, "en")
    return made


def add_flag(parent: etree._Element, code_list: str, value: str) -> None:
    """Add an annotation that says one coded thing about a value."""
    flag = add(add(parent, "Annotation", SeqNum="1"), "Flag")
    add(flag, "FlagValue", value, CodeListOID=code_list)
