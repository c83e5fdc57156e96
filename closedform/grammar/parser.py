"""Text to syntax tree.

>>> parse("dim D = 768 \\"width\\"").declarations[0].meaning
'width'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import cast

from closedform.errors import ClosedformError, Diagnostic, LimitError, Source, Span, fail
from closedform.grammar import tree
from closedform.grammar.builder import Builder, current_source
from closedform.grammar.reader import (
    Reader,
    Token,
    UnexpectedCharacter,
    UnexpectedToken,
    fitting,
    grammar,
)
from closedform.grammar.wording import describe_character, describe_token

MAX_CHARACTERS = 4_000_000
MAX_BRACKET_DEPTH = 50
MAX_BLOCK_DEPTH = 50

CLOSERS = {"(": ")", "[": "]"}
STRING_OR_COMMENT = re.compile(r'"""[\s\S]*?"""|"(?!"")(?:[^"\\\n]|\\.)*"|(?P<comment>#[^\n]*)')


def parse(text: str, name: str = "<text>") -> tree.File:
    """The syntax tree of a text.

    `name` is what errors call it. Raises ClosedformError, with place and help, when the text is
    not in the language, and LimitError when it is too large or too deeply nested.
    """
    source = Source(name, text)
    file = cast(tree.File, _parsed(source, lambda: _grammar().read(text + "\n", "start")))
    return replace(file, comments=tuple(_comments(source)))


def parse_conditions(text: str, name: str) -> tuple[tree.Expression, ...]:
    """The conditions of a text, as they stand behind `assume` or `when`: `r > 1, r | side`.

    `name` is what errors call it. Raises ClosedformError as `parse` does.
    """
    source = Source(name, text.strip(), asked=True)
    if "\n" in source.text:
        end = Span(source, source.text.index("\n"), source.text.index("\n"))
        raise fail("syntax", "conditions stand on one line", end, "write a comma between them")

    def behind_assume() -> object:
        return _grammar().read(source.text + "\n", "start", Token("ASSUME", "assume"))

    (assumed,) = cast(tree.File, _parsed(source, behind_assume)).declarations
    return cast(tree.Assume, assumed).conditions


def parse_claim(text: str, name: str = "<claim>") -> tree.Claim:
    """A claim as a file has it, without the word `claim`.

    >>> parse_claim("macs == 2*n*d^2").operator
    '=='
    """
    source = Source(name, f"claim {text.strip()}", asked=True)
    return cast(
        tree.Claim, _parsed(source, lambda: _grammar().read(source.text + "\n", "one_claim"))
    )


def _parsed(source: Source, run: Callable[[], object]) -> object:
    """What the grammar makes of a source, or the error that it meets."""
    if len(source.text) > MAX_CHARACTERS:
        message = f"{source.name} has more than {MAX_CHARACTERS} characters"
        help_ = "split it into files, of which one imports the others"
        raise LimitError(Diagnostic("limit", message, Span(source, 0, 0), help_))
    token = current_source.set(source)
    try:
        return run()
    except UnexpectedToken as error:
        raise ClosedformError(describe_token(source, error.token, error.expected)) from None
    except UnexpectedCharacter as error:
        raise ClosedformError(describe_character(source, error.place)) from None
    finally:
        current_source.reset(token)


@cache
def _grammar() -> Reader:
    tables = fitting(grammar())
    if tables is None:
        from closedform.grammar.lalr import machine  # late, as it imports Lark

        tables = machine(grammar())
    return Reader(tables, Builder(), Indentation())


def _comments(source: Source) -> Iterator[tree.Comment]:
    for match in STRING_OR_COMMENT.finditer(source.text):
        if match["comment"]:
            yield tree.Comment(
                match["comment"].rstrip(), span=Span(source, match.start(), match.end())
            )


class Indentation:
    """Turns the white space that begins lines into _INDENT and _DEDENT tokens."""

    always_accept: tuple[str, ...] = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        source = current_source.get()
        levels = [0]
        open_brackets: list[Token] = []
        if source.text[:1] in (" ", "\t"):
            first = next(stream, Token("_NL", ""))
            if first.type != "_NL":
                raise fail(
                    "indent",
                    "the first line is indented",
                    _token_span(source, first),
                    "remove the spaces before it",
                )
        token = None
        for token in stream:
            if token.type == "_NL":
                if not open_brackets:
                    yield from self._line_end(source, token, levels)
                continue
            if token in CLOSERS and token.type != "STRING":
                open_brackets.append(token)
                if len(open_brackets) > MAX_BRACKET_DEPTH:
                    raise _too_deep(source, token, "brackets", MAX_BRACKET_DEPTH)
            elif token.type in ("RPAR", "RSQB"):
                self._close(source, token, open_brackets)
            yield token
        if open_brackets:
            opener = open_brackets[-1]
            raise fail(
                "syntax",
                f"`{opener}` is never closed",
                _token_span(source, opener),
                f"add `{CLOSERS[opener]}`",
            )
        for _ in levels[1:]:
            yield Token("_DEDENT", "", *((token.start_pos, token.end_pos) if token else ()))

    def _close(self, source: Source, token: Token, open_brackets: list[Token]) -> None:
        if not open_brackets:
            raise fail(
                "syntax",
                f"`{token}` closes nothing",
                _token_span(source, token),
                "remove it, or open the bracket before",
            )
        opener = open_brackets.pop()
        if CLOSERS[opener] != token:
            raise fail(
                "syntax",
                f"`{token}` closes `{opener}`",
                _token_span(source, token),
                f"write `{CLOSERS[opener]}`",
            )

    def _line_end(self, source: Source, token: Token, levels: list[int]) -> Iterator[Token]:
        yield token
        white = token.rsplit("\n", 1)[1]
        end = token.start_pos + len(token)
        start = end - len(white)
        if "\t" in white:
            raise fail(
                "indent",
                "a line is indented with a tab",
                Span(source, start, end),
                "indent with spaces, four for each level",
            )
        indent = len(white)
        if indent > levels[-1]:
            levels.append(indent)
            if len(levels) > MAX_BLOCK_DEPTH:
                raise _too_deep(source, token, "blocks", MAX_BLOCK_DEPTH)
            yield Token("_INDENT", white, start, end)
        while indent < levels[-1]:
            levels.pop()
            yield Token("_DEDENT", white, start, end)
        if indent != levels[-1]:
            raise fail(
                "indent",
                f"a line is indented by {indent} spaces, and no open block is",
                Span(source, start, end),
                f"indent it by {levels[-1]} or by the spaces of the block that it belongs to",
            )


def _token_span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos, token.end_pos)


def _too_deep(source: Source, token: Token, what: str, limit: int) -> LimitError:
    return LimitError(
        Diagnostic(
            "limit",
            f"{what} are nested deeper than {limit}",
            _token_span(source, token),
            "give the inner part a name of its own",
        )
    )
