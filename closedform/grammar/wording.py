"""What a person is told about text that is not in the language."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from closedform.errors import Diagnostic, Source, Span, suggestion
from closedform.grammar import habits
from closedform.grammar.reader import Token

TOKEN_NAMES = {
    "NAME": "a name",
    "NUMBER": "a number",
    "QUANTITY": "a figure such as `45.2G`",
    "STRING": "a text in quotes",
    "SIGN": "a sign such as `as H_{kv}`",
    "LONG_STRING": "a docstring",
    "_NL": "the end of the line",
    "_INDENT": "an indented block",
    "_DEDENT": "the end of the block",
    "$END": "the end of the file",
    "RPAR": "`)`",
    "LPAR": "`(`",
    "RSQB": "`]`",
    "LSQB": "`[`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "EQUAL": "`=`",
    "TILDE": "`~`",
    "ARROW": "`->`",
    "RANGE": "`..`, as in 1..4",
    "ORDER": "`O`, `Omega` or `Theta`",
}

DECLARATIONS = (
    "dim", "ratio", "let", "assume", "count", "dtype", "convention", "from", "op", "block", "model",
    "preset", "config",
)  # fmt: skip
STATEMENTS = ("repeat", "for", "choose", "if", "return", "require", "claim")

RESERVED = {*DECLARATIONS, *STATEMENTS, "else", "elif", "expect"}

BRACKET_OR_TEXT = re.compile(r'"""[\s\S]*?"""|"(?!"")(?:[^"\\\n]|\\.)*"|#[^\n]*|[()\[\]]')

NUMBER_BEFORE = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)([ ]*)$")
FACTOR_BEFORE = re.compile(r"claim \w[\w ]* (?:==|in) .*?(\w[\w.]*(?:\[[^\]]*\])?) *$")
POWER_OF_TEN = re.compile(r"[eE]\d+")
STATEMENT = re.compile(rf"({'|'.join(STATEMENTS)})\b|[^\W\d]\w*\s*(,\s*\w+\s*)*(=|: *\[)")

SUM_BEFORE = re.compile(r".*\bsum(_\([^()]*|\([^()]*|_\w+ *)$")
SUM_OVER = re.compile(
    r"sum_?\(\s*([^\W\d]\w*)\s*(?:=|,|\bin\b)\s*([^\s.,()]+)\s*\.\.\s*([^\s.,()]+)"
)
SOURCE_LAST = re.compile(r'"(?:[^"\\\n]|\\.)*"$')
SIGN_BEFORE = re.compile(r"(dim|ratio|let)\b[^#]*\sas\s+[^\s\"#;:]+\s*$")

OPERANDS = {"NAME", "NUMBER", "LPAR"}


def describe_token(source: Source, token: Token, expected: AbstractSet[str]) -> Diagnostic:
    """The diagnostic for a token that the grammar does not allow here."""
    start = token.start_pos
    if token.type == "$END":
        start = len(source.text.rstrip())
    span = Span(source, start, max(token.end_pos, start))
    if token.type == "_NL":
        span = Span(source, start, start + 1)
    if token.type == "_INDENT":
        return Diagnostic(
            "indent",
            "this line is indented, and the line before it opens no block",
            span,
            "remove the spaces, or end the line before with `:`",
        )
    if "_INDENT" in expected:
        return Diagnostic(
            "indent",
            "an indented block is expected after `:`",
            span,
            "indent the lines of the block by four spaces",
        )
    opener = _open_bracket(source, start)
    if opener is not None and _first_on_line(source, start) and str(token) in RESERVED:
        bracket = source.text[opener]
        closer = {"(": ")", "[": "]"}[bracket]
        place = Span(source, opener, opener + 1)
        return Diagnostic("syntax", f"`{bracket}` is never closed", place, f"add `{closer}`")
    line = source.line(span.line)
    word = line.split(maxsplit=1)[:1]
    if word and word[0].rstrip(":") in ("else", "elif") and "ELSE" not in expected:
        return Diagnostic(
            "syntax",
            f"this `{word[0].rstrip(':')}` belongs to no `if`",
            span,
            habits.about_line(line) or "it stands below an `if`, with the same indentation",
        )
    if word == ["import"]:
        first = source.line_starts[span.line - 1] + source.line(span.line).index("import")
        module = source.line(span.line).split()[1:2] or ["vit"]
        return Diagnostic(
            "syntax",
            "`import` is not expected here",
            Span(source, first, first + len("import")),
            f"name what is taken, at the left margin: `from {module[0]} import ...`",
        )
    if word and word[0] in DECLARATIONS and source.line(span.line)[:1] == " ":
        first = source.line_starts[span.line - 1] + source.line(span.line).index(word[0])
        return Diagnostic(
            "syntax",
            f"`{word[0]}` is not expected here",
            Span(source, first, first + len(word[0])),
            habits.about_line(line) or "declarations stand at the left margin",
        )
    found = _found(token)
    help_ = (
        _about_sum(source, token)
        or _about_claim(source, token)
        or _about_source(source, token)
        or _about_end_of_sign(source, token)
        or _about_neighbours(source, token, expected)
        or _help(token, expected, line)
    )
    return Diagnostic("syntax", f"{found} is not expected here", span, help_)


def _first_on_line(source: Source, offset: int) -> bool:
    line, column = source.position(offset)
    return not source.line(line)[: column - 1].strip()


def _open_bracket(source: Source, end: int) -> int | None:
    """Where the innermost bracket begins that is open at `end`."""
    found: list[int] = []
    for match in BRACKET_OR_TEXT.finditer(source.text, 0, end):
        if match[0] in ("(", "["):
            found.append(match.start())
        elif match[0] in (")", "]") and found:
            found.pop()
    return found[-1] if found else None


def describe_character(source: Source, offset: int) -> Diagnostic:
    """The diagnostic for a character that begins no token of the language."""
    offset = min(offset, max(0, len(source.text) - 1))
    char = source.text[offset : offset + 1]
    span = Span(source, offset, offset + 1)
    if source.text.startswith('"""', offset):
        return Diagnostic("syntax", "a docstring is never closed", span, 'add `"""`')
    if char == '"':
        return Diagnostic("syntax", "a text is not closed on its line", span, 'add `"`')
    line, column = source.position(offset)
    help_ = habits.about_character(source.line(line), column)
    return Diagnostic("syntax", f"{char!r} is not part of the language", span, help_)


