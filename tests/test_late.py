"""Data classes that are made late are those of the standard library."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, fields, replace
from threading import Barrier
from typing import Any

import pytest

from closedform import late
from closedform.formula import Number, plain

THREADS = 8


def classes(dataclass: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """Classes with what the package asks of data classes."""

    @dataclass(frozen=True, kw_only=True)
    class Base:
        place: int = field(default=0, compare=False, repr=False)

    @dataclass(frozen=True)
    class Told(Base):
        name: str
        parts: list[int] = field(default_factory=list, hash=False)
        last: int = 3

        def told(self) -> str:
            return f"{super().__repr__()}: {self.name}"

    @dataclass
    class Changed:
        """What can be changed."""

        value: int
        twice: int = field(init=False)

        def __post_init__(self) -> None:
            self.twice = 2 * self.value

    return Base, Told, Changed


def said(job: Callable[[], object]) -> str:
    try:
        return repr(job())
    except (TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


def seen(dataclass: Callable[..., Any]) -> list[str]:
    """What can be seen of the classes."""
    base, told, changed = classes(dataclass)
    one, other = told("a"), told("a", [], place=2)
    jobs: list[Callable[[], object]] = [
        lambda: (one, base(), changed(2)),
        lambda: (one == other, one == told("b"), one == base(), changed(1) == changed(1)),
        lambda: hash(one) == hash(other),
        lambda: hash(changed(1)),
        lambda: replace(one, last=4),
        lambda: [(f.name, f.init) for f in (*fields(told), *fields(changed))],
        lambda: (told.__match_args__, told.__doc__, changed.__doc__, told.last),
        lambda: told.parts,
        lambda: setattr(one, "last", 4),
        lambda: delattr(one, "other"),
        lambda: told(),
        lambda: told("a", 1, 2, 3),
        lambda: vars(changed(3)),
    ]
    return [said(job).replace(f"{classes.__name__}.<locals>.", "") for job in jobs]


def test_a_class_that_is_made_late_is_the_same() -> None:
    assert seen(late.dataclass) == seen(dataclasses.dataclass)


def test_what_is_compared_before_any_object_is_made() -> None:
    """Objects can come without `__init__`, from a pickle or a copy."""
    _, told, _ = classes(late.dataclass)
    one, other = (told.__new__(told) for _ in range(2))
    for made in (one, other):
        vars(made).update(name="a", parts=[], last=3, place=0)
    assert one == other
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    assert plain(pickle.loads(pickle.dumps(Number(3)))) == "3"


def test_threads_that_make_the_first_objects_together() -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(20):
            _, told, _ = classes(late.dataclass)
            barrier = Barrier(THREADS)

            def make(told: Any = told, barrier: Barrier = barrier) -> Any:
                barrier.wait()
                return told("a")

            found = [pool.submit(make) for _ in range(THREADS)]
            assert {future.result() for future in found} == {told("a")}
