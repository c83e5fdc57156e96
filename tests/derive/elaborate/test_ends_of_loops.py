"""Loops whose first or last steps differ, held against a walk through every step."""

from __future__ import annotations

import itertools
import random

import pytest

from brute import Run
from check_brute import of_text

HEAD = """\
dim I
dim D
dim L

block Unit(x: [c, h, w], stride=1, out=c):
    y = x -> conv2d(out, kernel=3, stride=stride, padding=1)
    if stride > 1 or c != out:
        x = x -> conv2d(out, kernel=1, stride=stride)
    return x + y

model M(x: [D, I, I]):
    for i in {first}..{last}:
"""
CONDITIONS = (
    *("i == {first}", "i != {first}", "i > {first}", "i <= {first}", "i == {last}", "i < {last}"),
    *("i == {first} and I > 4", "i == {first} or i == {last}", "not (i > {first} or D > 3)"),
    *("i > {first} and i != {last}", "i == {first} + 1", "2*i > 2*{first}", "2 | i"),
)
BODIES = (
    "x = x -> Unit(stride=(2 if {0} else 1))",
    "x = x -> conv2d(2*D if {0} else D, kernel=1)",
    "x = x -> Unit(out=(D if {0} else D + 1))",
    "if {0}:\n            x = x -> maxpool2d(1)\n        x = x -> conv2d(i + 2, kernel=1)",
    "if {0}:\n            x = x -> prelu -> batchnorm",
    "if {0}:\n            x = x -> Unit\n        else:\n            x = x + x -> relu",
    "k = 1 if {0} else 3\n        x = x -> conv2d(D, kernel=k, padding=(k - 1)/2)",
    "for j in 1..L:\n            if j == 1 and {0}:\n                x = x -> batchnorm",
)
BOUNDS = (("1", "L"), ("1", "L - 1"), ("0", "L"), ("2", "L + 1"), ("3", "L"))


def texts() -> list[str]:
    """A program for every body and condition, each with a bound, and a few of two statements."""
    source = random.Random(3)
    found = []
    for body, condition in itertools.product(BODIES, CONDITIONS):
        first, last = source.choice(BOUNDS[:4])
        other = source.choice(BODIES).format(source.choice(CONDITIONS))
        lines = [body.format(condition), *([other] if source.random() < 0.3 else [])]
        text = "".join(f"        {line}\n" for line in lines)
        ends = {"first": first, "last": f"({last})"}
        found.append(HEAD.format(first=first, last=last) + text.format(**ends) + "    return x\n")
    return found


def ended(text: str, seed: int) -> set[str]:
    """How comparisons at sizes of this loop ended; {"refused"} where it has no formula."""
    comparison = of_text(text)
    comparison.counts = ("params", "macs")
    source = random.Random(seed)
    found: set[str] = set()
    for steps in (1, 2, 3, 4):
        sizes = {"L": steps, "I": source.randint(1, 9), "D": source.randint(1, 5)}
        found.add(comparison.check(sizes, 10**7, Run))
    return found


@pytest.mark.slow
def test_loops_agree_with_a_walk_through_them() -> None:
    """Fails when a step that differs is counted as the others, or one of a loop of none."""
    seen = [ended(text, seed) for seed, text in enumerate(texts())]
    assert sum(found == {"equal"} for found in seen) > 0.8 * len(seen)


def test_some_loops_agree_with_a_walk_through_them() -> None:
    """The same of every twenty-fifth loop."""
    seen = [ended(text, seed) for seed, text in enumerate(texts()[::25])]
    assert sum(found == {"equal"} for found in seen) > 0.8 * len(seen)


def test_a_step_that_is_looked_at_has_no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a size has cases while a loop looks for its ends: each `if` would double them."""

    def refuse(value: object) -> None:
        pytest.fail(f"the cases of {value}")

    text = HEAD.format(first=1, last="L") + (
        "        x = x -> Unit(stride=(2 if i == 1 else 1))\n"
        '        x = x -> rearrange("d (i a) (j b) -> (i j) (a b) d", a=2, b=2)\n'
        '        x = x -> rearrange("(i j) (a b) d -> d (i a) (j b)", a=2, i=I/4)\n'
        "    return x\n"
    )
    monkeypatch.setattr("closedform.derive.assume.obligations.cases_of", refuse)
    assert of_text(f"{text}\nassume 4 | I\n").check({"I": 8, "D": 3, "L": 3}, 10**7, Run) == "equal"
