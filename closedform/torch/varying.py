"""At which sizes a factory is traced, so that formulas for its sizes can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from math import gcd
from random import Random

from closedform.errors import ClosedformError
from closedform.torch.trace import Trace

MIXED, HELD = 2, 5  # random traces that are fitted, and that are held out
TRIES = 40
DRAWS = 2_000  # of random sizes, until those divide each other that always did


def traces(
    trace: Callable[[Mapping[str, int]], Trace], vary: Mapping[str, tuple[int, ...]]
) -> tuple[Trace, ...]:
    """Traces at the first values, at each other value by itself, and at random values: some of
    which are held out, for trying what the others say. Only these may be smaller than all values,
    where a factory may leave out what it repeats elsewhere."""
    base = {name: values[0] for name, values in vary.items()}
    found = [trace(base)]
    for name, values in vary.items():
        found += [trace({**base, name: value}) for value in values[1:]]
    if not any(len(values) > 1 for values in vary.values()):
        return tuple(found)
    fitted, held = _random(vary, False), _random(vary, True)
    seen = [dict(one.given) for one in found]
    for number in range(MIXED + HELD):
        for _ in range(TRIES):
            point = next(fitted if number < MIXED else held)
            if point in seen:
                continue
            try:
                made = trace(point)
            except ClosedformError:
                continue  # sizes that do not go together, as heads that do not divide a width
            seen.append(point)
            found.append(replace(made, held=number >= MIXED))
            break
    return tuple(found)


def _random(vary: Mapping[str, tuple[int, ...]], smaller: bool) -> Iterator[dict[str, int]]:
    """Random sizes about as large as those that are given, in steps of what divides these.

    If some draws give that, a size that divides another wherever sizes are given, as a patch its
    image, does so here too (who wants a formula for other sizes gives some), and those that may be
    smaller all differ from the first that are given.
    """
    random = Random(repr((sorted(vary.items()), smaller)))
    related = _related(vary)
    while True:
        for _ in range(DRAWS):
            point = {}
            for name, values in vary.items():
                step = gcd(*values) if len(values) > 1 else values[0]
                top = max(2, 3 * max(values) // (2 * step))
                low = max(1, min(values) // (2 * step)) if smaller else min(values) // step
                point[name] = values[0] if len(values) == 1 else step * random.randint(low, top)
            other = all(point[name] != first for name, (first, *more) in vary.items() if more)
            if all(point[large] % point[small] == 0 for small, large in related) and (
                other or not smaller
            ):
                break
        yield point


def _related(vary: Mapping[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    """The pairs of sizes of which one divides the other at all values that are given."""
    return [
        (small, large)
        for small, large in permutations(vary, 2)
        if all(v % vary[small][0] == 0 for v in vary[large])
        and all(vary[large][0] % v == 0 for v in vary[small])
    ]
