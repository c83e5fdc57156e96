"""The table of measures. A measure is a row: what an operation counts, and how copies of it count.

The work under a convention and each kind of count have rows that are made when they are asked for.
Other distributions add rows by the entry point `closedform.measures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from sympy import Add, Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost import movement
from closedform.derive.cost.depth import Depth
from closedform.derive.cost.totals import ACTIVE, MOVEMENT, TRAINED, WEIGHTS, WORK, Scaling, Total
from closedform.derive.cost.tree import Node, Operation
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.amounts import Amount, amount_of, exact
from closedform.derive.measures.optimizers import Optimizer
from closedform.derive.measures.steps import AGAIN, FORWARD, INPUT, WEIGHT, KeptBytes, Step
from closedform.derive.resolve.builtin import MASKED
from closedform.derive.resolve.conventions import Convention, Weights
from closedform.derive.resolve.dtypes import Widths
from closedform.derive.training.lifetimes import peak_of
from closedform.derive.training.step import training_step

EMBEDDING = "embed"  # the kind of operations that look rows up
MOVES = "what {name} takes, its weights, what it gives: each element once"
DEFINED = "definition of {name}, line {line} of {file}"


@dataclass(frozen=True)
class Measure:
    """A quantity of an architecture.

    `says` is what it counts, in words, in which `{name}` is its name, and `unit` what one of it is
    called. `amount` says what one operation counts: weights of its counts, a function of the
    operation, or a convention. `scaling` says how shared, chosen, tied and frozen copies count.
    `step` says what of a training step counts, where that is measured.
    `reason` is how a derivation explains a line, in which `{name}`, `{line}` and `{file}` are of
    the declaration of the operation. `dtype` is the type of what is counted in bytes; `says` has it
    as `{dtype}`. `whole` finds what is no sum over operations, from a part of the tree. `under` is
    the optimizer with which it is counted, and `{optimizer}` in `says`.
    """

    name: str
    says: str
    unit: str
    amount: Amount | Convention
    scaling: Scaling
    reason: str = DEFINED
    step: Step | None = None
    dtype: str = ""
    whole: Callable[[Derivation], Callable[[Node], Expr]] | None = None
    under: Optimizer | None = None

    @property
    def convention(self) -> Convention | None:
        """The convention under which work is counted."""
        return self.amount if isinstance(self.amount, Convention) else None

    def rule(self, operation: Operation) -> Amount:
        """By what an operation is counted."""
        if isinstance(self.amount, Convention):
            return self.amount.rule(operation.kind)
        return self.amount

    def seen(self, derivation: Derivation) -> Derivation:
        """The derivation whose tree is measured: as it is, or that of a training step."""
        if self.step is None:
            return derivation
        return replace(derivation, root=training_step(derivation))

    def of(self, operation: Operation) -> Expr:
        """What an operation counts."""
        return amount_of(self.rule(operation), operation)

    @property
    def adds(self) -> bool:
        """Whether it is a sum over operations."""
        return self.whole is None or isinstance(self.whole, Together)

    @property
    def told(self) -> Mapping[str, str]:
        """What stands in `says` where it has brackets."""
        optimizer = self.under.name if self.under else ""
        return {"name": self.name, "dtype": self.dtype, "optimizer": optimizer}

    @property
    def title(self) -> str:
        """How it is written: `macs`, or `macs under hooks`."""
        if self.under is not None:
            return f"{self.name} under {self.under.key}"
        if self.step is not None and self.step.under is not None:
            return f"{self.name} under {self.step.under}"
        if self.convention is None or self.convention.name == self.name:
            return self.name
        return f"{self.name} under {self.convention.name}"

    @property
    def label(self) -> str:
        """How a formula names it: `MACs`, or `params`."""
        return self.unit if self.convention else self.name

    @property
    def heading(self) -> str:
        """How a document names it: `MACs`, or `MACs under hooks`."""
        return self.title.replace(self.name, self.label, 1)


def count_of(name: str) -> Weights:
    """The weights that take one count as it is."""
    return Weights(((name, Fraction(1)),))


def _outside_embeddings(operation: Operation) -> Expr:
    return Integer(0) if operation.kind == EMBEDDING else operation.counts.get("params", Integer(0))


KEPT, FLOAT = "kept", Widths((("activations", "fp32"),))


def kept(widths: Widths) -> Measure:
    """The row of what the backward pass needs, in bytes."""
    says, kind = "bytes kept for the backward pass in {dtype}", widths.type("activations")
    amount = KeptBytes(widths.bytes("activations"))
    step = Step((), None, None)
    return Measure(KEPT, says, "bytes", amount, WORK, step=step, dtype=kind)


@dataclass(frozen=True)
class PeakBytes:
    """The peak of a forward pass, with the bytes of an element."""

    width: Fraction

    def __call__(self, derivation: Derivation) -> Callable[[Node], Expr]:
        found = peak_of(derivation)
        return lambda node: exact(self.width) * found(node)


def depth_of(derivation: Derivation) -> Depth:
    """Finds the depth of any part of a derivation, by the facts on which it rests."""
    known, rests = derivation.known, {*derivation.facts}

    def holds(condition: Boolean) -> bool:
        with known.recording() as used:
            return known.decide(condition) is True and used <= rests

    return Depth(holds)


PEAK = "peak"


def peak(widths: Widths) -> Measure:
    """The row of what is alive at once in a forward pass, in bytes."""
    says, kind = (
        "bytes alive at once in a forward pass, at most, in {dtype}",
        widths.type("activations"),
    )
    whole = PeakBytes(widths.bytes("activations"))
    return Measure(PEAK, says, "bytes", Weights(()), WORK, whole=whole, dtype=kind)


# Rows with elements of 4 bytes, unless types are stated.
TYPED = {KEPT: kept, PEAK: peak}

ROWS: dict[str, Measure] = {
    row.name: row
    for row in (
        Measure("params", "parameters", "parameters", count_of("params"), WEIGHTS),
        Measure(
            "trainable", "trainable parameters", "trainable parameters", count_of("params"), TRAINED
        ),
        Measure(
            "buffers", "elements of buffers", "elements of buffers", count_of("buffers"), WEIGHTS
        ),
        Measure("active", "parameters at work", "parameters", count_of("params"), ACTIVE),
        Measure(
            "non_embedding",
            "parameters outside embeddings",
            "parameters",
            _outside_embeddings,
            WEIGHTS,
        ),
        Measure("cache", "elements kept in caches", "elements", count_of("cache"), WORK),
        Measure("masked", "products that masks take away", "products", count_of(MASKED), WORK),
        Measure("reads", "elements of operands read", "elements", movement.reads, MOVEMENT, MOVES),
        Measure("loads", "elements of weights read", "elements", movement.loads, MOVEMENT, MOVES),
        Measure(
            "writes", "elements of results written", "elements", movement.writes, MOVEMENT, MOVES
        ),
        Measure(
            "depth",
            "operations that must follow one another",
            "operations",
            Weights(()),
            WORK,
            whole=depth_of,
        ),
        kept(FLOAT),
        peak(FLOAT),
    )
}

# In bytes, by the name of the row: what it counts, and of what, in whose types.
IN_BYTES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "weight_bytes": ("bytes of parameters in {dtype}", (("params", "weights"),)),
    "gradient_bytes": ("bytes of gradients in {dtype}", (("trainable", "weights"),)),
    "cache_bytes": ("bytes kept in caches in {dtype}", (("cache", "cache"),)),
    "read_bytes": (
        "bytes read in {dtype}",
        (("reads", "activations"), ("loads", "weights")),
    ),
    "written_bytes": ("bytes written in {dtype}", (("writes", "activations"),)),
    "moved_bytes": (
        "bytes read and written in {dtype}",
        (("reads", "activations"), ("loads", "weights"), ("writes", "activations")),
    ),
}


@dataclass(frozen=True)
class InBytes:
    """What an operation counts in bytes: rows, each with the bytes of an element."""

    of: tuple[tuple[str, Fraction], ...]

    def __call__(self, operation: Operation) -> Expr:
        return Add(*(exact(width) * ROWS[name].of(operation) for name, width in self.of))


def in_bytes(name: str, widths: Widths) -> Measure:
    """The row of a quantity in bytes."""
    says, of = IN_BYTES[name]
    first = ROWS[of[0][0]]
    amount: Amount
    if len(of) == 1 and isinstance(first.amount, Weights):
        width = widths.bytes(of[0][1])
        amount = Weights(tuple((count, weight * width) for count, weight in first.amount.named))
    else:
        amount = InBytes(tuple((count, widths.bytes(role)) for count, role in of))
    types = dict.fromkeys(widths.type(role) for _, role in of)
    return Measure(name, says, "bytes", amount, first.scaling, first.reason, dtype=", ".join(types))


@dataclass(frozen=True)
class Together:
    """Adds up several measures, each in its own way."""

    rows: tuple[Measure, ...]

    def __call__(self, derivation: Derivation) -> Callable[[Node], Expr]:
        totals = [Total(row.of, row.scaling) for row in self.rows]
        return lambda node: Add(*(found(node) for found in totals))


# Of an optimizer, by the name of the row.
OPTIMIZED = {
    "optimizer_bytes": "bytes of the states of {optimizer} in {dtype}",
    "updates": "elementary operations of the updates of {optimizer}",
    "state_bytes": "bytes of parameters, gradients and the states of {optimizer}",
    "step_bytes": "bytes of parameters, gradients, the states of {optimizer} and what is kept for "
    "the backward pass",
}


def optimized(name: str, with_: Optimizer, widths: Widths) -> Measure:
    """The row of what an optimizer keeps or does, or of all the memory of a training step."""
    says, each = OPTIMIZED[name], Weights(())
    if name == "updates":
        work = Weights((("params", Fraction(with_.work)),))
        return Measure(name, says, "operations", work, TRAINED, under=with_)
    if name == "optimizer_bytes":
        types = ", ".join(dict.fromkeys(with_.types(widths))) or widths.type("weights")
        states = Weights((("params", with_.bytes(widths)),))
        return Measure(name, says, "bytes", states, TRAINED, dtype=types, under=with_)
    rows = (
        in_bytes("weight_bytes", widths),
        in_bytes("gradient_bytes", widths),
        optimized("optimizer_bytes", with_, widths),
    )
    if name == "state_bytes":
        return Measure(name, says, "bytes", each, WEIGHTS, whole=Together(rows), under=with_)
    whole, step = Together((*rows, kept(widths))), Step((), None, None)
    return Measure(name, says, "bytes", each, WORK, step=step, whole=whole, under=with_)


USUAL = "flops"  # the convention of the work of a training step where none is named
STEPS = {
    "backward": ("work of the backward pass", (INPUT, WEIGHT, AGAIN)),
    "backward_input": ("work of the gradients by inputs", (INPUT,)),
    "backward_weight": ("work of the gradients by weights", (WEIGHT,)),
    "recomputed": ("work of the forward pass that the backward pass repeats", (AGAIN,)),
    "training": ("work of a forward and a backward pass", (FORWARD, INPUT, WEIGHT, AGAIN)),
}


def training(name: str, convention: Convention) -> Measure:
    """The row of work of a training step under a convention."""
    says, parts = STEPS[name]
    step = Step(parts, convention, None if convention.name == USUAL else convention.name)
    return Measure(name, says, convention.unit, step, WORK, step=step)


def work(convention: Convention) -> Measure:
    """The row of the work under a convention; it is named by the unit."""
    unit = convention.unit
    return Measure(unit.lower(), convention.says, unit, convention, WORK)


def elementary(name: str) -> Measure:
    """The row of one kind of count."""
    return Measure(name, "elementary operations `{name}`", name, count_of(name), WORK)
