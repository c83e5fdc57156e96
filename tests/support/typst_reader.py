"""Reads the math of Typst and evaluates it, exactly; knows nothing of how it is printed.

What is in brackets after `_` and `^` stands by itself; a fraction and a function are no bases of a
power. Factors stand side by side, with `thin` or `dot` between them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from lark import Lark, Token, Transformer, Tree

from latex_reader import GREEK
from plain_reader import Values, value

GRAMMAR = r"""
?start: any
?any: all ("or" all)*
?all: denial ("and" denial)*
?denial: "not" bracket -> denied
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
_dot: "thin" | "dot"
?power: atom
    | atom "^" "(" any ")"
    | "frac" "(" any "," any ")" -> over
    | "log" "_" "(" any ")" bracket -> log
    | MOST "(" any ("," any)* ")" -> function
?atom: NUMBER -> number
    | symbol
    | bracket
    | "[" any "]" -> indicator
    | FENCED "(" any ")" -> function
    | "underbrace" "(" any "," STRING ")" -> braced
?bracket: "(" any ")"
bigsum: "sum" "_" "(" symbol EQUALS sum ")" "^" "(" sum ")" signed
symbol: _word ["_" "(" index ("," index)* ")"]
_word: LETTER | GREEK | STRING
index: _word | NUMBER | _word SIGN NUMBER

RELATION: "<=" | ">=" | "!=" | "divides" | "<" | ">"
EQUALS: "="
MOST: "max" | "min" | "gcd" | "sqrt"
FENCED: "floor" | "ceil"
SIGN: "+" | "-"
NUMBER: /\d+( thin \d{3})*/
LETTER: /[A-Za-z](?![A-Za-z])/
GREEK: /(GREEKS)(?![A-Za-z])/
STRING: /"[^"]*"/
%ignore /\s+/
"""


class Plain(Transformer[Token, Tree[Token]]):
    """A tree with the names and relations that plain text has."""

    def symbol(self, parts: list[Any]) -> Tree[Token]:
        return Tree("name", [Token("NAME", "_".join(_bare(part) for part in parts if part))])

    def index(self, parts: list[Token]) -> str:
        text = "".join(map(_bare, parts))
        return text if len(parts) == 1 else f"({text})"

    def braced(self, parts: list[Any]) -> Any:
        return parts[0]

    def bigsum(self, parts: list[Any]) -> Tree[Token]:
        index, _, *rest = parts
        return Tree("bigsum", [index.children[0], *rest])

    def RELATION(self, sign: Token) -> Token:
        return Token("RELATION", "|" if sign == "divides" else str(sign))


def _bare(part: str) -> str:
    return part.replace('"', "")


@cache
def parser() -> Lark:
    return Lark(GRAMMAR.replace("GREEKS", "|".join(GREEK.split())), parser="lalr")


@lru_cache(maxsize=500)
def parsed(text: str) -> Tree[Token]:
    return Plain().transform(parser().parse(text))


def read(text: str, values: Values) -> Fraction:
    """The value of a formula in Typst."""
    return value(parsed(text), values)
