"""How cost grows: ratios of times taken side by side in one run.

    python benchmarks/growth.py

Each row times a program and a larger one in turns, and prints the ratio of their fastest runs. A
file of twice the length should take about twice the time; a repeat of 10^9 as long as one of 10.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from closedform.api import loads
from closedform.grammar import format_file, parse

RUNS = 5


def layers(count: int) -> str:
    body = "    x = x -> linear(D) -> gelu\n" * count
    return f"dim N\ndim D\n\nmodel M(x: [N, D]):\n{body}    return x\n"


def repeated(times: int) -> str:
    return (
        "dim N\ndim D\n\nmodel M(x: [N, D]):\n"
        f"    repeat {times}:\n        x = x + (x -> layernorm -> linear(D))\n    return x\n"
    )


def stepped(times: int) -> str:
    return (
        "dim N\ndim D\n\nmodel M(x: [N, D]):\n"
        f"    for i in 1..{times}:\n        x = concat(x, x -> linear(8), axis=1)\n    return x\n"
    )


def derive(text: str) -> object:
    return loads(text).macs.expr


def fastest(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The fastest of some runs of each, taken in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for job, found in zip((first, second), times, strict=True):
            start = time.perf_counter()
            job()
            found.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


ROWS: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
    ("parse, file x 2", lambda: parse(layers(500)), lambda: parse(layers(1000))),
    (
        "format, file x 2",
        lambda: format_file(parse(layers(500))),
        lambda: format_file(parse(layers(1000))),
    ),
    ("derive, file x 2", lambda: derive(layers(500)), lambda: derive(layers(1000))),
    ("repeat 10, 10^9", lambda: derive(repeated(10)), lambda: derive(repeated(10**9))),
    ("for 1..300, 1..10^9", lambda: derive(stepped(300)), lambda: derive(stepped(10**9))),
]


if __name__ == "__main__":
    for name, small, large in ROWS:
        one, other = fastest(small, large)
        print(f"{name:<22}{other / one:>6.2f} x  ({one * 1000:.1f} ms, {other * 1000:.1f} ms)")
