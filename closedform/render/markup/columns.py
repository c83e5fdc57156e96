"""How columns share a line: each as wide as it needs, and what is too wide shares what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence


def allotted(
    natural: Sequence[float], free: float, least: Callable[[int, float], float]
) -> list[float] | None:
    """The widths of columns in a free width; None where they cannot be broken so far.

    `least(at, wide)` is how wide the column `at` is when it is broken for a width.

    >>> allotted([10, 50, 50], 70, lambda at, wide: 20), allotted([30, 40], 50, lambda at, wide: 30)
    ([10, 30.0, 30.0], None)
    """
    fixed: dict[int, float] = {}
    while True:
        shares = _shared(natural, fixed, free)
        tight = {
            at: wide
            for at in range(len(natural))
            if at not in fixed and shares[at] < natural[at]
            if (wide := least(at, shares[at])) > shares[at]
        }
        if not tight:
            return shares
        fixed.update(tight)
        if sum(fixed.values()) > free or len(fixed) == len(natural):
            return None


def _shared(natural: Sequence[float], fixed: Mapping[int, float], free: float) -> list[float]:
    """Columns that are narrow keep their widths; the others share what is left."""
    found = [fixed.get(at, 0.0) for at in range(len(natural))]
    left = free - sum(found)
    waiting = [at for at in range(len(natural)) if at not in fixed]
    waiting.sort(key=lambda at: natural[at])
    while waiting:
        at = waiting.pop(0)
        found[at] = min(natural[at], max(left, 0.0) / (len(waiting) + 1))
        left -= found[at]
    return found
