"""Training steps of loops, cases and choices equal the tape of the second interpreter."""

from __future__ import annotations

import itertools

import pytest

from check_brute import TRAINED, of_text
from closedform.derive.resolve.library import standard_library
from closedform.grammar import tree
from helpers import TESTS, call

HEAD = """dim N
dim D
dim L >= 0
dim R

"""
# What each program tells apart.
PROGRAMS = {
    "the input of the first round has no gradient": """
model M(x: [N, D]):
    repeat L:
        x = x -> linear(D) -> relu
    return x
""",
    "the result of the last round is not kept": """
model M(x: [N, D]):
    x = x -> linear(D)
    repeat L:
        x = x + (x -> layernorm -> linear(D))
    return x
""",
    "gradients begin after two rounds": """
model M(x: [N, D], y: [N, D], z: [N, D]):
    repeat L + 3:
        x = x*y
        y = z
        z = z + (z -> linear(D))
    return x + y
""",
    "a loop with an index": """
model M(x: [N, D]):
    for i in 1..L:
        x = x -> linear(D*2^i) -> gelu -> linear(D)
    return x -> softmax
""",
    "a loop of stages, and a value that goes around it": """
model M(x: [N, D]):
    y = x -> linear(D)
    for s in 1..3:
        x = (x -> linear(D))*y
    return x
""",
    "cases": """
model M(x: [N, D]):
    y = x -> linear(D)
    if R > 2:
        y = y -> linear(D) -> relu
    return y -> linear(D)
""",
    "frozen, tied and shared weights": """
model M(x: [N, D]):
    x = x -> linear(D, frozen=true) -> gelu
    repeat L + 1 shared:
        x = x -> linear(D)
    return x -> linear(D, frozen=true) -> relu -> linear(D, tied=true)
""",
    "a choice, and weights that do not run": """
model M(x: [N, D]):
    x = x -> linear(D)
    y = x
    choose 2 of 3:
        y = y -> linear(D) -> relu
    choose 0 of 1:
        z = x -> linear(D) -> softmax
    return x + y
""",
    "what does not lead to the result": """
model M(x: [N, D]):
    x = x -> linear(D)
    y = x -> gelu -> linear(D)
    return x -> linear(D)
""",
    "views and copies": """
model M(x: [2, N, 2, D]):
    q = x -> linear(D) -> rearrange("b n h e -> b h n e")
    k = q -> relu
    a = einsum("b h n e, b h m e -> b h n m", q, k)
    y = einsum("b h n m, b h m e -> b h n e", a, q) -> rearrange("b h n e -> b n (h e)")
    p, r = split(y, 2, axis=-1)
    return (p*r -> linear(D)) + p[0]
""",
    "blocks that are carried out again": """
block MLP(x: [n, d], r):
    return x + (x -> layernorm -> linear(r) -> gelu -> dropout -> linear(d))

model M(x: [N, D]):
    x = x -> MLP(R, recompute=true)
    repeat L:
        x = x -> relu -> MLP(R, recompute=true)
    return x -> softmax
""",
    "again in what is carried out again, frozen, and twice": """
block Inner(x: [n, d]):
    return x -> linear(d, frozen=true) -> silu

block Outer(x: [n, d], y: [n, d]):
    z = (x -> Inner(recompute=true))*y
    return z -> linear(d) -> softmax, z

model M(x: [N, D]):
    y = x -> linear(D)
    a, b = Outer(x, y, recompute=true)
    c, d = Outer(b, a)
    repeat L:
        e, _f = Outer(c, x, recompute=true)
        c = c + (e -> layernorm(recompute=true))
    return c*d
""",
    "what nobody trains is not carried out again": """
block Part(x: [n, d]):
    return x -> relu -> linear(d)

model M(x: [N, D]):
    _z = x -> Part(recompute=true)
    x = x -> Part(recompute=true, frozen=true)
    repeat L:
        x = x -> Part(frozen=true, recompute=true) -> Part
    return x -> Part(recompute=true)
""",
    "views of what is carried out again keep the whole of it": """
block Half(x: [n, d]):
    a, _b = split(x -> linear(2*d) -> gelu, 2, axis=-1)
    return a

block Halves(x: [n, d]):
    a, b = split(x -> linear(2*d) -> gelu, 2, axis=-1)
    return a, b

model M(x: [N, D]):
    x = x -> linear(D)
    a, b = Halves(x, recompute=true)
    repeat L:
        x = x*Half(x, recompute=true)
    return (a -> linear(D)) + (b -> linear(D)) + x
""",
    "what is carried out again gives a view, or what it takes": """
block Looped(x: [n, d], often):
    repeat often:
        x, _b = split(x -> linear(2*d) -> gelu, 2, axis=-1)
    return x

block Seen(x: [n, d], often):
    repeat often:
        x = x -> linear(d) -> gelu
    return x[0]

block Either(x: [n, d], often):
    if often > 2:
        x, _b = split(x -> linear(2*d) -> gelu, 2, axis=-1)
    else:
        x = x -> linear(d) -> gelu
    return x

model M(x: [N, D]):
    x = x -> linear(D)
    repeat L:
        x = x*Looped(x, R, recompute=true)
    x = x -> Looped(2, recompute=true) -> linear(D)
    x = x -> Looped(L, recompute=true) -> linear(D)
    x = x*Seen(x, L, recompute=true)
    return x -> Either(L, recompute=true) -> linear(D)
""",
    "one value in two places": """
block Twice(x: [n, d], y: [n, d]):
    return x*y, x

model M(x: [N, D]):
    x = x -> linear(D)
    a, b = Twice(x, x)
    c, d = Twice(a, b)
    return c + d
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_step_is_what_the_tape_says(name: str) -> None:
    comparison = of_text(HEAD + PROGRAMS[name].lstrip())
    ended: set[str] = set()
    for count, size, rank in itertools.product((0, 1, 2, 3, 5), (2, 3), (2, 3)):
        sizes = {"N": size, "D": 2 * size, "L": count, "R": rank}
        walk = comparison.run(sizes, 10_000)
        assert not isinstance(walk, str), walk
        ended |= {comparison.one(title, sizes, walk) for title in TRAINED}
    assert ended == {"equal"}


def test_every_operation_of_the_library_states_its_backward_pass() -> None:
    """Fails when one that takes tensors lacks a gradient, or one with weights that by them."""
    lacking = []
    for name, entity in standard_library().names.items():
        declaration = entity.declaration
        if not isinstance(declaration, tree.Op):
            continue
        stated = {line.by.name for line in declaration.body if isinstance(line, tree.Gradient)}
        counts = {
            target.name
            for line in declaration.body
            if isinstance(line, tree.Assign)
            for target in line.targets
        }
        needed = {p.name.name for p in declaration.parameters if p.shape is not None}
        needed |= {"weight"} if "params" in counts else set()
        lacking += [f"{name}: {of}" for of in sorted(needed - stated)]
    assert lacking == []


PARTS = """
  line  part         times  params of one  training of one     kept of one
  39    embed        1      D V            0                   4 B S D
  41    Layer        L      12 D^2 + 13 D  16 B S D (S + 6 D)  0
  21      Attention  L      4 D^2 + 4 D    16 B S D (S + 2 D)  0
  41    recompute    L      0              0                   4 B S D
  42    layernorm    1      2 D            0                   4 B S (D + 2)
  42    linear       1      0              6 B S D V           0
"""


def test_a_report_has_parts_of_a_training_step_beside_others() -> None:
    asked = ("training.arch", "--of", "Recomputed", "--measure", "params,training,kept")
    ran = call("derive", *asked, "--to", "text", folder=TESTS / "claims")
    assert (ran.code, ran.err) == (0, "")
    assert PARTS in ran.out
