"""Whatever an operation may say of its counts is told in a derivation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers import call

PROGRAMS = {
    "a condition as a factor": (
        "dim D\nmodel M(x: [4, D]):\n    return x -> linear(2 == D)\n",
        "MACs(linear) = size(x) out",
        "= (4 D) [2 = D]",
        "= 4 D [D = 2]",
    ),
    "a size of its file": (
        "dim B\nop f(x: [...]) -> y: [...]:\n    mac = B*size(x)\n\n"
        "block G(x: [n]):\n    return x -> f\n",
        "MACs(f) = B size(x)",
        "= n B",
    ),
    "a part with a name": (
        "op f(x: [n, d]) -> y: [n, d]:\n    half = n/2\n    mac = half*d\n\n"
        "block G(x: [n, d]):\n    return x -> f\n",
        "MACs(f) = half d",
        "= (n/2) d",
        "= n d/2",
    ),
    "a part that is taken away": (
        "op f(x: [n, d]) -> y: [n, d]:\n    mac = n^2*d - d*n*(n - 1)/2\n\n"
        "model M(x: [T, D]):\n    return x -> f\n\ndim T\ndim D\n",
        "MACs(f) = n^2 d - d n (n - 1)/2",
        "= T^2 D - D T (T - 1)/2",
        "= T D (T + 1)/2",
    ),
    "what is said of a map": (
        "op f(x: [..., c; ...], border) -> y: [..., c; ...]:\n"
        '    mac = area(x)*sides(x) + c*(border == "wrap")\n\n'
        'block G(x: [c; h, w]):\n    return x -> f("wrap")\n',
        "MACs(f) = area(x) sides(x) + c [border = wrap]",
        "= (h w) * 2 + c [wrap = wrap]",
        "= 2 h w + c",
    ),
    "an axis before the rest": (
        "op f(x: [..., c; ...]) -> y: [..., floor(c/2); ...]:\n    mac = gcd(c, 6)\n\n"
        "block G(x: [n, c; h, w]):\n    return x -> f\n",
        "= floor(c/2)",
        "= floor(c/2)",
        "MACs(f) = gcd(c, 6)",
        "= gcd(6, c)",
    ),
    "a sum": (
        "op f(x: [n], q=3) -> y: [n]:\n    mac = sum(i, 1, n, i*q)\n\n"
        "block G(x: [n]):\n    return x -> f\n",
        "MACs(f) = sum_(i=1..n) i q",
        "= sum_(i=1..n) i * 3",
        "= 3 n (n + 1)/2",
    ),
    "a sum of a list": (
        "op f(x: [n], K[3]) -> y: [n]:\n"
        "    mac = n*sum(j, 1, 3, K[j]^2) + sum(j, 1, 2, K[j + 1])\n\n"
        "dim D\n\nblock G(x: [n]):\n    return x -> f([D, 4, 2*D])\n",
        "MACs(f) = n (sum_(j=1..3) K_j^2) + (sum_(j=1..2) K_(j + 1))",
        "= n (D^2 + 4^2 + (2 D)^2) + 4 + 2 D",
        "= 5 n D^2 + 2 D + 16 n + 4",
    ),
    "a slice": (
        "op f(x: [n, d]) -> y: [n, d]:\n    mac = 3*size(x[0:2])\n\n"
        "block G(x: [n, d]):\n    return x -> f\n",
        "MACs(f) = 3 size(x[0:2])",
        "= 3 (2 d)",
        "= 6 d",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_an_operation_says_is_told(name: str, tmp_path: Path) -> None:
    """Fails when a derivation cannot tell what the elaboration could evaluate."""
    code, *lines = PROGRAMS[name]
    (tmp_path / "f.arch").write_text(code, "utf-8")
    ran = call("derive", "f.arch", "--steps", "--to", "text", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    told = re.findall(r"^    (?:MACs\((?:f|linear)\)|  )(?: = |= ).*$", ran.out, re.M)
    assert [re.sub(r" {4}\(.*", "", line).strip() for line in told][: len(lines)] == lines
