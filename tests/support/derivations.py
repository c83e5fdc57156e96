"""Puts numbers into derivations: an evaluator of written formulas, and random sizes that fit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Expr, Integer

from closedform import formula as w
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.symbolic.atoms import Divides, Gcd


def random_sizes(derivation: Derivation, seed: int, tries: int = 400) -> dict[Expr, Expr]:
    """A number for every size such that every fact of the derivation holds."""
    rng = random.Random(seed)
    known = derivation.known
    symbols = sorted(
        {s for family in derivation.symbols.values() for s in family}
        | set(known.base(_all(derivation)).free_symbols)
        | {s for fact in derivation.facts for s in fact.condition.free_symbols}
        - set(known.definitions),
        key=str,
    )
    facts = [fact.condition.xreplace(known.definitions) for fact in derivation.facts]
    facts += [sympy.Or(sympy.Not(case), size >= 1) for size, case in derivation.positive]
    for _ in range(tries):
        values: dict[Expr, Expr] = {s: Integer(rng.randint(1, 9)) for s in symbols}
        for _ in range(8):
            _repair(facts, values, rng)
        if all(_holds(fact, values) for fact in facts):
            return values
    raise AssertionError(f"no sizes found for {facts}")


def _all(derivation: Derivation) -> Expr:
    """Something that has every symbol of the counts, and of what is around them, in it."""
    from closedform.derive.cost.tree import Steps, nodes, symbols_in

    found = symbols_in(derivation.root)
    for node in nodes(derivation.root):
        for name in ("times", "count", "of", "first", "last", "condition"):
            found |= getattr(getattr(node, name, None), "free_symbols", set())
    found -= {node.index for node in nodes(derivation.root) if isinstance(node, Steps)}
    return sympy.Add(*found)


def _holds(fact: Any, values: dict[Expr, Expr]) -> bool:
    """Whether a fact holds; it does not where it divides by zero."""
    try:
        return fact.xreplace(values).doit() in (True, sympy.true)
    except TypeError:  # SymPy compares no NaN
        return False


def _repair(facts: list[Any], values: dict[Expr, Expr], rng: random.Random) -> None:
    """Change a symbol of each fact that does not hold."""
    for fact in facts:
        if _holds(fact, values):
            continue
        free = sorted(fact.free_symbols, key=str)
        if isinstance(fact, Divides) and fact.args[1].is_Symbol:
            values[fact.args[1]] = fact.args[0].xreplace(values) * rng.randint(1, 4)
        elif free:
            values[rng.choice(free)] = Integer(rng.randint(1, rng.choice((4, 40, 900))))


def number(expr: Any) -> Any:
    """An expression without symbols as a number, sums added up."""

    def added(term: Expr, *limits: Any) -> Expr:
        ((index, first, last),) = limits
        return sympy.Add(*(term.xreplace({index: k}) for k in range(first, last + 1)))

    value = expr.replace(sympy.Sum, added).doit() if isinstance(expr, Expr) else expr.doit()
    return sympy.nsimplify(value) if value.is_number and not value.is_Rational else value


@dataclass
class Evaluator:
    """Evaluates what is printed: symbols by their names and indices, costs by their formulas."""

    sizes: Mapping[tuple[str, str | None], Expr]
    costs: dict[tuple[str, str | None], Callable[[Evaluator, str | None], Any]]
    indices: dict[str, int] = field(default_factory=dict)

    def __call__(self, node: w.Written) -> Any:
        match node:
            case w.Number():
                return Integer(node.value)
            case w.Symbol():
                return self._symbol(node)
            case w.Sum():
                return sympy.Add(*map(self, node.terms))
            case w.Product():
                return sympy.Mul(*map(self, node.factors))
            case w.Fraction():
                return self(node.numerator) / self(node.denominator)
            case w.Power():
                return self(node.base) ** self(node.exponent)
            case w.Function():
                return self._function(node)
            case w.Condition():
                return self._condition(node)
            case w.Indicator():
                return Integer(bool(self(node.condition)))
            case w.Braced():
                return self(node.body)
            case w.BigSum():
                first, last = int(self(node.first)), int(self(node.last))
                return sympy.Add(
                    *(self.inside(node.index, at)(node.body) for at in range(first, last + 1))
                )
        raise TypeError(type(node).__name__)

    def inside(self, index: str, value: int) -> Evaluator:
        return Evaluator(self.sizes, self.costs, {**self.indices, index: value})

    def _symbol(self, node: w.Symbol) -> Any:
        if node.index is None:
            if node.name in self.indices:
                return Integer(self.indices[node.name])
            return self.sizes[node.name, None]
        index = node.index.split("+")[0].split("-")[0]
        if index in self.indices:
            at = self.indices[index] + int(node.index[len(index) :] or 0)
            return self.sizes[node.name, str(at)]
        return self.sizes[node.name, node.index]

    def _function(self, node: w.Function) -> Any:
        if node.name == "size" or node.name.startswith("axis_"):
            raise KeyError(node.name)
        first = node.arguments[0]
        if isinstance(first, w.Symbol):
            for key in ((first.name, first.index), (first.name, None)):
                if key in self.costs:
                    return self.costs[key](self, first.index)
        values = [self(argument) for argument in node.arguments]
        functions: dict[str, Any] = {
            "": lambda a: a, "floor": sympy.floor, "ceil": sympy.ceiling, "min": sympy.Min,
            "max": sympy.Max, "gcd": Gcd, "sqrt": sympy.sqrt,
            "log": lambda a, b: sympy.log(a) / sympy.log(b),
        }  # fmt: skip
        return functions[node.name](*values)

    def _condition(self, node: w.Condition) -> bool:
        values = [self(part) for part in node.parts]
        pairs: dict[str, Callable[[Any, Any], Any]] = {
            "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
            "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
            "|": lambda a, b: b % a == 0,
        }  # fmt: skip
        match node.operator:
            case "not":
                return not values[0]
            case "and":
                return all(values)
            case "or":
                return any(values)
        return bool(pairs[node.operator](*values))
