"""The answer to a claim of a paper."""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr

from closedform.derive.assume.verdict import NotDecided, Refuted
from closedform.derive.symbolic.wording import say
from closedform.explore.answer import Answer
from closedform.reason.claims import Answered


class Claim(Answer):
    r"""Whether a formula of a paper is right: proved, refuted with what explains it, or open.

    >>> from closedform.api import zoo
    >>> attention = zoo("vit")["SelfAttention"]
    >>> attention.check(r"4hwC^2 + 2(hw)^2C", measure="macs", where="h w = n, C = d")
    proved, where heads | d
    >>> wrong = attention.check(r"2(hw)^2C", measure="macs", where="h w = n, C = d")
    >>> bool(wrong), wrong.difference, wrong.reasons
    (False, '4 n d^2', ('it holds without linear (4 n d^2)',))
    """

    def __init__(self, answered: Answered):
        super().__init__(answered.checked.verdict)
        self._answered = answered

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the formula and the proof rest on."""
        return tuple(sorted(map(str, self._answered.checked.facts)))

    @property
    def derived(self) -> str:
        """The formula that was derived."""
        return self._answered.checked.sides().derived

    @property
    def claimed(self) -> str:
        """The formula that is claimed, in the sizes of the file."""
        return self._answered.checked.sides().claimed

    @property
    def difference(self) -> str:
        """What was derived minus what is claimed, in factors; nothing for an order."""
        return self._answered.checked.sides().difference

    @property
    def sizes(self) -> dict[str, int | Fraction]:
        """The smallest sizes at which a refuted formula is wrong."""
        return {say(symbol): _number(value) for symbol, value in self._refuted.sizes.items()}

    @property
    def values(self) -> tuple[int | Fraction, ...]:
        """What is derived and what is claimed at those sizes; nothing for what is not refuted."""
        both = (self._refuted.left, self._refuted.right)
        return tuple(_number(value) for value in both if value is not None)

    @property
    def _refuted(self) -> Refuted:
        verdict = self._verdict
        return verdict if isinstance(verdict, Refuted) else Refuted()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Readings under which a refuted formula would hold."""
        return self._answered.reasons

    def __repr__(self) -> str:
        wrong = self._answered.checked.diagnostic
        if wrong is None or isinstance(self._verdict, NotDecided):
            return super().__repr__()
        return "\n    ".join([f"refuted: {wrong.message}", *wrong.notes])


def _number(value: Expr) -> int | Fraction:
    found = Fraction(int(value.p), int(value.q))
    return found.numerator if found.denominator == 1 else found