def _found(token: Token) -> str:
    if token.type in ("_NL", "_DEDENT", "$END"):
        return TOKEN_NAMES[token.type]
    return f"`{token.splitlines()[0] if token else token.type}`"


def _about_claim(source: Source, token: Token) -> str | None:
    """A help for a claim of another form: `2*params in O(n)`, `params != 3`."""
    line, column = source.position(token.start_pos)
    if not source.line(line)[: column - 1].lstrip().startswith("claim "):
        return None
    if token == "in":
        return "an order of growth is one of a measure by itself: `claim params in O(...)`"
    if token == "!=":
        return "a claim says what is so: with `==`, `<=`, `>=`, `<` or `>`"
    return None


def _about_source(source: Source, token: Token) -> str | None:
    """A help for a source behind `when`, before `as`, or between two expectations."""
    line, column = source.position(token.start_pos or 0)
    before, after = source.line(line)[: column - 1].strip(), source.line(line)[column - 1 :]
    if token.type == "STRING":  # which may begin a line that goes on with the one before
        before = before or source.line(line - 1).strip()
        text, rest = str(token), after[len(token) :]
    else:
        cited = SOURCE_LAST.search(before)
        if cited is None or token not in ("as", ","):
            return None
        before, text, rest = before[: cited.start()].rstrip(), cited[0], after
    rest = rest.partition("#")[0].strip()
    head, when, conditions = f"{before} {rest}".rstrip().partition(" when ")
    if before.startswith("claim ") and token == "as":
        return f"a source stands behind `grow`: `{head} {text}{when}{conditions}`"
    if before.startswith("claim ") and when and token.type == "STRING":
        if SOURCE_LAST.search(head):
            return "a claim has one source, before `when`"
        return f"a source stands before `when`: `{head} {text}{when}{conditions}`"
    if before.startswith("expect ") and token == ",":
        return f"a source stands last, for all that the line expects: `{before}{rest} {text}`"
    return None


