"""A script without what only people need: comments, most white space, marks that say nothing.

Names stay as they are.

It reads the words of ES2020, no grammar: enough to know where a string, a template or a regular
expression begins and ends. White space goes only where it cannot mean anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    SPACE = auto()
    BREAK = auto()
    COMMENT = auto()
    STRING = auto()
    TEMPLATE = auto()  # a template, or as much of it as lies between two expressions
    REGEX = auto()
    WORD = auto()  # a name, a keyword, a number
    MARK = auto()


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str


class NotRead(ValueError):
    """A script has something without an end; the message shows where it begins."""


_PATTERNS = (
    (Kind.SPACE, re.compile(r"[ \t\r]+")),
    (Kind.BREAK, re.compile(r"\n")),
    (Kind.COMMENT, re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)),
    (Kind.STRING, re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')),
    (Kind.WORD, re.compile(r"[\w$]+")),
    (Kind.MARK, re.compile(r"\.{3}|=>|\+\+|--|&&|\|\||[=!]==?|[^\"'`]")),
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_CHUNK = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.DOTALL)
_UNSEEN = frozenset({Kind.SPACE, Kind.BREAK, Kind.COMMENT})
_BEFORE_A_REGEX = frozenset({"return", "typeof", "case", "in", "of", "await", "throw", "void"})
# After the first and before the second no statement can have ended with its line.
_GOES_ON_AFTER = frozenset({*"{([,;:?=*&|<>!.", "=>", "&&", "||", "===", "!==", "..."})
_GOES_ON_BEFORE = frozenset({*"})],;.?:=", "&&", "||", "=>", "===", "!=="})
_OPENS, _CLOSES, _BEFORE_A_STATEMENT = frozenset("{[("), frozenset("}])"), frozenset("{};")
_HEADS = frozenset({"for", "if", "while"})
# The app's own templates are `html`: white space with a line break in it, beside a tag, is dropped
# when they are read.
_HTML = "html"
_BROKEN_SPACE = re.compile(r"\s*\n\s*")


def tokens(source: str) -> Iterator[Token]:
    """Read a script; put together, its tokens are the script. Raises NotRead."""
    at, before = 0, Token(Kind.MARK, ";")
    inside: list[str] = []  # what has been opened and is not closed: a brace, or a template
    while at < len(source):
        token = _next(source, at, before, inside)
        yield token
        at += len(token.text)
        if token.kind not in _UNSEEN:
            before = token
    if inside:
        raise NotRead(f"{len(inside)} braces or templates have no end.")


def _next(source: str, at: int, before: Token, inside: list[str]) -> Token:
    first = source[at]
    if first == "`" or (first == "}" and inside and inside[-1] == "`"):
        if first == "}":
            inside.pop()
        found = _required(_CHUNK.match(source, at + 1), source, at)
        if found[1] == "${":
            inside.append("`")
        return Token(Kind.TEMPLATE, source[at : found.end()])
    if first == "{":
        inside.append("{")
    if first == "}" and (not inside or inside.pop() != "{"):
        raise NotRead(f"Nothing is open before {source[at : at + 40]!r}.")
    if first == "/" and source[at + 1] not in "/*" and _may_begin_a_regex(before):
        return Token(Kind.REGEX, _required(_REGEX.match(source, at), source, at)[0])
    for kind, pattern in _PATTERNS:
        if fitting := pattern.match(source, at):
            return Token(kind, fitting[0])
    raise NotRead(f"No end to {source[at : at + 40]!r}.")


def _may_begin_a_regex(before: Token) -> bool:
    if before.kind is Kind.MARK:
        return before.text not in {")", "]", "}"}
    return before.kind is Kind.WORD and before.text in _BEFORE_A_REGEX


def _required(found: re.Match[str] | None, source: str, at: int) -> re.Match[str]:
    if found is None:
        raise NotRead(f"No end to {source[at : at + 40]!r}.")
    return found


def tight(source: str) -> str:
    """Return a script that says the same in fewer bytes. Raises NotRead."""
    kept: list[str] = []
    last, gap = Token(Kind.MARK, ";"), ""
    tags: list[bool] = []  # for each open template, whether it is the app's own
    constants, statements = _Constants(), _Statements()
    for token in tokens(source):
        if token.kind in _UNSEEN:
            gap += token.text
            continue
        text = token.text
        is_first = last.text in _BEFORE_A_STATEMENT or ("\n" in gap and not _goes_on(last, token))
        if constants.go_on(last, token, is_first=is_first):
            kept[-1], last, gap = ",", Token(Kind.MARK, ","), ""
            continue
        if token.kind is Kind.TEMPLATE:
            is_html = tags.pop() if text[0] == "}" else last == Token(Kind.WORD, _HTML)
            if text.endswith("${"):
                tags.append(is_html)
            text = _tight_html(text) if is_html else text
        if token.kind is Kind.MARK and statements.ends(last, text):
            kept[-1] = ""
        kept.append(_between(last, gap, token) + text)
        last, gap = token, ""
    return "".join(kept)


class _Constants:
    """Knows where a constant follows on another, so that one `const` will do for both."""

    def __init__(self) -> None:
        # For each brace or template that is open, whether its present statement is one.
        self.is_one = [False]

    def go_on(self, last: Token, token: Token, *, is_first: bool) -> bool:
        """Read one token, the first of a statement or not; tell whether it says `const` again."""
        if token.text[0] in _CLOSES and token.kind in {Kind.MARK, Kind.TEMPLATE}:
            self.is_one.pop()
        was_one, is_const = self.is_one[-1], token == Token(Kind.WORD, "const")
        if is_first:
            self.is_one[-1] = is_const
        if token.text[-1] in _OPENS and token.kind in {Kind.MARK, Kind.TEMPLATE}:
            self.is_one.append(False)
        return was_one and is_const and last == Token(Kind.MARK, ";")


class _Statements:
    """Knows where the end of a block ends a statement as well, which then needs no mark."""

    def __init__(self) -> None:
        self.is_head: list[
            bool
        ] = []  # for each round bracket that is open: of `for`, `if`, `while`
        self.is_after_head = False

    def ends(self, last: Token, mark: str) -> bool:
        """Read one mark further; tell whether the one before it can go."""
        if mark == "(":
            self.is_head.append(last.text in _HEADS)
        was_after_head = self.is_after_head  # what has nothing but a mark for its body needs that
        self.is_after_head = (mark == ")" and self.is_head.pop()) or (
            mark == ";" and was_after_head
        )
        return mark == "}" and last.text == ";" and not was_after_head


def _between(last: Token, gap: str, token: Token) -> str:
    """Return what has to stay of the white space and comments between two tokens."""
    if "\n" in gap and not _goes_on(last, token):
        return "\n"
    are_words = last.kind is token.kind is Kind.WORD
    would_merge = last.text[-1] == token.text[0] and token.text[0] in "+-/"
    return " " if gap and (are_words or would_merge) else ""


def _goes_on(last: Token, token: Token) -> bool:
    """Tell whether a statement goes on from one line to the next."""
    return (
        (last.kind is Kind.MARK and last.text in _GOES_ON_AFTER)
        or (token.kind is Kind.MARK and token.text in _GOES_ON_BEFORE)
        or (last.kind is Kind.TEMPLATE and last.text.endswith("${"))
        or (token.kind is Kind.TEMPLATE and token.text[0] == "}")
    )


def _tight_html(text: str) -> str:
    return re.sub(r">\n|\n(?=<)", lambda found: found[0].strip(), _BROKEN_SPACE.sub("\n", text))
