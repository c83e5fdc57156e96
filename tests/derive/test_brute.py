"""Closed forms equal the counts of a walk through the unrolled model, at every size."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from math import prod
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import closedform
from brute import Run
from brute_modules import Module, Scope
from check_brute import Comparison, Disagreement, of_text, of_zoo, zoo_module
from closedform.derive.cost.tree import operations
from closedform.projects import zoo_names, zoo_path
from helpers import cases
from programs import Program, programs

WORK = 20_000
TRIES = 500
SETTINGS = 3
POOL = (1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 12, 14, 16, 24, 32, 33, 48, 64, 65, 97, 224)
ZOO = zoo_names()


class Forgetful(Run):
    """A run that forgets the work of linear layers, and of random convolutions."""

    without = frozenset({"linear", "conv"})


# The zoo -----------------------------------------------------------------------------------


@cache
def models(name: str) -> list[Comparison]:
    """The models of a file; their closed forms are derived once for all tests."""
    return [of_zoo(name, model) for model in zoo_module(name).models()]


def bindings(comparison: Comparison, title: str) -> dict[str, Any]:
    """The sizes of a preset as the brute force reads them."""
    module, sizes = comparison.module, dict[str, Any]()
    for name, value in module.presets(comparison.model)[title].items():
        sizes[name] = Run(module, sizes).value(value, Scope(module))
    return sizes


@pytest.mark.parametrize("name", cases(ZOO, share=4))
def test_presets_of_the_zoo(name: str) -> None:
    for comparison in models(name):
        for title in comparison.module.presets(comparison.model):
            sizes = bindings(comparison, title)
            walk = comparison.run(sizes, 10**7)
            assert isinstance(walk, Run), f"{title}: {walk}"
            ended = [comparison.one(m, sizes, walk, title) for m in comparison.counts]
            assert set(ended) <= {"equal", "unclear"}, dict(
                zip(comparison.counts, ended, strict=True)
            )


CONVENTIONS = """

convention weighed in FLOPs  "by weights, and by kind":
    mac: 2
    exp, tanh, erf: 1/2
    others: 1
    kind linear:
        mac: 3
    kind elementwise: 2*(add + mul + div)

convention formed on weighed  "by formulas too":
    others: 0
    kind layernorm, batchnorm, softmax: 5*size(x)
    kind conv: mac + size(y)
    kind einsum: 3*mac + mul
    kind rearrange, slice: 1
    kind param: params
"""


@pytest.mark.parametrize("name", cases(ZOO, share=4))
def test_conventions_of_a_file(name: str) -> None:
    """Every file of the zoo under conventions of each sort, at the first preset of each model."""
    path = zoo_path(name)
    text = path.read_text("utf-8") + CONVENTIONS
    module, architecture = Module(text, path.parent), closedform.loads(text, path.parent)
    for model in module.models():
        comparison = Comparison(module, architecture, model)
        assert comparison.counts[-2:] == ("flops under formed", "flops under weighed")
        for title in [*module.presets(model)][:1]:
            sizes = bindings(comparison, title)
            walk = comparison.run(sizes, 10**7)
            assert isinstance(walk, Run)
            for what in comparison.counts[-2:]:
                ended = comparison.one(what, sizes, walk, title)
                assert ended in ("equal", "impossible", "unclear")  # halves, and log(768, 2)


class Formless(Run):
    """A run that forgets what is counted by a formula."""

    def done(self, *_: Any) -> None:
        pass


def random_sizes(comparison: Comparison, source: random.Random) -> dict[str, Any]:
    """Small sizes for the dims of a file, some of them left to their defaults."""
    sizes: dict[str, Any] = {}
    module = comparison.module
    for name, dim in module.dims().items():
        if dim.default is not None and (dim.keyword == "ratio" or source.random() < 0.4):
            continue
        if dim.length:
            length = int(Run(module, {}).value(dim.length, Scope(module)))
            sizes[name] = [source.choice(POOL[:10]) for _ in range(length)]
        else:
            sizes[name] = source.choice(POOL)
    return sizes


def search(comparison: Comparison, seed: str) -> Counter[str]:
    """Check random sizes until enough are possible, and a few of those that are not."""
    source = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(TRIES):
        sizes = random_sizes(comparison, source)
        walk = comparison.run(sizes, WORK)
        ended = walk if isinstance(walk, str) else "counted"
        if ended in ("counted", "impossible") and seen[ended] < SETTINGS:
            seen[ended] += 1
            seen[comparison.check(sizes, WORK)] += 1
        if seen["counted"] == SETTINGS:
            break
    return seen


@pytest.mark.parametrize("name", cases(ZOO, share=4))
def test_random_sizes_of_the_zoo(name: str) -> None:
    for comparison in models(name):
        seen = search(comparison, name)
        assert seen["counted"] >= 1, f"no sizes found for {comparison.model}"
        assert seen["equal"] >= 1, seen
        assert not seen["refused"], seen


def test_the_check_of_the_zoo_can_fail() -> None:
    (comparison,) = models("vit")
    with pytest.raises(Disagreement, match="macs of ViT"):
        comparison.check(bindings(comparison, "ViT-B/16"), 10**7, Forgetful)


# Random programs ---------------------------------------------------------------------------

EXAMPLES = int(os.environ.get("CLOSEDFORM_EXAMPLES", "8"))
FAST = settings(
    max_examples=EXAMPLES,
    derandomize="CLOSEDFORM_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # shrinking takes minutes
)
SLOW = settings(FAST, max_examples=300)


def hold(limits: settings, run: type[Run] = Run) -> Counter[str]:
    """Hold random programs against the brute force; how the runs ended."""
    seen: Counter[str] = Counter()

    @limits
    @given(programs())
    def check(drawn: tuple[Program, list[dict[str, Any]]]) -> None:
        program, sizes = drawn
        comparison = of_text(program.source)
        for chosen in sizes:
            try:
                seen[comparison.check(chosen, WORK, run)] += 1
            except Disagreement as error:
                raise Disagreement(f"{error}\n{program.source}") from None

    check()
    return seen


def assert_telling(seen: Counter[str]) -> None:
    """Most runs must end in a comparison, or the property says nothing."""
    assert seen["equal"] > 0.7 * seen.total(), seen
    assert seen["refused"] < 0.15 * seen.total(), seen


def test_random_programs() -> None:
    assert_telling(hold(FAST))


@pytest.mark.slow
def test_many_random_programs() -> None:
    assert_telling(hold(SLOW))


@pytest.mark.parametrize("run", [Forgetful, Formless])
def test_the_check_of_random_programs_can_fail(run: type[Run]) -> None:
    with pytest.raises(Disagreement, match="brute force"):
        hold(settings(FAST, max_examples=50), run)


# Repeats -----------------------------------------------------------------------------------

REPEATS = """\
dim N

