"""Verdicts of claims about small files: what is proved, what it rests on, in how many steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy

from closedform.derive.assume.proofs.situation import (
    Fuel,
    OutOfFuelError,
    Situation,
    situation_of,
)
from closedform.derive.check.check import Outcome, check
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.symbolic.symbols import size_symbol
from closedform.files import read_text


def checked(folder: Path, text: str) -> Outcome:
    """What is found in a file of this text."""
    path = folder / "a.arch"
    path.write_text(text)
    return check(Project(Loader(read_text, folder).file(path)))


def words(outcome: Outcome) -> list[str]:
    """The verdicts of a file; nothing else is wrong with it."""
    assert not outcome.errors
    return [c.verdict.word for c in outcome.checked]


STRIDED = """
dim T, C, D, L
{lists}

model Features(x: [1, T]):
    {loop}:
        x = x -> conv1d(C, kernel={kernel}, stride={stride}, bias=false) -> gelu
    x: [_, N]
    x = x -> rearrange("c n -> n c") -> linear(D)
    repeat L:
        a = einsum("n d, m d -> n m", x, x)
        x = x + (einsum("n m, m d -> n d", a, x) -> linear(D))
    return x

    claim macs >= 2*L*N^2*D
    claim macs >= 2*L*N^2*D + 12*L*N*D^2
    claim macs <= 2*L*N^2*D
"""
LISTED = STRIDED.format(
    lists="", loop="for w in [10, 3, 3, 3, 3, 2, 2]", kernel="w", stride="5 if w == 10 else 2"
)
SYMBOLIC = STRIDED.format(
    lists="dim K[2], S[2]", loop="for s in 1..2", kernel="K[s]", stride="S[s]"
)


@pytest.mark.parametrize("text", [LISTED, SYMBOLIC], ids=["listed", "symbolic"])
def test_strided_convolutions(text: str, tmp_path: Path) -> None:
    """Fails when a claim about maps that are rounded seven times is not decided in few steps."""
    assert words(checked(tmp_path, text)) == ["proved", "refuted", "refuted"]


def asked(long: int) -> int:
    """How many questions a proof may ask about a size, beside a fact with so many terms."""
    sizes = [size_symbol(f"n_{i}") for i in range(long)]
    case = Situation(Fuel(200)).supposing(sympy.Ge(sizes[0] - sympy.Add(*sizes[1:]), 2))
    for questions in range(1, 100):
        try:
            case.at_least(sizes[0] - sizes[1] + questions)
        except OutOfFuelError:
            return questions
    raise AssertionError


def test_a_proof_is_bounded_by_what_it_works_on() -> None:
    """Fails when a question about long polynomials takes no more steps than about short ones."""
    assert asked(2) > 2 * asked(16) > 0


def test_what_no_steps_are_left_for_is_not_known() -> None:
    """Fails when conditions that take more steps than there are end with no verdict."""
    n, w = size_symbol("n"), size_symbol("w")
    many = [sympy.Ge(n * w**5 + i, w + 7 * i**2) for i in range(60)]
    situation = situation_of([sympy.Eq(n, 2 * w), *many])
    assert situation.put(n) == 2 * w
    assert 0 < len(situation.facts) < 60
