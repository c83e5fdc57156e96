"""The data classes of the package are those of the standard library, made without compiling."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field, fields, replace
from typing import Any

import pytest

from closedform import data
from closedform.formula import Number, plain


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


def refused(*_: object) -> None:
    raise AssertionError


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
        lambda: (told.__match_args__, changed.__doc__, told.last),
        lambda: told.parts,
        lambda: setattr(one, "last", 4),
        lambda: delattr(one, "other"),
        lambda: vars(changed(3)),
    ]
    return [said(job).replace(f"{classes.__name__}.<locals>.", "") for job in jobs]


def test_a_class_is_the_same() -> None:
    assert seen(data.dataclass) == seen(dataclasses.dataclass)


def test_values_that_do_not_fit() -> None:
    _, told, changed = classes(data.dataclass)
    jobs: list[Callable[[], object]] = [
        lambda: told(),
        lambda: told("a", [], 2, 3),
        lambda: told("a", name="b"),
        lambda: told("a", las=3, plac=4),
        lambda: changed(1, 2),
        lambda: changed(1, twice=2),
    ]
    assert [said(job).replace(f"{classes.__name__}.<locals>.", "") for job in jobs] == [
        "TypeError: Told() needs a value for 'name'",
        "TypeError: Told() takes 3 values and not 4",
        "TypeError: Told() takes no other 'name'",
        "TypeError: Told() takes no other 'las', 'plac'",
        "TypeError: Changed() takes 1 values and not 2",
        "TypeError: Changed() takes no other 'twice'",
    ]


def test_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling took half as long as `import sympy` for the classes of the package together."""
    monkeypatch.setattr(dataclasses, "exec", refused, raising=False)
    with pytest.raises(AssertionError):
        classes(dataclasses.dataclass)
    classes(data.dataclass)


def test_objects_without_init() -> None:
    """Objects can come from a pickle or a copy."""
    _, told, _ = classes(data.dataclass)
    one, other = (told.__new__(told) for _ in range(2))
    for made in (one, other):
        vars(made).update(name="a", parts=[], last=3, place=0)
    assert one == other
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    assert plain(pickle.loads(pickle.dumps(Number(3)))) == "3"
