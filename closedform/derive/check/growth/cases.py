"""Cases: what is supposed where an expression has one form in one part of the sizes only."""

from __future__ import annotations

from typing import Any, TypeAlias

from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.check.growth.monomials import Monomial

Key: TypeAlias = Any  # what is asked about: an expression, a condition or monomials, with a word


class Undecided(Exception):
    """The growth of something is not known; the text says of what."""


@dataclass(frozen=True)
class Supposed:
    """One answer to a question, with the conditions and the bounded products that it supposes."""

    answer: Any
    conditions: tuple[Boolean, ...] = ()
    bounded: tuple[Monomial, ...] = ()


class Question(Exception):
    """An expression has one form or another; for any sizes one of the answers is right."""

    def __init__(self, key: Key, answers: list[Supposed]) -> None:
        super().__init__(str(key))
        self.key, self.answers = key, answers


@dataclass(frozen=True)
class Case:
    """Answers that are supposed together."""

    answers: tuple[tuple[Key, Supposed], ...] = ()

    def answer(self, key: Key) -> Supposed | None:
        return next((supposed for asked, supposed in self.answers if asked == key), None)

    def also(self, key: Key, supposed: Supposed) -> Case:
        return Case((*self.answers, (key, supposed)))
