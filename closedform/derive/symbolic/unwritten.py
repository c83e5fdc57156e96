"""A cost that is not written out for all sizes: a function of sizes that has a value at numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr

from closedform.errors import fail

Find = Callable[[Sequence[Expr]], Expr]


class Way(sympy.Atom):  # type: ignore[misc]  # SymPy has no types
    """How such a cost is found where its sizes have numbers; each way is one of its own."""

    def __new__(cls, find: Find) -> Way:
        way: Way = super().__new__(cls)
        way.find = find
        return way

    find: Find

    def _hashable_content(self) -> tuple[Any, ...]:
        return (id(self.find),)


class Alive(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """`Alive(way, I, D)`: the most elements that are alive at once, which its way finds at numbers.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> found = 4 * Alive(Way(lambda sizes: max(sizes)), a, b)
    >>> found, found.subs(a, 3), found.subs({a: 3, b: 5})
    (4*alive(a, b), 4*alive(3, b), 20)
    """

    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, way: Way, *sizes: Expr) -> Any:
        return way.find(sizes) if all(size.is_Number for size in sizes) else None

    def _eval_derivative(self, size: Expr) -> Expr:
        message = "how much is alive at once is not written out here, and has no derivative"
        raise fail("reason", message, None, "ask for it at numbers, as at a preset")

    def _sympystr(self, printer: Any) -> str:
        return f"alive({', '.join(map(printer._print, self.args[1:]))})"