block Inner(x: [n, d], k):
    repeat {0} - 1:
        x = x + (x -> layernorm -> linear(k) -> gelu -> linear(d))
    return x

model M(x: [N, 2*N]):
    repeat {0}:
        x = x -> Inner(3)
        repeat {0} shared:
            x = x -> linear(2*N, bias=false) -> softmax
        for s in 1..3:
            if s > 1:
                x = x -> Inner(s)
        choose 2 of {0}:
            x = x -> rmsnorm
    return x
"""


def elaborated(text: str) -> tuple[int, int]:
    """How many operations the cost tree holds, and how many calls it took to make it."""
    calls = 0

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call" and "closedform" in frame.f_code.co_filename

    part = closedform.loads(text)["M"]
    sys.setprofile(profile)
    try:
        root = part._project.derivation(part._entity).root
    finally:
        sys.setprofile(None)
    return len(operations(root)), calls


def assert_same_work(texts: Iterable[str]) -> None:
    seen = [elaborated(text) for text in texts]
    assert len({nodes for nodes, _ in seen}) == 1, f"elaboration grows: {seen}"
    calls = [made for _, made in seen]
    assert max(calls) < 1.1 * min(calls), f"elaboration grows: {seen}"


def test_elaboration_does_not_grow_with_the_repeat_count() -> None:
    assert_same_work(REPEATS.format(times) for times in (10, 1000, 10**9))


def test_the_count_of_a_huge_repeat_follows_the_small_ones() -> None:
    """A count is a polynomial in the number of repeats: four runs fix it, here by Lagrange."""
    measures = ("params", "macs", "exp")
    points = range(2, 6)
    runs = {n: of_text(REPEATS.format(n)).run({"N": 2}, WORK) for n in points}
    huge = closedform.loads(REPEATS.format(10**9))["M"]
    for measure in measures:
        expected = Fraction(0)
        for n, run in runs.items():
            assert isinstance(run, Run)
            weights = [Fraction(10**9 - m, n - m) for m in points if m != n]
            expected += run.measure(measure) * prod(weights)
        assert huge.measure(measure).at(N=2) == expected


def test_the_check_of_repeats_can_fail() -> None:
    def unrolled(times: int) -> str:
        body = "    x = x -> linear(N)\n" * times
        return f"dim N\nmodel M(x: [N, N]):\n{body}    return x\n"

    with pytest.raises(AssertionError, match="elaboration grows"):
        assert_same_work(unrolled(times) for times in (20, 30))
