"""Verdicts of claims about small files: what is proved, what it rests on, in how many steps."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
import sympy

from closedform.api import loads
from closedform.cli import run
from closedform.derive.assume.proofs.situation import (
    Fuel,
    OutOfFuelError,
    Situation,
    situation_of,
)
from closedform.derive.assume.verdict import Refuted
from closedform.derive.check.check import Outcome, check
from closedform.derive.check.checked import Checked
from closedform.derive.check.claims import check_claim
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.symbolic.symbols import size_symbol
from closedform.files import read_text
from closedform.render.report.verdicts import verdicts_of
from helpers import call


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


HOLDING = """
dim D

block A(x: [a, d], b):
    return x -> linear(b)

    claim macs == a*d*b
    claim macs + a^2 + b^2 >= macs + 2*a*b
    claim macs*(a - b)^2 >= 0
    claim macs <= a^2*d when b <= a - 6
    claim macs*0 + gcd(D*a, 4*D*b) == D*gcd(4*b, a)
    claim macs*0 + log(a*b^3/D, 2) == log(a, 2) + 3*log(b, 2) - log(D, 2)
    claim macs == 2*a*d when b == 2
    claim macs == a*d*b when D == 2
    claim macs in O(a*d) as a, d grow when b == 2
"""
FAILING = """
block A(x: [a, d], b):
    return x -> linear(b)

    claim macs*0 + (a - b)^2 > 0
    claim macs*(b - a)^3 >= 0
    claim macs <= a^2*d when b <= a + 6
    claim macs*0 + gcd(2*a, 3*b) == 6*gcd(a, b)
    claim macs*0 + log(a + b, 2) == log(a, 2) + log(b, 2)
    claim macs*(a - b)^2 <= 0
    claim macs/(a - b) + 1 >= 1 when a != b
"""


def test_identities_and_factors(tmp_path: Path) -> None:
    """Fails when an identity or the sign of a product is not seen, or a false one is."""
    outcome = checked(tmp_path, HOLDING)
    assert words(outcome) == ["proved"] * 9
    assert words(checked(tmp_path, FAILING)) == ["refuted"] * 7
    rest = [[f"{fact} {fact.why}" for fact in c.facts] for c in outcome.checked]
    when = "a condition of the claim"
    found = [[f"b <= a - 6 {when}"], [], [], [f"b == 2 {when}"], [f"D == 2 {when}"]]
    assert rest == [[], [], [], *found, [f"b == 2 {when}"]]


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


def test_what_is_derived_stands_left_of_what_is_claimed(tmp_path: Path) -> None:
    """Fails when a bound from below that is refuted has its two values the other way round."""
    outcome = checked(
        tmp_path,
        "op f(x: [n], v) -> y: [n]:\n    mac = v\n\n"
        "block A(x: [n], k, m):\n    return x -> f(floor(n/k)*k)\n"
        "    claim macs in Omega(n) as n, k grow\n    claim macs in O(1) as n grow\n",
    )
    values = []
    for found in outcome.checked:
        assert isinstance(found.verdict, Refuted)
        sizes = {symbol.name: int(value) for symbol, value in found.verdict.sizes.items()}
        n, k = sizes["n"], sizes["k"]
        values.append((found.verdict.left == n // k * k, found.verdict.right))
    assert values == [(True, 1000), (True, 1)]


GROWING = """
block A(x: [n, d], b, c):
    return x -> linear(b)

    claim macs in O(n*b) as n grow when b <= n
    claim macs in O(n) as n grow
    claim macs in O(n*c) as n, c grow when c <= n
    claim macs in Theta(b) as b, c grow
"""


def test_what_an_order_holds_fixed(tmp_path: Path) -> None:
    """Fails when what a condition names is held fixed without a word, or a name goes unnoticed."""
    outcome = checked(tmp_path, GROWING)
    assert words(outcome) == ["proved"] * 4
    assert [c.held for c in outcome.checked] == [
        "held fixed: d, b",
        "held fixed: d, b",
        "held fixed: d, b",
        "held fixed: n, d",
    ]
    nowhere = "`c` is not in the formula, nor in the bound"
    assert [c.notes for c in outcome.checked] == [("held fixed: d, b",), (), (), (nowhere,)]
    told = [row["notes"] for row in verdicts_of(outcome)]
    held = [[c.held] for c in outcome.checked]
    assert told == [*held[:3], [nowhere]]


def test_a_claim_whose_sizes_cannot_grow_has_no_verdict(tmp_path: Path) -> None:
    """Fails when it is called not decided, as though more could be found out."""
    claims = [
        "claim macs in O(n) as n grow when n == 3",
        "claim macs in O(n) as n grow when n <= b",
        "claim macs in O(b) as n, b grow when n + b == d",
    ]
    outcome = checked(tmp_path, "\n    ".join([GROWING.partition("    claim")[0], *claims]) + "\n")
    assert outcome.checked == ()
    assert [(d.kind, d.message) for d in outcome.errors] == [
        ("claim", "`n` cannot grow here, so that the claim says nothing"),
        ("claim", "`n` cannot grow here, so that the claim says nothing"),
        ("claim", "`b` and `n` cannot grow together here, so that the claim says nothing"),
    ]


def test_conditions_that_are_asked_stand_in_the_answer() -> None:
    """Fails when a formula is refuted under a condition that nobody sees, or it is told twice."""
    block = loads("block A(x: [n, d], b):\n    return x -> linear(b)\n")["A"]
    for claim in ("macs == n*b", "macs in O(n) as n, b grow"):
        asked = repr(block.check(claim, when="d == 3"))
        assert asked.split("\n    ").count("asked when d == 3") == 1
        assert "asked when" not in repr(block.check(f"{claim} when d == 3"))


def test_conditions_that_never_hold_together(tmp_path: Path) -> None:
    """Fails when a claim is refuted at sizes that its conditions leave out: none satisfies them."""
    claims = ["b > n + 1", "b > n"]
    text = "block A(x: [n, d], b):\n    return x -> linear(b)\n\n"
    text += "".join(f"    claim params == 1 when n == b^2, {condition}\n" for condition in claims)
    errors = checked(tmp_path, text).errors
    assert [error.message for error in errors] == [
        "this condition can never hold with the others"
    ] * 2
    assert [error.notes for error in errors] == [("`n == b^2` is a condition of the claim",)] * 2


def test_a_common_divisor_beside_other_terms(tmp_path: Path) -> None:
    """Fails when what two sizes share is taken out only where nothing else is to be proved."""
    text = "block A(x: [n, d], b):\n    return x -> linear(b, bias=false)\n\n"
    text += (
        "    claim params + gcd(2*b, 2*n) + max(0, d - b) == d*b + 2*gcd(n, b) + d - min(d, b)\n"
    )
    assert words(checked(tmp_path, text)) == ["proved"]


SCORES = """
block A(x: [n, d]):
    return einsum("n d, m d -> n m", x, x{causal})

    claim flops == n^2*d
    claim flops == n*(n + 1)*d/2

