"""A record in words as PDF, set as the rules to sign are: one font for Chinese and Latin."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from epro.archive.record import Block, Heading, Line
from epro.archive.words import say
from questionnaires.definition import Language
from questionnaires.preview.rules_pdf import FONT

_MARGIN = 18 * mm
_WIDTH = A4[0] - 2 * _MARGIN - 12  # a frame keeps 6 points free on either side
_ROWS = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
    ]
)
# What one cell can hold and still fit on a page; longer texts go on in the next row.
_LONGEST = 2_000


class _Styles:
    """The few ways in which text is set, by language: Chinese breaks anywhere, Latin at spaces."""

    def __init__(self, language: Language) -> None:
        breaks = "CJK" if language is Language.ZH else None
        self.body = ParagraphStyle(
            "body", fontName=FONT, fontSize=8.5, leading=12, wordWrap=breaks, splitLongWords=1
        )
        self.small = ParagraphStyle(
            "small", parent=self.body, fontSize=7.5, leading=10, textColor=colors.dimgray
        )
        self.title = ParagraphStyle("title", parent=self.body, fontSize=16, leading=22)
        self.heads = {
            1: ParagraphStyle("head", parent=self.body, fontSize=12, leading=18, spaceBefore=10,
                              keepWithNext=1),
            2: ParagraphStyle("second", parent=self.body, fontSize=9.5, leading=14, spaceBefore=6,
                              keepWithNext=1),
        }  # fmt: skip


def write_pdf(
    path: Path, blocks: Iterable[Block], *, title: str, code: str, language: Language
) -> None:
    """Write the document; equal blocks give equal bytes. The font is the reader's own."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    document = SimpleDocTemplate(
        str(path), pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN,
        bottomMargin=_MARGIN, invariant=1, title=f"{title} {code}", author=code,
    )  # fmt: skip

    def number(canvas: Flowable, page: Flowable) -> None:
        canvas.setFont(FONT, 7)
        canvas.drawString(_MARGIN, 10 * mm, say("page", language, code=code, page=page.page))

    styles = _Styles(language)
    story = [Paragraph(escape(f"{title} {code}"), styles.title)]
    story += [flowable for block in blocks for flowable in _set(block, styles)]
    document.build(story, onFirstPage=number, onLaterPages=number)


def _set(block: Block, styles: _Styles) -> Iterator[Flowable]:
    if isinstance(block, Heading):
        yield Paragraph(escape(block.text), styles.heads[block.level])
    elif isinstance(block, Line):
        style = styles.small if block.is_small else styles.body
        yield from (Paragraph(_lines(piece), style) for piece in _pieces(block.text))
    elif block.rows:
        rows = [
            [Paragraph(_lines(what), styles.small), Paragraph(_lines(piece), styles.body)]
            for what, text in block.rows
            for piece in _pieces(text)
        ]
        table = Table(rows, colWidths=[_WIDTH * 0.55, _WIDTH * 0.45])
        table.setStyle(_ROWS)
        yield table
        yield Spacer(1, 1 * mm)


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br/>")


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, max(len(text), 1), _LONGEST):
        yield text[start : start + _LONGEST]
