"""The rule book as PDF to print and sign."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from questionnaires.ladder_words import TIERS
from questionnaires.preview.rules_page import SIGNERS
from questionnaires.rule_book import Entry, RuleBook
from questionnaires.words import Translated

# A font that every PDF reader brings for Chinese; Latin text is set in it as well.
FONT = "STSong-Light"
_WIDTH = A4[0] - 36 * mm - 12  # a frame keeps 6 points free on either side
_BODY = ParagraphStyle("body", fontName=FONT, fontSize=8.5, leading=12, wordWrap="CJK")
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=7.5, leading=10, textColor=colors.dimgray)
_HEAD = ParagraphStyle("head", parent=_BODY, fontSize=10.5, leading=15)
_TITLE = ParagraphStyle("title", parent=_BODY, fontSize=16, leading=22)
_LATIN = ParagraphStyle("latin", parent=_BODY, wordWrap=None)


def pdf_of(book: RuleBook) -> bytes:
    """Return the document; equal rule books give equal bytes."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=18 * mm,
        bottomMargin=18 * mm, invariant=1,
        title=f"Safety rules {book.package.code} {book.package.version}",
        author=book.package.code,
    )  # fmt: skip
    footer = _Footer(f"{book.package.code} {book.package.version} · {book.rules_sha256}")
    document.build(list(_story(book)), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


class _Footer:
    """Writes onto every page which rules it belongs to, and its number."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, canvas: object, document: object) -> None:
        canvas.setFont(FONT, 7)  # type: ignore[attr-defined]
        canvas.drawString(18 * mm, 10 * mm, f"{self._name} · {document.page}")  # type: ignore[attr-defined]


def _story(book: RuleBook) -> Iterator[Flowable]:
    yield Paragraph("安全规则 · Safety rules", _TITLE)
    yield _both(book.package.title)
    yield Paragraph(f"{escape(book.package.code)} {escape(book.package.version)}", _BODY)
    yield Paragraph(f"SHA-256 rules {book.rules_sha256}", _SMALL)
    yield Paragraph(f"SHA-256 package {book.package_sha256}", _SMALL)
    yield Spacer(1, 3 * mm)
    yield from (_both(note) for note in book.notes)
    for entry in book.entries:
        yield Spacer(1, 4 * mm)
        first, *rest = _entry(entry)
        yield KeepTogether([first, *rest[:3]])
        yield from rest[3:]
    yield Spacer(1, 6 * mm)
    yield Paragraph(f"{book.package.silence.id} 没有回答 · No answer", _HEAD)
    yield from (_both(one) for one in book.silence)
    for one in book.lexicons:
        yield Spacer(1, 4 * mm)
        yield Paragraph(escape(one.lexicon.name), _HEAD)
        yield Paragraph(
            f"{one.phrase_count} 个词语 phrases · {one.exception_count} 个例外 exceptions ·"
            f" SHA-256 {one.sha256}",
            _SMALL,
        )
        yield Paragraph(escape("、".join(one.lexicon.phrases.zh)), _BODY)
        yield Paragraph(escape(", ".join(one.lexicon.phrases.en)), _LATIN)
        yield Paragraph("例外 exceptions", _SMALL)
        yield Paragraph(escape("、".join(one.lexicon.exceptions.zh)), _BODY)
        yield Paragraph(escape(", ".join(one.lexicon.exceptions.en)), _LATIN)
    yield Spacer(1, 8 * mm)
    yield KeepTogether(list(_signatures()))


def _entry(entry: Entry) -> Iterator[Flowable]:
    rule = entry.rule
    marks = [
        TIERS[rule.tier].zh, TIERS[rule.tier].en,
        "当晚 tonight" if rule.tonight else "",
        "可能严重 possibly serious" if rule.possible_serious else "",
        "" if rule.is_on else "未启用 NOT IN USE",
    ]  # fmt: skip
    yield Paragraph(f"{rule.id} · {escape(' · '.join(filter(None, marks)))}", _HEAD)
    yield _both(rule.title)
    yield Paragraph("下列任何一项成立时 · met when any of these holds", _SMALL)
    for number, one in enumerate(entry.conditions, start=1):
        yield _both(Translated(f"{number}. {one.zh}", f"{number}. {one.en}"))
    if rule.asks_first:
        yield Paragraph(
            f"先问，{rule.asks_first.minutes} 分钟内没有回答即报警 · asked first,"
            f" a flag where no answer comes in {rule.asks_first.minutes} min",
            _SMALL,
        )
        yield _both(rule.asks_first.question)
    yield Paragraph("对参加者说 · said to the participant", _SMALL)
    yield _both(rule.advice)
    yield Paragraph("通知谁，直到有人确认 · who is told, until somebody acknowledges", _SMALL)
    yield from (_both(one) for one in entry.ladders)


def _both(text: Translated) -> Flowable:
    cells = [[Paragraph(escape(text.zh), _BODY), Paragraph(escape(text.en), _LATIN)]]
    table = Table(cells, colWidths=[_WIDTH / 2, _WIDTH / 2])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, 0), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
            ]
        )
    )
    return table


def _signatures() -> Iterator[Flowable]:
    yield Paragraph(
        "我已审阅上述规则，其 SHA-256 如上。"
        " I have reviewed the rules above, which have the SHA-256 above.",
        _BODY,
    )
    yield Spacer(1, 3 * mm)
    names = ["角色 Role", "姓名 Name", "签名 Signature", "日期 Date"]
    rows = [[Paragraph(one, _SMALL) for one in names]]
    rows += [[Paragraph(f"{one.zh} {one.en}", _BODY), "", "", ""] for one in SIGNERS]
    table = Table(
        rows, colWidths=[_WIDTH * share for share in (0.3, 0.25, 0.28, 0.17)],
        rowHeights=[7 * mm, *([16 * mm] * len(SIGNERS))],
    )  # fmt: skip
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.gray)]))
    yield table
