r"""Formulas as papers print them, in LaTeX, to the expressions of the language.

>>> from closedform.grammar.expressions import show
>>> stated = read_stated(r"\Omega(\mathrm{MSA}) = 4hwC^2 + 2(hw)^2C")
>>> stated.relation, show(stated.sides[0])
('==', '4*h*w*C^2 + 2*(h*w)^2*C')
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken
from lark.exceptions import UnexpectedEOF

from closedform.data import dataclass
from closedform.errors import ClosedformError, Diagnostic, LimitError, Source, Span, fail
from closedform.grammar import tree
from closedform.grammar.lalr import LATEX, lalr
from closedform.grammar.latex_tokens import Tokens, described
from closedform.grammar.tree import Node

MAX_CHARACTERS = 4_000
ENDING = 200  # characters in which an end is looked for
NAME = "<formula>"
# What ends the sentence that a formula is pasted from: a sign, its environment, its number.
AROUND = re.compile(
    r"([\s.,;$]|\\[\])]|\\end\s*\{[A-Za-z]+\*?\}|\\(tag|label)\*?\s*\{[^{}]*\}"
    r"|\\(nonumber|notag|q?quad)|(?:(?<=[.,;])|(?<=quad))\s*\(\d+[a-z]?\))\Z"
)

RELATIONS = {
    "=": "==", "\\approx": "==", "\\simeq": "==", "\\equiv": "==", "≈": "==",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "≤": "<=",
    "\\sim": "~", "~": "~", "\u223c": "~",
    "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "≥": ">=",
    "<": "<", "\\lt": "<", ">": ">", "\\gt": ">",
    "\\neq": "!=", "\\ne": "!=", "\\mid": "|", "\\in": "in",
}  # fmt: skip
CLAIMED = ("==", "<=", ">=", "~")


@dataclass(frozen=True)
class Stated(Node):
    """What a formula says of a measure: it is equal to each side, at most, at least, or `~` it.

    With an order, O, Omega or Theta, it is in that of the one side. `named` is what stands before
    the first relation.
    """

    sides: tuple[tree.Expression, ...]
    relation: str = "=="
    order: str | None = None
    named: str | None = None


@dataclass(frozen=True)
class Mapped(Node):
    """A symbol of a paper, or a product of some, and what that is in the names of a file."""

    names: tuple[tree.Name, ...]
    value: tree.Expression


def read_stated(text: str, words: Collection[str] = (), name: str = NAME) -> Stated:
    r"""The formula of a paper. What stands alone before the first relation names it, as does
    `\Omega(...)` there.

    `words` are names of several letters, which are else written in `\mathrm`. Raises
    ClosedformError, with place and help.
    """
    source = Source(name, text, asked=True)
    found = _parsed(source, "claim", Tokens(source, frozenset(words)))
    return _Reader(source).stated(found)


def read_map(text: str, name: str = "<map>") -> tuple[Mapped, ...]:
    """What a paper's symbols are: `h w = n, C = d`. Letters side by side are one name here.

    >>> from closedform.grammar.expressions import show
    >>> [(*[n.name for n in m.names], show(m.value)) for m in read_map("h w = n, D_{ff} = 4 d")]
    [('h', 'w', 'n'), ('D_ff', '4*d')]
    """
    source = Source(name, text, asked=True)
    if not text.strip():
        return ()
    found = _parsed(source, "map", Tokens(source, frozenset(), whole_words=True))
    return tuple(_Reader(source).mapped(found))


def _parsed(source: Source, start: str, tokens: Tokens) -> Tree[Token]:
    if len(source.text) > MAX_CHARACTERS:
        message = f"a formula has no more than {MAX_CHARACTERS} characters"
        raise LimitError(Diagnostic("limit", message))
    try:
        with tokens.reading():
            return _grammar().parse(_formula_in(source.text), start=start)
    except UnexpectedToken as error:
        expected = error.accepts or error.expected
        raise ClosedformError(described(source, error.token, expected)) from None
    except UnexpectedCharacters as error:
        at = error.pos_in_stream or 0
        sign = source.text[at : at + (2 if source.text[at] == "\\" else 1)].strip()
        span = Span(source, at, at + len(sign))
        help_ = "paste one formula" if sign == ";" else "leave out what is no part of it"
        raise fail("syntax", f"`{sign}` is not read here", span, help_) from None
    except UnexpectedEOF:
        end = len(source.text)
        raise fail("syntax", "the formula ends too early", Span(source, end, end)) from None


def _formula_in(text: str) -> str:
    """A text without what ends its sentence."""
    while end := AROUND.search(text, max(0, len(text) - ENDING)):
        text = text[: end.start()]
    return text


@cache
def _grammar() -> Lark:
    return lalr(LATEX, Tokens.current())


class _Reader:
    """Makes expressions of what was parsed; `bound` are the indices of the sums around."""

    def __init__(self, source: Source) -> None:
        self.source = source

    # What a formula says -------------------------------------------------------------------

    def stated(self, node: Tree[Token]) -> Stated:
        sides = [child for child in node.children if isinstance(child, Tree)]
        signs = [child for child in node.children if isinstance(child, Token)]
        named = None
        if isinstance(node.children[0], Token):  # begins with a relation
            self._check_between(signs[1:])
        elif len(sides) > 1 and self._names_it(sides[0]):
            named = self._name(sides[0]).name if sides[0].data == "symbol" else None
            sides = sides[1:]
        else:
            self._check_between(signs)
        relation = self._relation(signs)
        if sides[0].data == "order":
            head, inner = sides[0].children
            assert isinstance(head, Token)
            if len(sides) > 1 or relation not in ("==", "in"):
                raise fail(
                    "syntax",
                    "an order is claimed by itself",
                    self._span(sides[0]),
                    "paste what is in the order, without what follows",
                )
            bound = self.value(inner, frozenset(), order=True)
            order = re.sub(r"\W|mathcal", "", head)
            return Stated((bound,), "in", order, named, span=self._span(node))
        if relation == "in":
            raise fail("syntax", "`\\in` wants an order", self._span(node), "write `\\in O(n^2)`")
        values = tuple(self.value(side, frozenset()) for side in sides)
        return Stated(values, relation, named=named, span=self._span(node))

    def _names_it(self, side: Any) -> bool:
        return side.data in ("order", "symbol")

    def _check_between(self, signs: list[Token]) -> None:
        """Only an equation may begin with a formula: what is at most that formula, else?"""
        for sign in signs:
            if RELATIONS[sign] != "==":
                raise fail(
                    "syntax",
                    f"it is not said what is `{sign}` this",
                    self._of_token(sign),
                    "begin with one symbol for what is claimed, as in `T \\le 2 n d`",
                )

    def _relation(self, signs: list[Token]) -> str:
        found = {RELATIONS[sign]: sign for sign in signs}
        relations = [relation for relation in found if relation != "=="]
        for relation in relations:
            if relation not in (*CLAIMED, "in") or len(relations) > 1:
                raise fail(
                    "syntax",
                    f"`{found[relation]}` is not claimed of a measure",
                    self._of_token(found[relation]),
                    "a claim has `=`, `\\approx`, `\\sim`, `\\le` or `\\ge`",
                )
        return relations[0] if relations else "=="

    def mapped(self, node: Tree[Token]) -> Iterator[Mapped]:
        for pair in node.children:
            assert isinstance(pair, Tree)
            left, _, right = pair.children
            names = tuple(self._names(left))
            value = self.value(right, frozenset())
            yield Mapped(names, value, span=self._span(pair))

    def _names(self, left: Any) -> Iterator[tree.Name]:
        factors = left.children if left.data == "times" else [left]
        for factor in factors:
            if factor.data == "times":
                yield from self._names(factor)
            elif factor.data == "symbol":
                yield self._name(factor)
            else:
                raise fail(
                    "syntax",
                    "what is mapped is a symbol, or a product of symbols",
                    self._span(factor),
                    "write `h w = n, C = d`, the paper's symbols on the left",
                )

    # Expressions ---------------------------------------------------------------------------

    def value(self, node: Any, bound: frozenset[str], order: bool = False) -> tree.Expression:
        """The expression of any part of a formula."""
        span = self._span(node)

        def inner(part: Any) -> tree.Expression:
            return self.value(part, bound, order)

        match node.data:
            case "number":
                return tree.Number(_number(node.children[0]), span=span)
            case "letter":
                return tree.Name(_plain(node.children[0]), span=span)
            case "symbol":
                return self._symbol(node, bound)
            case "sum":
                first, *rest = node.children
                pairs = zip(rest[::2], rest[1::2], strict=True)
                return tree.Sum(
                    inner(first), tuple(("+" if s == "+" else "-", inner(p)) for s, p in pairs),
                    span=span,
                )  # fmt: skip
            case "negative":
                return tree.Negative(inner(node.children[-1]), span=span)
            case "times" | "over":
                return self._product(node, bound, order)
            case "raised":
                base, exponent = map(inner, node.children)
                return tree.Power(base, exponent, span=span)
            case "floor" | "ceil" | "most" | "root":
                name = {"most": str(node.children[0])[1:], "root": "sqrt"}.get(node.data, node.data)
                parts = [child for child in node.children if isinstance(child, Tree)]
                return self._call(name, list(map(inner, parts)), span)
            case "log" | "open_log":
                return self._log(list(map(inner, node.children)), span, order)
            case "big_sum":
                return self._big_sum(node, bound, order)
            case "denied":
                return tree.Not(inner(node.children[0]), span=span)
            case "any":
                return tree.AnyOf(tuple(map(inner, node.children)), span=span)
            case "all":
                return tree.AllOf(tuple(map(inner, node.children)), span=span)
            case "relation":
                return self._comparison(node, inner)
        raise TypeError(f"no expression for {node.data}")

    def _product(self, node: Any, bound: frozenset[str], order: bool) -> tree.Expression:
        """Factors from left to right, however many."""
        span, rest = self._span(node), []
        while node.data in ("times", "over"):
            sign = "*" if node.data == "times" else "/"
            node, last = node.children
            rest.append((sign, self.value(last, bound, order)))
        first = self.value(node, bound, order)
        return tree.Product(first, tuple(reversed(rest)), span=span)

    def _comparison(self, node: Any, inner: Any) -> tree.Expression:
        parts = [inner(child) for child in node.children if isinstance(child, Tree)]
        signs = [child for child in node.children if isinstance(child, Token)]
        found = []
        for sign, (left, right) in zip(signs, pairwise(parts), strict=True):
            span = left.span.to(right.span)
            found.append(tree.Comparison(left, RELATIONS[sign], right, span=span))
        return found[0] if len(found) == 1 else tree.AllOf(tuple(found), span=self._span(node))

    def _call(self, name: str, arguments: list[tree.Expression], span: Span) -> tree.Call:
        given = tuple(tree.Argument(None, part, span=part.span) for part in arguments)
        return tree.Call(tree.Name(name, span=span), given, span=span)

    def _log(self, parts: list[tree.Expression], span: Span, order: bool) -> tree.Call:
        if len(parts) == 1 and not order:
            raise fail(
                "syntax", "this logarithm has no base", span, "write it: `\\log_2(n)`",
                "without a base it can stand in an order alone, as in `O(n \\log n)`",
            )  # fmt: skip
        base = tree.Number(Fraction(2), span=span) if len(parts) == 1 else parts[0]
        return self._call("log", [parts[-1], base], span)

    def _big_sum(self, node: Any, bound: frozenset[str], order: bool) -> tree.Call:
        symbol, _, first, last, body = node.children
        index = self._name(symbol)
        bounds = [self.value(part, bound, order) for part in (first, last)]
        term = self.value(body, bound | {index.name}, order)
        return self._call("sum", [index, *bounds, term], self._span(node))

    # Symbols -------------------------------------------------------------------------------

    def _symbol(self, node: Any, bound: frozenset[str]) -> tree.Name | tree.Index:
        """A symbol; the index of a sum around it takes an element of a list."""
        stem, *below = node.children
        pieces = [_plain(piece) for piece in below[0].children] if below else []
        if not pieces or pieces[0] not in bound:
            return self._name(node)
        span = self._span(below[0])
        at: tree.Expression = tree.Name(pieces[0], span=span)
        if len(pieces) > 1:
            offset = "".join(pieces[2:])
            if pieces[1] not in "+-" or not offset.isdigit():
                raise self._no_index(below[0])
            number = tree.Number(Fraction(offset), span=span)
            at = tree.Sum(at, ((pieces[1], number),), span=span)
        name = tree.Name(_stem(stem), span=self._span(stem))
        return tree.Index(name, (at,), span=self._span(node))

    def _name(self, node: Any) -> tree.Name:
        """A symbol as one name, its index behind an underscore: `d_model`."""
        stem, *below = node.children
        parts = [_stem(stem)]
        if below:
            pieces = [_plain(piece) for piece in below[0].children]
            parts += "".join(pieces).split(",")
        return tree.Name("_".join(parts), span=self._span(node))

    def _no_index(self, node: Any) -> ClosedformError:
        return fail(
            "syntax",
            "this index is of no sum around it",
            self._span(node),
            "an index is a word, or that of a sum with a number added: `D_{s-1}`",
        )

    # Places --------------------------------------------------------------------------------

    def _span(self, node: Any) -> Span:
        return Span(self.source, node.meta.start_pos, node.meta.end_pos)

    def _of_token(self, token: Token) -> Span:
        return Span(self.source, token.start_pos or 0, token.end_pos or 0)


def _number(token: Token) -> Fraction:
    """A number with its separators, or with decimals, exactly."""
    return Fraction(token.replace("{,}", "").replace("\\,", ""))


def _stem(node: Tree[Token]) -> str:
    return "".join(_plain(child) for child in node.children)


def _plain(token: Any) -> str:
    """A word or letter as a name has it: `\\alpha` is alpha, `\\mathrm{d}` is d."""
    if token.type == "TEXT":
        return re.sub(r"\\[A-Za-z]+|[{}\\]", "", token).strip()
    return str(token).removeprefix("\\")
