"""Sweeps against the same expression written by hand in NumPy: ratios of speed, and the memory.

    python benchmarks/sweeps.py [ROWS]

Each row times, in turns, a sweep over so many configurations (10 million, if none are given) and
the formula of the file as one writes it in NumPy for whole arrays. It prints how fast the sweep is
beside the handwritten formula (the aim is 0.8 for ViT, 0.5 for the others), how many bytes it takes
beyond its arguments, and that both find the same numbers. "grid" is the outer product of sizes,
"rows" are random configurations; the sweep also checks what the file assumes.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from closedform.api import zoo

RUNS = 3
Columns = dict[str, Any]


def vit(N: Any, D: Any, L: Any, F: Any, P: int = 16, C: int = 1000) -> Any:
    T = N + 1
    return L * (4 * T * D**2 + 2 * T**2 * D + 2 * T * D * F) + 3 * N * P**2 * D + D * C


def pvt(sizes: Columns) -> Any:
    usual = {"P": (4, 2, 2, 2), "D": (64, 128, 320, 512), "R": (8, 4, 2, 1), "E": (8, 8, 4, 4)}
    P, D, R, E = (
        [sizes.get(f"{name}_{s + 1}", numbers[s]) for s in range(4)]
        for name, numbers in usual.items()
    )
    L = [sizes[f"L_{s + 1}"] for s in range(4)]
    m, before, total = sizes["I"], 3, 0
    for s in range(4):
        m = m // P[s]
        n = m**2 + (1 if s == 3 else 0)
        r = m // R[s]
        k = r**2 if s < 3 else n
        reduced = R[s] ** 2 * D[s] ** 2 * r**2 * (R[s] > 1) if s < 3 else 0
        layer = 2 * n * D[s] ** 2 + 2 * k * D[s] ** 2 + 2 * n * k * D[s] + reduced
        total = total + L[s] * (layer + 2 * n * D[s] ** 2 * E[s]) + P[s] ** 2 * before * D[s] * m**2
        before = D[s]
    return total + 1000 * before


def resnet(sizes: Columns) -> Any:
    m, W = -(-sizes["I"] // 2), sizes.get("W", 64)
    total = 147 * W * m**2
    m = -(-m // 2)
    before = W
    for s in range(4):
        w, inner = W * 2**s, m
        m = m if s == 0 else -(-m // 2)
        total = total + w * before * inner**2 + 9 * w**2 * m**2 + 4 * w**2 * m**2
        total = total + 4 * w * before * m**2
        total = total + (sizes[f"L_{s + 1}"] - 1) * 17 * w**2 * m**2
        before = 4 * w
    return total + 1000 * before


def random_columns(count: int) -> dict[str, tuple[Columns, Columns, Columns]]:
    draw = np.random.default_rng(0).integers
    heads = draw(1, 17, count)
    vit_rows = {"N": draw(1, 1025, count), "D": 64 * heads, "L": draw(1, 49, count),
                "H": heads, "F": draw(64, 8193, count)}  # fmt: skip
    stages = {f"L_{s}": draw(1, 37, count) for s in (1, 2, 3, 4)}
    return {
        "vit": vit_rows,
        "pvt": {"I": 32 * draw(2, 33, count), "D_3": 5 * draw(8, 129, count), **stages},
        "resnet": {"I": draw(32, 1025, count), "W": draw(8, 129, count), **stages},
    }


def grid_of(count: int) -> Columns:
    side = round((count / 2000) ** 0.5)
    return {"N": range(1, side + 1), "D": range(64, 64 * side + 1, 64), "L": range(1, 41),
            "H": 4, "F": range(256, 256 * 51, 256)}  # fmt: skip


def outer(sizes: Columns) -> Columns:
    arrays = [np.atleast_1d(np.asarray(values)) for values in sizes.values()]
    return dict(zip(sizes, (a.ravel() for a in np.meshgrid(*arrays, indexing="ij")), strict=True))


def of_vit(rows: Columns) -> Any:
    return vit(rows["N"], rows["D"], rows["L"], rows["F"])


def side_by_side(name: str, sweep: Callable[[], Any], by_hand: Callable[[], Any]) -> None:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for job, found in zip((sweep, by_hand), times, strict=True):
            start = time.perf_counter()
            result = job()
            found.append(time.perf_counter() - start)
            del result
    peaks = []
    for job in (sweep, by_hand):
        tracemalloc.start()
        result = job()
        peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
        del result
    same = bool((sweep()["macs"] == by_hand()).all())
    one, other = map(min, times)
    speed = f"{name:<15}{other / one:>6.2f} x the speed  ({one:.2f} s, by hand {other:.2f} s"
    memory = f"peak {peaks[0]:,.0f} MB, by hand {peaks[1]:,.0f} MB)"
    print(f"{speed}; {memory}  same: {same}", flush=True)


def main(count: int) -> None:
    def of(name: str, **how: Any) -> Callable[[], Any]:
        model = zoo(name)
        return lambda: model.sweep(measures=["macs"], to="numpy", **how)

    grid = grid_of(count)
    side_by_side("vit, grid", of("vit", **grid), lambda: of_vit(outer(grid)))
    columns = random_columns(count)
    unchecked = {name: values for name, values in columns["vit"].items() if name != "H"}
    side_by_side("vit, rows, H=1", of("vit", rows=unchecked, H=1), lambda: of_vit(unchecked))
    for name, rows in columns.items():
        by_hand = {"vit": of_vit, "pvt": pvt, "resnet": resnet}[name]
        side_by_side(f"{name}, rows", of(name, rows=rows), lambda f=by_hand, r=rows: f(r))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10_000_000)
