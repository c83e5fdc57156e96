"""The tokens of a formula in LaTeX: what commands are, which letters are a word, what is split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lark import Token
from lark.lark import PostLex

from closedform.data import dataclass
from closedform.errors import (
    ClosedformError,
    Diagnostic,
    LimitError,
    Source,
    Span,
    fail,
    suggestion,
)
from closedform.formula.signs import GREEK

MAX_DEPTH = 50

# What commands are; None for those that only set space or the size of a bracket.
COMMANDS: dict[str, str | None] = {
    **dict.fromkeys(["frac", "tfrac", "dfrac", "cfrac"], "_FRAC"),
    **dict.fromkeys(["cdot", "times", "ast"], "_TIMES"),
    **dict.fromkeys(["max", "min", "gcd"], "MOST"),
    **dict.fromkeys(["approx", "simeq", "equiv", "sim"], "RELATION"),
    **dict.fromkeys(["le", "leq", "leqslant", "ge", "geq", "geqslant", "lt", "gt"], "RELATION"),
    **dict.fromkeys(["neq", "ne", "mid", "in"], "RELATION"),
    **dict.fromkeys(["lor", "vee"], "_OR"),
    **dict.fromkeys(["land", "wedge"], "_AND"),
    **dict.fromkeys(["lnot", "neg"], "_NOT"),
    **{"underbrace": "_UNDER", "overbrace": "_OVER"},
    **dict.fromkeys(["lbrace"], "_LSET"),
    **dict.fromkeys(["rbrace"], "_RSET"),
    **{"sqrt": "_SQRT", "log": "_LOG", "sum": "_SUM", "div": "_SLASH"},
    **{"lfloor": "_LFLOOR", "rfloor": "_RFLOOR", "lceil": "_LCEIL", "rceil": "_RCEIL"},
    **dict.fromkeys(GREEK, "GREEK"),
    **dict.fromkeys(["ell", "varepsilon", "varphi", "vartheta"], "GREEK"),
    **dict.fromkeys(["left", "right", "limits", "nolimits", "displaystyle", "textstyle"]),
    **dict.fromkeys(["quad", "qquad", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr"]),
    **dict.fromkeys(["Biggl", "Biggr", "big", "Big", "bigg", "Bigg"]),
}
# What stands for a command that has no place in a formula.
INSTEAD = {
    **dict.fromkeys(
        ["dots", "ldots", "cdots"], "write the terms out, or their sum: `\\sum_{s=1}^{4}`"
    ),
    **dict.fromkeys(
        ["bmod", "pmod", "mod"], "write a remainder as `n - k \\lfloor \\frac{n}{k} \\rfloor`"
    ),
    "gg": "claim what is exact: `\\ge`, or an order of growth as `\\Omega(n)`",
    "ll": "claim what is exact: `\\le`, or an order of growth as `\\mathcal{O}(n)`",
    **dict.fromkeys(["mathbb", "mathds"], "write an indicator as brackets alone: `[n > 1]`"),
    **dict.fromkeys(
        ["hat", "bar", "tilde", "prime"], "give the symbol another name, here and in the map"
    ),
}
SCRIPTS = {"SUPERSCRIPT": "_SUP", "SUBSCRIPT": "_SUB"}
HEADS = {"O", "\\Omega", "\\Theta", "\\mathcal{O}"}

OPENERS = {
    "_LPAR": "_RPAR", "_LSQB": "_RSQB", "_LBRACE": "_RBRACE", "_LSET": "_RSET",
    "_LFLOOR": "_RFLOOR", "_LCEIL": "_RCEIL",
}  # fmt: skip
SIGNS = {
    "_RPAR": "`)`", "_RSQB": "`]`", "_RBRACE": "`}`", "_RSET": "`\\}`", "_RFLOOR": "`\\rfloor`",
    "_RCEIL": "`\\rceil`",
}  # fmt: skip

_tokens: ContextVar[Tokens] = ContextVar("tokens")


@dataclass(frozen=True)
class Tokens:
    """How the tokens of one text are made ready: which letters side by side are a word."""

    source: Source
    words: frozenset[str]
    whole_words: bool = False

    @staticmethod
    def current() -> PostLex:
        """What hands the tokens of a text to those that are `reading`."""
        return _Current()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Be what makes the tokens ready for a while."""
        token = _tokens.set(self)
        try:
            yield
        finally:
            _tokens.reset(token)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens that the grammar knows."""
        tokens = _without_braces(list(self._commands(stream)))
        tokens = list(_single(iter(tokens)))
        tokens = list(self._in_words(tokens))
        self._check_brackets(tokens)
        for at, token in enumerate(tokens):
            if token.type == "MINUS" and at > 1 and tokens[at - 1].type == "_LSQB":
                self._check_option(tokens[at - 2], tokens[at - 1])
            opens = at + 1 < len(tokens) and tokens[at + 1].type == "_LPAR"
            begins = at == 0 or tokens[at - 1].type in ("EQUALS", "RELATION")
            if opens and begins and re.sub(r"\s", "", token) in HEADS:
                yield Token.new_borrow_pos("ORDER", token.value, token)
            else:
                yield token

    def _check_option(self, before: Token, bracket: Token) -> None:
        """`a [- b]` is a term that may be left out, and no product, as `\\left[` would begin."""
        sized = self.source.text[: bracket.start_pos].rstrip().endswith("\\left")
        if not sized and before.type not in ("PLUS", "MINUS", *OPENERS):
            raise fail(
                "syntax",
                "this bracket may be a factor, or a term that can be left out",
                _span(self.source, bracket),
                "write `a - b`, or `a (-b)`",
            )

    def _commands(self, stream: Iterator[Token]) -> Iterator[Token]:
        for token in stream:
            if token.type in SCRIPTS:
                yield from self._script(token)
            elif token.type == "_TIMES_SIGN":
                yield Token.new_borrow_pos("_TIMES", token.value, token)
            elif token.type != "COMMAND":
                yield token
            elif token[1:] not in COMMANDS:
                raise self._unknown(token)
            elif (kind := COMMANDS[token[1:]]) is not None:
                yield Token.new_borrow_pos(kind, token.value, token)

    def _script(self, token: Token) -> Iterator[Token]:
        """A raised or lowered number of signs of its own, as copied from a page: `²` is `^{2}`."""
        digits = "".join(str(unicodedata.digit(sign)) for sign in token)
        kinds = (SCRIPTS[token.type], "_LBRACE", "NUMBER", "_RBRACE")
        signs = ("_" if token.type == "SUBSCRIPT" else "^", "{", digits, "}")
        for kind, sign in zip(kinds, signs, strict=True):
            yield Token.new_borrow_pos(kind, sign, token)

    def _unknown(self, token: Token) -> ClosedformError:
        name = str(token[1:])
        help_ = (
            INSTEAD.get(name)
            or suggestion(str(token), [f"\\{c}" for c in COMMANDS])
            or "leave out what is no part of the formula"
        )
        if name not in INSTEAD and name.startswith(("math", "text", "operatorname")):
            help_ = f"put what it is of in braces: `{token}{{...}}`"
        return fail("syntax", f"`{token}` is not read here", _span(self.source, token), help_)

    # Words ---------------------------------------------------------------------------------

    def _in_words(self, tokens: list[Token]) -> Iterator[Token]:
        """The same with the letters of a word as one token."""
        at = 0
        while at < len(tokens):
            end = self._word_end(tokens, at) if tokens[at].type == "LETTER" else at + 1
            if end - at > 1:
                text = "".join(tokens[at:end])
                word = Token.new_borrow_pos("WORD", text, tokens[at])
                word.end_pos = tokens[end - 1].end_pos
                yield word
            else:
                yield tokens[at]
            at = end

    def _word_end(self, tokens: list[Token], at: int) -> int:
        """Where the word ends that begins at a letter: the longest that is one."""
        end, text = at + 1, str(tokens[at])
        found = end
        while end < len(tokens) and tokens[end].start_pos == tokens[end - 1].end_pos:
            token = tokens[end]
            if not (token.type == "LETTER" or re.fullmatch(r"\d+|_", token)):
                break
            if token == "_" and not (end + 1 < len(tokens) and tokens[end + 1].isalnum()):
                break
            text += token
            end += 1
            if token != "_" and (self.whole_words or text in self.words):
                found = end
        return found

    # Brackets ------------------------------------------------------------------------------

    def _check_brackets(self, tokens: Collection[Token]) -> None:
        open_: list[Token] = []
        for token in tokens:
            if token.type in OPENERS:
                open_.append(token)
                if len(open_) > MAX_DEPTH:
                    message = f"brackets are nested deeper than {MAX_DEPTH}"
                    raise LimitError(Diagnostic("limit", message, _span(self.source, token)))
            elif token.type in OPENERS.values():
                if not open_:
                    message, help_ = f"`{token}` closes nothing", "remove it, or open the bracket"
                    raise fail("syntax", message, _span(self.source, token), help_)
                opener = open_.pop()
                wanted = OPENERS[opener.type]
                if wanted != token.type:
                    message = f"`{token}` closes `{opener}`"
                    help_ = f"write {SIGNS[wanted]}"
                    raise fail("syntax", message, _span(self.source, token), help_)
        if open_:
            opener = open_[-1]
            message, help_ = f"`{opener}` is never closed", f"add {SIGNS[OPENERS[opener.type]]}"
            raise fail("syntax", message, _span(self.source, opener), help_)


class _Current(PostLex):
    always_accept = ("COMMAND", "_TIMES_SIGN", *SCRIPTS)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return _tokens.get().process(stream)


BRACES = {"_UNDER": "_SUB", "_OVER": "_SUP"}  # where the name of a part stands


def _without_braces(tokens: list[Token]) -> list[Token]:
    r"""Parts under a brace without their names: of `\underbrace{2nd}_{\text{MLP}}` the `{2nd}`."""
    found: list[Token] = []
    names: dict[int, str] = {}  # behind the group that ends at a place
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type in BRACES and at + 1 < len(tokens) and tokens[at + 1].type == "_LBRACE":
            names[_group_end(tokens, at + 1)] = BRACES[token.type]
        elif token.type in BRACES:
            found.append(token)  # which the grammar refuses
        elif names.get(at) == token.type and at + 1 < len(tokens):
            at = _group_end(tokens, at + 1) - 1
        else:
            found.append(token)
        at += 1
    return found


def _group_end(tokens: list[Token], at: int) -> int:
    """Where a group in braces ends, or a single token: the place behind it."""
    depth = 0
    for end in range(at, len(tokens)):
        depth += {"_LBRACE": 1, "_RBRACE": -1}.get(tokens[end].type, 0)
        if depth == 0:
            return end + 1
    return len(tokens)


def _single(tokens: Iterator[Token]) -> Iterator[Token]:
    r"""What TeX takes as an argument without braces is one digit: `\frac83d` is 8/3 times d."""
    wanted = 0  # how many arguments are to come
    outer: list[int] = []
    for token in tokens:
        if token.type == "_LBRACE":
            outer.append(max(wanted - 1, 0))
            wanted = 0
        elif token.type == "_RBRACE":
            wanted = outer.pop() if outer else 0
        elif token.type in ("_FRAC", "_SUP", "_SUB", "_SQRT"):
            wanted = 2 if token.type == "_FRAC" else 1
        elif token.type == "NUMBER" and wanted:
            start = token.start_pos or 0
            digits = min(wanted, len(token))
            while digits and not token[:digits].isdigit():
                digits -= 1
            for at in range(digits):
                yield _piece(token, start, at, at + 1)
            wanted -= digits
            if len(token) > digits:
                yield _piece(token, start, digits, len(token))
            continue
        elif wanted:
            wanted -= 1
        yield token


def _piece(token: Token, start: int, first: int, end: int) -> Token:
    piece = Token.new_borrow_pos(token.type, token.value[first:end], token)
    piece.start_pos, piece.end_pos = start + first, start + end
    return piece


def _span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


# What is told of a token that is not expected ------------------------------------------------

FACTOR = {"NUMBER", "LETTER", "_LPAR"}
EXPECTED = {
    "_TIMES": "a sign such as `+` or `\\cdot`",
    "EQUALS": "`=`",
    "_SUP": "`^`",
    "_SUB": "`_`",
    "_COMMA": "`,`",
    "ORDER": "an order",
    "$END": "the end",
    **SIGNS,
    "_LBRACE": "`{`",
    "_LPAR": "`(`",
    "MINUS": "`+` or `-`",
    "LETTER": "a symbol",
}


def described(source: Source, token: Token, expected: Collection[str]) -> Diagnostic:
    """The diagnostic for a token that the grammar does not allow here."""
    end = token.type == "$END"
    start = len(source.text.rstrip()) if end else token.start_pos or 0
    span = Span(source, start, max(start, 0 if end else token.end_pos or 0))
    found = "the end of the formula" if end else f"`{token}`"
    wanted = set(expected)
    told = []
    if wanted >= FACTOR:
        told.append("a number, a symbol or a bracket")
        wanted -= {"LETTER", "_LPAR", "_LBRACE", "MINUS", "ORDER"}
        if "$END" not in wanted:
            wanted.discard("EQUALS")  # a formula may begin with it, and seldom does
    if "_TIMES" in wanted:
        wanted.discard("MINUS")
    told += [EXPECTED[kind] for kind in EXPECTED if kind in wanted]
    notes = (f"expected: {', '.join(told)}",) if told else ()
    return Diagnostic("syntax", f"{found} is not expected here", span, _help(token, wanted), notes)


def _help(token: Token, expected: Collection[str]) -> str | None:
    if token.type == "_COMMA":
        return "paste one formula; in a number write `1{,}024`"
    if token.type == "_SUP":
        return "put what is raised in brackets, or in braces with its index"
    if token.type in ("MOST", "NUMBER", "LETTER", "GREEK", "TEXT", "WORD", "_LPAR", "_FRAC"):
        if "_SLASH" in expected and "_TIMES" in expected:
            return "say what is divided: `\\frac{a}{b} c`, or `a/(b c)`"
        return "write `\\cdot` between factors, and brackets around what a logarithm is of"
    if token.type == "ORDER":
        return "an order stands by itself"
    return None
