"""The answer to whether two formulas are equal."""

from __future__ import annotations

from closedform.derive.assume.verdict import NotDecided, Proved, Verdict
from closedform.derive.symbolic.wording import say
from closedform.errors import fail


class Answer:
    """Proved, refuted, or not decided; as a condition, whether it was proved.

    >>> from closedform.api import zoo
    >>> vit = zoo("vit")
    >>> vit.flops.equals(2 * vit.macs)
    proved
    >>> vit.flops.equals(3 * vit.macs).word
    'refuted'
    """

    def __init__(self, verdict: Verdict):
        self._verdict = verdict

    @property
    def word(self) -> str:
        """`proved`, `refuted` or `not decided`."""
        return self._verdict.word

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What a proof rests on."""
        facts = self._verdict.facts if isinstance(self._verdict, Proved) else ()
        return tuple(sorted(map(str, facts)))

    def __bool__(self) -> bool:
        """Whether it was proved. Raises ClosedformError where it is not decided."""
        if isinstance(self._verdict, NotDecided):
            raise fail(
                "undecided",
                "it is not decided whether these formulas are equal",
                None,
                "ask with `.equals`, whose answer says so",
                f"tried: {', '.join(self._verdict.tried)}",
            )
        return isinstance(self._verdict, Proved)

    def __repr__(self) -> str:
        match self._verdict:
            case Proved():
                under = ", ".join(self.assumptions)
                return f"proved, where {under}" if under else "proved"
            case NotDecided(tried):
                return f"not decided; tried: {', '.join(tried)}"
            case refuted:
                sizes = ", ".join(f"{say(s)} = {say(v)}" for s, v in refuted.sizes.items())
                values = f"{say(refuted.left)} and {say(refuted.right)}"
                return f"refuted: at {sizes} they are {values}" if sizes else f"refuted: {values}"
