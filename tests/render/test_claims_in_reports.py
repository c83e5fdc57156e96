"""Claims in reports: as they stand in the file, worth what they say, each with its verdict."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from closedform import formula as w
from closedform.derive.check.check import takes_a_block
from closedform.derive.check.claims import claims_of
from closedform.formula.numbers import NoNumberError, Numbers
from closedform.grammar import parse_conditions, tree
from closedform.grammar.expressions import show
from closedform.grammar.stated import stated
from closedform.projects import open_project, report_of
from derivations import number, random_sizes
from helpers import ZOO, call, cases
from helpers import programs as files

STATED = {
    "n == 2*(side + 1)^2 - 3": "n = 2 (side + 1)^2 - 3",
    "n/2*d/(h*w) > -n + (d - 1)": "(n/2) d/(h w) > -n + d - 1",
    "0.25*n - (d - 2) == 0": "(1/4) n - (d - 2) = 0",
    "D[s - 1] | D[2] and not (n < 3 or d != 4)": "D_(s-1) | D_2 and not (n < 3 or d != 4)",
    "max(n, floor(d/2)) == sum(i, 1, n, i^2)": "max(n, floor(d/2)) = sum_(i=1..n) i^2",
    "(3 if n > 1 else 0) == [n > 2]*d": "3 [n > 1] = [n > 2] d",
    "(3 if n > 1 else n if n > d else d) == 1": (
        "3 [n > 1] + (n [n > d] + d [not (n > d)]) [not (n > 1)] = 1"
    ),
}


@pytest.mark.parametrize("text", STATED)
def test_an_expression_stands_as_the_file_has_it(text: str) -> None:
    (condition,) = parse_conditions(text, "<text>")
    assert w.plain(stated(condition)) == STATED[text]


@pytest.mark.parametrize("path", cases(files(ZOO, 20), {"vit", "attention", "pvt", "vgg"}))
def test_claims_are_worth_what_they_say(path: Path) -> None:
    """Fails when the formula of a proved claim has another value than what was derived."""
    project = open_project(str(path))
    for entity in project.parts():
        for claim in [] if takes_a_block(entity) else claims_of(entity):
            left = claim.left if isinstance(claim, tree.ComparisonClaim) else None
            measured = isinstance(left, tree.Name | tree.Measured)
            if not measured or claim.operator != "==":
                continue
            when = ", ".join(map(show, claim.conditions)) or None
            under = project.under(entity, when)
            what = project.measure(left.name, getattr(left, "convention", None))
            form = under.closed(entity, what)
            known = form.derivation.known
            values = random_sizes(form.derivation, 3)
            sizes = {}
            for symbol in [*values, *known.spelled]:
                value = number(known.base(symbol).xreplace(values))
                if value.is_Rational:
                    sizes[symbol.name] = w.Fraction(w.Number(int(value.p)), w.Number(int(value.q)))
            try:
                found = Numbers(sizes).of(stated(claim.right))
            except NoNumberError:
                continue  # it names a measure, or has a logarithm
            derived = number(known.base(form.expr).xreplace(values))
            assert found == Fraction(int(derived.p), int(derived.q)), show(claim.right)


WRONG = (
    "block B(x: [n, d]):\n    return x -> linear(d, bias=false)\n\n"
    '    claim params == d^2  "here"\n    claim params == 2*d^2\n    claim params == d*d\n'
    "    claim macs in O(n^2*d^2) as n, d grow\n"
)


def test_claims_with_their_verdicts(tmp_path: Path) -> None:
    (tmp_path / "b.arch").write_text(WRONG)
    asked = ("derive", "b.arch", "--claims", "--measure", "params", "--to")
    assert (
        "\nClaims\n"
        "  B: params = d^2: proved (here)\n"
        "  B: params = 2 d^2: refuted\n"
        "  B: params = d d: proved\n"
        "  B: MACs in O(n^2 d^2), as n, d grow: proved\n\n"
    ) in call(*asked, "text", folder=tmp_path).out
    macros = call(*asked, "macros", folder=tmp_path).out
    assert macros.splitlines()[4:] == [
        r"\newcommand{\BClaimParams}{d^{2}}",
        r"\newcommand{\BClaimParamsTwo}{d\, d}",
        r"\newcommand{\BClaimMacs}{O(n^{2}\, d^{2})}",
        r"\newcommand{\BClaimMacsAs}{n,\ d}",
    ]
    rows = json.loads(call(*asked, "json", folder=tmp_path).out)["claims"]
    assert rows[0] == {
        "of": "B", "line": 4, "measure": "params", "text": 'claim params == d^2 "here"',
        "latex": r"\mathrm{params} = d^{2}", "when": [], "source": "here", "verdict": "proved",
    }  # fmt: skip
    assert call("derive", "b.arch", folder=tmp_path).out.count("Claims") == 0


def test_a_model_tells_the_claims_of_its_blocks() -> None:
    found = report_of(open_project("pvt"), claims=True, when="I == 224").claims
    assert [(row.of, w.plain(row.statement), row.verdict) for row in found] == [
        ("SRA", "MACs = 3 n d^2 + 2 n d^2/r^2 + 2 n^2 d/r^2", "proved"),
        ("SRA", "params = 4 d^2 + 4 d + (r^2 d^2 + 3 d) [r > 1]", "proved"),
    ]
    assert [tuple(map(w.plain, row.conditions)) for row in found] == [
        ("r > 1", "n = side^2", "r | side"), (),
    ]  # fmt: skip


@pytest.mark.parametrize("to", ["md", "tex", "html"])
def test_claims_in_documents(to: str) -> None:
    plain = call("derive", "attention", "--of", "Linformer", "--to", to).out
    shown = call("derive", "attention", "--of", "Linformer", "--to", to, "--claims").out
    at = shown.index("Linformer, table 1")
    assert "table 1" not in plain
    assert r"\in O(n\, k)" in shown[at - 300 : at + 300] or "<mo>∈</mo>" in shown[at : at + 600]
