"""Traces that are made by hand, and changed at random: each is read, or one clear error."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest
from test_importing import TRACES, text_of

from helpers import call

COUNT, FEW = 300, 12

NONSENSE: list[Any] = [
    None, True, -1, 0, 1, 2**70, 10**400, 1.5, float("nan"), float("-inf"), "", "x", "aten.linear",
    "__import__('os').system('x')", '"""', "a\nmodel M(x: [1]):\n    return x", "\ud800", [], {},
    {"of": "x"}, {"of": 1}, [[]], [-1], [10**30], "a" * 5000, [[1, 2], [3]],
]  # fmt: skip


def spoiled(text: str, r: Random) -> str:
    """A trace with up to four changes, most of them in its operations."""
    data = json.loads(text)
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        path: list[Any] = []
        if r.random() < 0.9:
            path = ["traces", 0]
            if r.random() < 0.7:
                path += ["operations", r.randrange(10**6)]
        _change(data, path, r)
    made = json.dumps(data)
    return made[: r.randrange(len(made))] if r.random() < 0.05 else made


def _change(data: Any, path: list[Any], r: Random) -> None:
    """One change below a place, or above it where that is no more."""
    outer, key = data, "traces"
    here = data
    while isinstance(here, dict | list) and here and (path or r.random() < 0.85):
        if path and isinstance(here, dict) and path[0] in here:
            key = path.pop(0)
        elif path and isinstance(here, list) and isinstance(path[0], int):
            key = path.pop(0) % len(here)
        else:
            path.clear()
            key = r.choice(list(here)) if isinstance(here, dict) else r.randrange(len(here))
        outer, here = here, here[key]
    if not isinstance(outer, dict | list) or (isinstance(outer, dict) and key not in outer):
        return
    match r.randrange(10):
        case 0 | 1 | 2 | 3:
            outer[key] = r.choice(NONSENSE)
        case 4 | 5:
            del outer[key]
        case 6 if isinstance(outer, list):
            outer.insert(key, json.loads(json.dumps(here)))
        case 7 if isinstance(outer, list):
            other = r.randrange(len(outer))
            outer[other], outer[key] = outer[key], outer[other]
        case 8 if isinstance(here, str):
            outer[key] = here[::-1]
        case _ if type(here) is int:
            outer[key] = here + r.choice([-1, 1, 7])
        case _:
            outer[key] = r.choice(NONSENSE)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """What texts among the nonsense would call, were they carried out, fails."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise SystemError("a trace was carried out")

    for of, name in ((os, "system"), (subprocess, "Popen")):
        monkeypatch.setattr(of, name, refuse)


@pytest.mark.parametrize("count", [FEW, pytest.param(COUNT, marks=pytest.mark.slow)])
@pytest.mark.parametrize("command", ["import", "verify"])
def test_a_trace_that_is_spoiled(
    command: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when nonsense ends in a traceback, is called a mistake of ours, or is carried out."""
    arguments = ["import", "bad.trace.json"]
    if command == "verify":
        (tmp_path / "vit.arch").write_text((TRACES / "vit.arch").read_text("utf-8"), "utf-8")
        arguments = ["verify", "vit.arch", "--against", "bad.trace.json"]
    text, refused = text_of("vit"), 0
    (tmp_path / "bad.trace.json").write_text(text, "utf-8")
    assert call(*arguments, folder=tmp_path).code == 0  # loads what is loaded late
    forbid(monkeypatch)
    for seed in range(count):
        bad = spoiled(text, Random(seed))
        (tmp_path / "bad.trace.json").write_text(bad, "utf-8")
        ran = call(*arguments, folder=tmp_path)
        if ran.code == 0:
            assert ran.err == "", seed
            continue
        refused += 1
        assert (seed, ran.code in (1, 2)) == (seed, True), ran.err
        assert (seed, ran.err.count("error[")) == (seed, 1), ran.err
        assert ran.err.startswith("error["), (seed, ran.err)
        assert len(ran.err) < 2_500, (seed, ran.err)
    assert count // 2 < refused
    assert refused < count or count == FEW