preset "p": n=2, d=1
    expect flops = 4
    expect flops = 3
"""


def test_a_convention_of_masks_is_named_where_something_is_masked(tmp_path: Path) -> None:
    """Fails when a claim that is refuted is said to hold under `causal` without a mask."""
    for causal, told in (("", []), (', causal="n m"', ["macs under causal"] * 2)):
        text = SCORES.format(causal=causal).replace("block", "model").replace("[n, d]", "[n, d]")
        outcome = checked(tmp_path, f"dim n, d\n{text}")
        notes = [note for wrong in outcome.wrong for note in wrong.notes]
        named = [note for note in notes if note.startswith(("it holds for", "that is"))]
        assert [
            n.split(": ")[0].split("for ")[-1].split("that is ")[-1] for n in named if "causal" in n
        ] == told


def test_a_size_that_a_condition_defines_is_told(tmp_path: Path) -> None:
    """Fails when sizes that refute a claim leave out what its condition is about."""
    text = "block A(x: [n, d], side, b):\n    return x -> linear(d)\n\n"
    text += "    claim macs == d^2 when n == side^2\n"
    text += "    claim params == 4*d^2 when d == 2*b, b == side + 1\n"
    first, second = (c.verdict for c in checked(tmp_path, text).checked)
    assert isinstance(first, Refuted)
    assert isinstance(second, Refuted)
    assert {str(s): int(v) for s, v in first.sizes.items()} == {"d": 1, "n": 4, "side": 2}
    assert {str(s): int(v) for s, v in second.sizes.items()} == {"b": 2, "d": 4, "side": 1}


TWO = """
block A(x: [n, d]):
    return x -> linear(d)

    claim macs == n*d^2 when n > 2
    claim params == d^2 + d
"""


def test_a_verdict_is_told_as_soon_as_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when `check -v` is silent until all claims are decided, or tells them out of order."""
    (tmp_path / "a.arch").write_text(TWO)
    monkeypatch.chdir(tmp_path)
    out, seen = io.StringIO(), []

    def decided(*arguments: Any) -> Checked:
        seen.append(out.getvalue())
        return check_claim(*arguments)

    monkeypatch.setattr("closedform.derive.check.check.check_claim", decided)
    with contextlib.redirect_stdout(out):
        assert run(["check", "-v", "a.arch"]) == 0
    first = (
        "a.arch:5:5: proved: claim macs == n*d^2 when n > 2\n"
        "    n > 2: a condition of the claim (a.arch:5:30)\n"
    )
    second = "a.arch:6:5: proved: claim params == d^2 + d\n"
    assert seen == ["", first]
    assert out.getvalue() == f"{first}{second}a.arch: 2 expectations and claims hold\n"


UNDEFINED = ["`y` is not defined", "a size is declared with `dim y`, an operation with `op`"]


@pytest.mark.parametrize(
    ("text", "line", "place", "notes"),
    [
        (
            "dim D\n\nassume D >> 2\n",
            3,
            ">",
            ["`>` is not expected here", "expected an expression"],
        ),
        ("block A(x: [n]):\n    return y\n", 2, "y", UNDEFINED),
        (None, None, "", ["`a.arch` cannot be read: No such file or directory"]),
    ],
)
def test_an_error_for_a_program(
    tmp_path: Path, text: str | None, line: int | None, place: str, notes: list[str]
) -> None:
    """Fails when the rows of a file that is wrong look like those of one without claims."""
    if text is not None:
        (tmp_path / "a.arch").write_text(text)
    result = call("check", "a.arch", "--to", "json", folder=tmp_path)
    assert result.code == (3 if text is None else 1)
    (row,) = json.loads(result.out)
    assert (row["file"], row["line"], row["text"]) == ("a.arch", line, place)
    assert (row["verdict"], row["notes"]) == ("error", notes)


def test_a_sum_has_an_expression_as_its_body(tmp_path: Path) -> None:
    """Fails when SymPy asks a number of Python for its sign, as the body of a sum."""
    text = (
        "dim a, b, c\nblock B(x: [c, b]):\n    return x -> linear(a, bias=false)\n"
        "    claim params >= min(b, sum(i, 1, a, ceil(5/i)))\n"
        "    claim params/c > min(b, sum(i, 1, a, ceil(5/i)))\n"
    )
    assert words(checked(tmp_path, text)) == ["not decided", "refuted"]