def _about_sum(source: Source, token: Token) -> str | None:
    """A help for a sum over an index of another form: `sum(s, 1..4, ...)`, `sum_s ...`."""
    line, column = source.position(token.start_pos)
    before = SUM_BEFORE.match(source.line(line)[: column - 1])
    if before is None or (before[1][0] != "_" and token not in ("..", "in", "for")):
        return None
    over = SUM_OVER.match(source.line(line), before.start(1) - len("sum"))
    index, first, last = over.groups() if over else ("s", "1", "4")
    term = "..." if over else "D[s]"
    return (
        f"a sum over an index is written `sum({index}, {first}, {last}, {term})`, "
        f"or `sum_({index}={first}..{last}) {term}`"
    )


def _about_end_of_sign(source: Source, token: Token) -> str | None:
    """A help for what stands behind a sign: `as H "heads"`, `as H = 8`, `as H_{k v}`."""
    line, column = source.position(token.start_pos)
    if SIGN_BEFORE.match(source.line(line)[: column - 1]) and token.type != "_NL":
        return "a sign has no spaces, and stands last, after the default and the meaning"
    return None


def _about_neighbours(source: Source, token: Token, expected: AbstractSet[str]) -> str | None:
    """A help for what is written otherwise elsewhere: `2D`, `2(a + b)`, `1e6`, `nn.Linear`."""
    line, column = source.position(token.start_pos)
    before, after = source.line(line)[: column - 1], source.line(line)[column - 1 :]
    number = NUMBER_BEFORE.search(before)
    if number and token.type in ("NAME", "LPAR"):
        if POWER_OF_TEN.fullmatch(token):
            return f"write `{number[1]}*10^{token[1:]}`"
        if "STRING" not in expected or not number[2]:  # a text may have lost its quotes
            return f"a product has a sign: write `{number[1]}*{'(...)' if token == '(' else token}`"
    factor = FACTOR_BEFORE.search(before)
    if factor and "STAR" in expected and token.type in ("NAME", "SUM_") and token != "where":
        term = "sum_(...)" if token == "sum_" else token
        return f"a product has a sign: write `{factor[1]}*{term}`"
    if token == ".":
        return habits.about_attribute(before, after)
    return habits.about_sign(before, after) or habits.about_line(before + after)


def _help(token: Token, expected: AbstractSet[str], line: str) -> str | None:
    text = str(token)
    if "ARROW" in expected and text in ("+", "-", "*", "/"):
        return "a pipe ends here: put it in parentheses, as in x + (x -> f)"
    if text == "=" and expected == {"COLON", "COMMA"}:
        return "a weight or a formula stands behind `:`"
    if text == "=" and "EQUAL" not in expected:
        return "compare with `==`"
    if text == "==" and "EQUAL" in expected:
        return "write `=`"
    if text == "for" and expected & {"RSQB", "RPAR"}:
        return "the elements of a list are written out: [2, 4, 6]"
    if text == "^":
        return "powers do not chain: write a^(b^c)"
    if text == "-" and expected >= OPERANDS:
        return "put the negative number in parentheses"
    if token.type in ("STRING", "SIGN") and expected == {"COLON", "COMMA", "_NL"}:
        what = "meaning" if token.type == "STRING" else "sign"
        return f"a {what} is of one size: give each a line of its own"
    if text == "," and expected == {"SIGN", "_NL"}:
        return "a meaning is of one size: give each a line of its own"
    if "DIM" in expected:
        if text == "expect":
            return "it stands in a `preset`, indented by four spaces"
        if STATEMENT.match(line):
            return "it stands in a `block` or a `model`, indented by four spaces"
        known = suggestion(text, DECLARATIONS)
        return known or "a file is made of " + ", ".join(f"`{word}`" for word in DECLARATIONS)
    wanted = sorted(TOKEN_NAMES.get(name, f"`{name.lower()}`") for name in expected & _SAYABLE)
    if expected >= OPERANDS:
        wanted = ["an expression"]
    if not wanted:
        return None
    if len(wanted) > 1:
        return "expected " + ", ".join(wanted[:-1]) + " or " + wanted[-1]
    return "expected " + wanted[0]


_SAYABLE = {
    *TOKEN_NAMES, "IN", "OF", "ON", "UNDER", "IMPORT", "GROW", "WHEN", "ELSE", "FOR", "SHARED",
    "KIND", "OTHERS",
}  # fmt: skip
