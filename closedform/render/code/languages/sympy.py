"""SymPy: the expression by constructors, in symbols with their assumptions.

What the abbreviations in it stand for is `where`.
"""

from __future__ import annotations

import sympy
from sympy import Basic, Symbol
from sympy.printing.str import StrPrinter

from closedform.render.code.languages.python import is_reserved
from closedform.render.code.source import Language, Source, spelled

ASSUMED = ("integer", "rational", "real", "positive", "nonnegative")
OURS = ("BigSum", "Bracket", "Divides", "Gcd", "Log")
OF_SYMPY = (
    *("And", "Eq", "Max", "Min", "Ne", "Not", "Or", "Piecewise", "Rational", "Symbol"),
    *("ceiling", "floor", "sqrt"),
)


class Constructors(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """An expression as code that makes it."""

    printmethod = "_constructors"

    def _print_Symbol(self, symbol: Symbol) -> str:
        return _name(symbol)

    def _print_Rational(self, number: sympy.Rational) -> str:
        return f"Rational({number.p}, {number.q})"

    def _call(self, expr: Basic) -> str:
        return f"{type(expr).__name__}({', '.join(map(self._print, expr.args))})"

    _print_Divides = _print_Gcd = _print_Log = _print_Bracket = _print_BigSum = _call
    _print_And = _print_Or = _print_Not = _call

    def _print_Tuple(self, pair: sympy.Tuple) -> str:
        return f"({', '.join(map(self._print, pair.args))})"


def is_taken(name: str) -> bool:
    return is_reserved(name) or name in (*OURS, *OF_SYMPY, "where")


def _name(symbol: Symbol) -> str:
    return spelled(symbol.name, is_taken)


def write(source: Source) -> str:
    expr, spelled_out = source.form.expr, source.form.derivation.known.spelled
    where: dict[Symbol, Basic] = {}
    waiting = [expr]
    while waiting:
        for symbol in sorted(waiting.pop().free_symbols, key=str):
            if symbol in spelled_out and symbol not in where:
                where[symbol] = spelled_out[symbol]
                waiting.append(spelled_out[symbol])
    printer = Constructors({"order": None})
    value = printer.doprint(expr)
    made = {_name(symbol): printer.doprint(meaning) for symbol, meaning in where.items()}
    symbols = set().union(*(e.atoms(Symbol) for e in (expr, *where, *where.values())))
    lines = [f"# {line}" for line in source.says]
    everything = " ".join([value, *made.values()])
    theirs = [name for name in OF_SYMPY if name == "Symbol" or f"{name}(" in everything]
    lines.append(f"from sympy import {', '.join(theirs)}")
    ours = [name for name in OURS if f"{name}(" in everything]
    if ours:
        lines.append(f"from closedform.derive.symbolic.atoms import {', '.join(ours)}")
    lines.append("")
    for symbol in sorted(symbols, key=str):
        assumed = [f"{name}=True" for name in ASSUMED if symbol._assumptions_orig.get(name)]
        lines.append(f"{_name(symbol)} = Symbol({', '.join([repr(symbol.name), *assumed])})")
    lines += ["", f"{source.name} = {value}"]
    pairs = ", ".join(f"{name}: {text}" for name, text in made.items())
    return "\n".join([*lines, f"where = {{{pairs}}}"]) + "\n"


LANGUAGE = Language(write, is_taken)
