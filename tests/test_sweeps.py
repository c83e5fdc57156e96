"""Sweeps and functions of a formula, against the exact value of every single row."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

from closedform import ClosedformError
from closedform.api import Architecture, Formula, Part, zoo
from closedform.projects import zoo_names

np = pytest.importorskip("numpy", reason="NumPy is not installed: sweeps need it")
pd = pytest.importorskip("pandas", reason="pandas is not installed: sweeps give data frames")


def models(file: Architecture) -> list[Part]:
    return [Part(file._project, entity) for entity in file._project.models()]


def drawn(formula: Formula, count: int, rng: random.Random) -> dict[str, list[Any]]:
    """Random rows of every size of a formula, near its defaults where it has some."""
    from closedform.derive.solve.numbers import size_table

    derivation = formula._closed.derivation
    names = {s.name: s for symbols in size_table(derivation).values() for s in symbols}
    rows: dict[str, list[Any]] = {}
    for name, symbol in sorted(names.items()):
        default = derivation.defaults.get(symbol)
        if default is not None and not default.is_Integer:
            continue
        base = int(default) if default is not None else 64
        usual = [base, 2 * base, base // 2 or 1]
        rows[name] = [
            rng.choice(usual) if rng.random() < 0.95 else rng.randint(1, 2 * base)
            for _ in range(count)
        ]
        if not symbol.is_integer:
            rows[name] = [Fraction(value, rng.choice((1, 2, 4))) for value in rows[name]]
    return rows


def value(formula: Formula, sizes: dict[str, Any]) -> int | None:
    try:
        return formula.at(**sizes)
    except ClosedformError:
        return None


@pytest.mark.parametrize("name", zoo_names())
def test_every_row_has_the_exact_value(name: str) -> None:
    """Fails when a row differs from the value of its sizes alone, or is marked without reason."""
    rng = random.Random(name)
    for part in models(zoo(name)):
        rows = drawn(part.params, 12, rng)
        found = part.sweep(rows=rows, broken="mark", to="numpy")
        for at in range(12):
            sizes = {key: values[at] for key, values in rows.items()}
            expected = [value(part.measure(m), sizes) for m in ("params", "macs")]
            got = [
                None if found[m][at] is np.ma.masked else int(found[m][at])
                for m in ("params", "macs")
            ]
            assert bool(found["holds"][at]) == (None not in expected), sizes
            if None not in expected:
                assert got == expected, sizes
