"""Hold closed forms against the brute-force count: what the tests of `brute` share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

import closedform
from brute import DTYPE, Run
from brute_conventions import convention
from brute_modules import Module
from brute_values import Expensive, Impossible, Unclear
from closedform import ClosedformError
from closedform.projects import zoo_path
from programs import Program, programs

HERE = Path(__file__).parent
FIXED = (
    *("params", "trainable", "active", "non_embedding", "buffers", "cache"),
    *("macs", "flops", "macs under hooks", "reads", "loads", "writes", "moved_bytes"),
)
TRAINED = (
    *("backward_input under full", "backward_weight under full", "recomputed under full"),
    *("training", "kept"),
)


class Disagreement(AssertionError):
    """The closed form and the brute-force count differ."""


class Comparison:
    """The closed forms of one model beside runs of it; `seen` tells how each run ended."""

    def __init__(self, module: Module, architecture: Any, model: str) -> None:
        self.module, self.model = module, model
        self.part = architecture[model]
        self.formulas: dict[str, Any] = {}
        self.seen: Counter[str] = Counter()
        elementary = (*sorted(Run.elementary), *sorted(own_counts(module)))
        self.counts = (*FIXED, *TRAINED, *elementary, *sorted(own_conventions(module)))

    def formula(self, title: str) -> Any:
        """The closed form of a measure, or the error that there is none."""
        if title not in self.formulas:
            try:
                asked = title.split(" under ")
                self.formulas[title] = self.part.measure(*asked, dtype=DTYPE)
            except ClosedformError as error:
                self.formulas[title] = error
        return self.formulas[title]

    def run(self, sizes: Mapping[str, Any], limit: int, run: Callable[..., Run] = Run) -> Run | str:
        """Walk the model, or say why that cannot be done."""
        try:
            walk = run(self.module, sizes, limit)
            return walk.model(self.model) if walk.holds() else "not assumed"
        except (Impossible, Unclear, Expensive) as error:
            return type(error).__name__.lower()

    def check(self, sizes: Mapping[str, Any], limit: int, run: Callable[..., Run] = Run) -> str:
        """How a run ended: `equal`, `refused`, or why nothing was counted."""
        walk = self.run(sizes, limit, run)
        if isinstance(walk, str) and walk != "impossible":
            ended = walk
        else:
            found = [self.one(title, sizes, walk) for title in self.counts]
            ended = max(found, key=found.count)
        self.seen[ended] += 1
        return ended

    def one(
        self, title: str, sizes: Mapping[str, Any], walk: Run | str, preset: str | None = None
    ) -> str:
        """Compare one measure; the closed form may take its sizes from a preset."""
        formula = self.formula(title)
        try:
            expected = walk if isinstance(walk, str) else walk.measure(*title.split(" under "))
        except Unclear:
            return "unclear"
        except Impossible:  # this measure alone
            walk = expected = "impossible"
        if isinstance(formula, ClosedformError):
            if formula.diagnostics[0].kind in ("measure", "count", "convention"):
                raise Disagreement(f"{title} of {self.model} cannot be asked for: {formula}")
            return "impossible" if isinstance(walk, str) else "refused"
        where = f"{title} of {self.model} at {dict(sizes)}: brute force {expected}"
        try:
            found = formula.at(preset) if preset else formula.at(**sizes)
        except ClosedformError as error:
            if isinstance(walk, str) or expected != int(expected):
                return "impossible"
            if error.diagnostics[0].kind != "assume":
                raise Disagreement(f"{where}, but {error}\nformula: {formula}") from error
            return "outside"
        if isinstance(walk, str) or found != expected:
            raise Disagreement(f"{where}, closed form {found}\nformula: {formula}")
        return "equal"


def own_counts(module: Module) -> Iterable[str]:
    """The counts that a file declares; one may be of the library too."""
    return set(module.counts) - Run.elementary


def own_conventions(module: Module) -> Iterable[str]:
    """The work under each convention that a file declares."""
    known = {**Run.conventions, **module.conventions}
    for name in module.conventions:
        yield f"{convention(name, known).unit.lower()} under {name}"


def of_text(source: str, model: str = "M") -> Comparison:
    """The comparison for a text."""
    return Comparison(Module(source, HERE), closedform.loads(source), model)


def of_zoo(name: str, model: str) -> Comparison:
    """The comparison for a model of the zoo."""
    return Comparison(zoo_module(name), closedform.zoo(name), model)


def zoo_module(name: str) -> Module:
    path = zoo_path(name)
    return Module(path.read_text("utf-8"), path.parent)


def on_random_programs(title: str, many: int) -> Counter[str]:
    """How a measure and a walk agree on random programs, the same ones on every run."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=many,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(programs())
    def check(drawn: tuple[Program, list[dict[str, Any]]]) -> None:
        program, sizes = drawn
        comparison = of_text(program.source)
        formula = comparison.formula(title)
        try:
            if not isinstance(formula, ClosedformError):
                _ = formula.expr
        except ClosedformError:
            seen["refused"] += 1
            return
        walk = comparison.run(sizes[0], 20_000)
        if isinstance(walk, Run):
            seen[comparison.one(title, sizes[0], walk)] += 1

    check()
    return seen
