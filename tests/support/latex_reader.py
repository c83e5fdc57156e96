r"""Reads the LaTeX of a formula and evaluates it, exactly; knows nothing of how it is printed.

What is in braces stands by itself; a fraction and a function are no bases of a power. Factors stand
side by side, with `\,` or `\cdot`; a sum over an index reaches to the end of its product.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from lark import Lark, Token, Transformer, Tree

from plain_reader import Values, value

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)

GRAMMAR = r"""
?start: any
?any: all ("\\lor" all)*
?all: denial ("\\land" denial)*
?denial: "\\lnot" bracket -> denied
    | relation
?relation: sum ((RELATION | EQUALS) sum)*
sum: signed (SIGN product)*
?signed: product
    | "-" product -> negative
?product: chain
    | chain _dot bigsum -> times
    | bigsum
?chain: power
    | chain _dot power -> times
_dot: "\\," | "\\cdot"
?power: atom
    | atom "^" "{" any "}"
    | "\\frac" "{" any "}" "{" any "}" -> over
    | "\\log" "_" "{" any "}" bracket -> log
    | MOST _left any ("," any)* _right -> function
    | SQRT "{" any "}" -> function
?atom: NUMBER -> number
    | symbol
    | bracket
    | "\\underbrace" "{" lines "}" _LABEL -> braced
    | _begin "[" any _end "]" -> indicator
    | _begin FLOOR any _end "\\rfloor" -> function
    | _begin CEIL any _end "\\rceil" -> function
?lines: any
    | "\\begin" "{" "aligned" "}" any "\\end" "{" "aligned" "}"
?bracket: _left any _right
_left: _begin "("
_right: _end ")"
_begin: "\\left" | "\\bigl"
_end: "\\right" | "\\bigr"
bigsum: "\\sum" "_" "{" symbol EQUALS sum "}" "^" "{" sum "}" signed
symbol: _word ["_" "{" index ("," index)* "}"]
_word: LETTER | GREEK | "\\mathrm" "{" WORD "}" | "\\text" "{" WORD "}"
index: _word | NUMBER | _word SIGN NUMBER

RELATION: "\\le" | "\\ge" | "\\neq" | "\\mid" | "<" | ">"
EQUALS: "="
MOST: "\\max" | "\\min" | "\\gcd"
SQRT: "\\sqrt"
FLOOR: "\\lfloor"
CEIL: "\\lceil"
SIGN: "+" | "-"
_LABEL: /_\{\\(mathrm|text)\{(\w|\\_)+\}\}/
NUMBER: /\d+(\\,\d{3})*/
LETTER: /[^\W\d_]/
GREEK: /\\(GREEKS)(?![A-Za-z])/
WORD: /[^\W_]+/
%ignore /\s+|\\quad|\\\\\s*&?|&|\{\}/
"""


FENCES = {r"\lfloor": "floor", r"\lceil": "ceil"}


class Plain(Transformer[Token, Tree[Token]]):
    """A tree with the names and functions that plain text has."""

    def symbol(self, parts: list[Any]) -> Tree[Token]:
        return Tree(
            "name", [Token("NAME", "_".join(str(p).removeprefix("\\") for p in parts if p))]
        )

    def index(self, parts: list[Token]) -> str:
        text = "".join(part.removeprefix("\\") for part in parts)
        return text if len(parts) == 1 else f"({text})"

    def function(self, parts: list[Any]) -> Tree[Token]:
        name, *arguments = parts
        return Tree("function", [Token("FUNCTION", FENCES.get(name, name)), *arguments])

    def braced(self, parts: list[Any]) -> Any:
        return parts[0]

    def bigsum(self, parts: list[Any]) -> Tree[Token]:
        index, _, *rest = parts
        return Tree("bigsum", [index.children[0], *rest])


@cache
def parser() -> Lark:
    return Lark(GRAMMAR.replace("GREEKS", "|".join(GREEK.split())), parser="lalr")


@lru_cache(maxsize=500)
def parsed(text: str) -> Tree[Token]:
    return Plain().transform(parser().parse(text))


def read(text: str, values: Values) -> Fraction:
    """The value of a formula in LaTeX, on one line or on several."""
    return value(parsed(text), values)
