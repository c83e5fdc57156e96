"""The syntax tree: frozen dataclasses, each with a span that takes no part in equality."""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction
from typing import TypeAlias

from closedform.data import dataclass
from closedform.errors import Source, Span

NOWHERE = Span(Source("", ""), 0, 0)


@dataclass(frozen=True, kw_only=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False)


# Expressions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number(Node):
    value: Fraction


@dataclass(frozen=True)
class Text(Node):
    value: str


@dataclass(frozen=True)
class Name(Node):
    name: str


@dataclass(frozen=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True)
class Rest(Node):
    """The three dots: any number of axes."""


@dataclass(frozen=True)
class ListOf(Node):
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Slice(Node):
    start: Expression | None
    stop: Expression | None


@dataclass(frozen=True)
class Index(Node):
    base: Name | Call | ListOf
    items: tuple[Expression | Slice | Rest, ...]


Grown: TypeAlias = Name | Index  # a size that grows, or each of a list


@dataclass(frozen=True)
class Argument(Node):
    name: str | None
    value: Expression


@dataclass(frozen=True)
class Call(Node):
    function: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Negative(Node):
    operand: Expression


@dataclass(frozen=True)
class Power(Node):
    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Product(Node):
    """`first`, then `*` or `/` and an operand, from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Sum(Node):
    """`first`, then `+` or `-` and an operand, from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Pipe(Node):
    """`source -> stage -> stage`; a stage is a name or a call."""

    source: Expression
    stages: tuple[Name | Call, ...]


@dataclass(frozen=True)
class Comparison(Node):
    """`left operator right`, the operator one of `== != < <= > >= |` (divides)."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Not(Node):
    operand: Expression


@dataclass(frozen=True)
class AllOf(Node):
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf(Node):
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Choice(Node):
    """`value if condition else value if condition else otherwise`."""

    cases: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@dataclass(frozen=True)
class Measured(Node):
    """`macs under hooks` in a formula, where a measure by itself is a name like others."""

    name: str
    convention: str


Expression: TypeAlias = (
    Number
    | Text
    | Name
    | Boolean
    | ListOf
    | Index
    | Call
    | Negative
    | Power
    | Product
    | Sum
    | Pipe
    | Comparison
    | Not
    | AllOf
    | AnyOf
    | Choice
    | Measured
)


@dataclass(frozen=True)
class Shape(Node):
    """`[..., n, d]`: sizes, names to bind, `_` for any size, `...` for any axes.

    `[..., c; h, w]` is the shape of a map: the channels c, and after them `sides` axes.
    """

    axes: tuple[Expression | Rest, ...]
    sides: int | None = None


# Statements --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Assign(Node):
    targets: tuple[Name, ...]
    value: Expression


@dataclass(frozen=True)
class Ascribe(Node):
    tensor: Name
    shape: Shape


@dataclass(frozen=True)
class Require(Node):
    conditions: tuple[Expression, ...]


@dataclass(frozen=True)
class Return(Node):
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Repeat(Node):
    count: Expression
    shared: bool
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class For(Node):
    index: Name
    first: Expression
    last: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class ForEach(Node):
    """`for w in A:`, a loop over the elements of a list."""

    element: Name
    values: Name | ListOf
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Choose(Node):
    count: Expression
    of: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class If(Node):
    branches: tuple[tuple[Expression, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True)
class Measure(Node):
    """A measure, and the convention under which it is taken when one is named."""

    name: str
    convention: str | None = None


@dataclass(frozen=True)
class ComparisonClaim(Node):
    """`claim left operator right`, the operator one of `== <= >= < > ~`; measures stand as names.

    With `~` the quotient of the sides approaches 1 as `growing` grow.
    """

    left: Expression
    operator: str
    right: Expression
    source: str | None
    conditions: tuple[Expression, ...]
    growing: tuple[Grown, ...] = ()


@dataclass(frozen=True)
class OrderClaim(Node):
    """`claim macs in O(bound) as N, D grow`; `order` is O, Omega or Theta."""

    measure: Measure
    order: str
    bound: Expression
    growing: tuple[Grown, ...]
    source: str | None
    conditions: tuple[Expression, ...]


Claim: TypeAlias = ComparisonClaim | OrderClaim

Statement: TypeAlias = (
    Assign
    | Ascribe
    | Require
    | Return
    | Repeat
    | For
    | ForEach
    | Choose
    | If
    | ComparisonClaim
    | OrderClaim
)


# Declarations ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dim(Node):
    """`dim D[4] = default "meaning" as D_{m}`; `ratio` declares a positive rational instead.

    With `>= 0` after its name it may also be 0, else it is positive.
    """

    name: Name
    length: Expression | None
    default: Expression | None
    meaning: str | None
    sign: str | None = None
    keyword: str = "dim"
    maybe_zero: bool = False


@dataclass(frozen=True)
class Dims(Node):
    """`dim N, D, H[4]`: several of one keyword, which have no meanings."""

    dims: tuple[Dim, ...]


@dataclass(frozen=True)
class Row(Node):
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Table(Node):
    """`dim T, C:` and below it a row for each stage: lists, with their values side by side."""

    columns: tuple[Dim, ...]
    rows: tuple[Row, ...]

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The lists, each as if it were declared by itself."""
        found = []
        for column, values in zip(
            self.columns, zip(*(row.values for row in self.rows), strict=True), strict=True
        ):
            length = Number(Fraction(len(self.rows)), span=column.span)
            default = ListOf(tuple(values), span=column.span)
            found.append(replace(column, length=length, default=default))
        return tuple(found)


@dataclass(frozen=True)
class Let(Node):
    """`let N[4] = value "meaning"`: an abbreviation; with a length, one for each stage."""

    name: Name
    length: Expression | None
    value: Expression
    meaning: str | None
    sign: str | None = None


@dataclass(frozen=True)
class Assume(Node):
    conditions: tuple[Expression, ...]


@dataclass(frozen=True)
class Count(Node):
    """`count NAME "meaning"`: a new kind of elementary operation."""

    name: Name
    meaning: str | None


@dataclass(frozen=True)
class Width(Node):
    """`bf16` of all that is kept, or `weights = int4` of a part of it."""

    of: Name | None
    type: Name


@dataclass(frozen=True)
class Dtype(Node):
    """`dtype bf16, weights = int4`: in which types elements are kept."""

    widths: tuple[Width, ...]


@dataclass(frozen=True)
class Weigh(Node):
    """`mac, add: 2`: the weight of some counts; without names that of all `others`."""

    counts: tuple[Name, ...]
    weight: Expression


@dataclass(frozen=True)
class OfKind(Node):
    """`kind linear, conv: formula`, or weights of their own below it."""

    kinds: tuple[Name | Text, ...]
    rule: Expression | tuple[Weigh, ...]


@dataclass(frozen=True)
class Convention(Node):
    """`convention NAME in UNIT on BASE "meaning"`: how the work of an operation is counted."""

    name: Name
    unit: Name | None
    base: Name | None
    says: str
    body: tuple[Weigh | OfKind, ...]


@dataclass(frozen=True)
class Parameter(Node):
    """`x: [n, d]`, `kernel[2]=1`, or `ratio scale`, which need not be whole."""

    name: Name
    shape: Shape | None = None
    length: Expression | None = None
    default: Expression | None = None
    ratio: bool = False


@dataclass(frozen=True)
class Output(Node):
    name: Name
    shape: Shape | Call


@dataclass(frozen=True)
class Gradient(Node):
    """`gradient x: mac = size(y)*n`: the work of the gradient by an input, or by the `weight`.

    `0` says that it is none, and `none`, here None, that there is no gradient.
    """

    by: Name
    counts: tuple[Binding, ...] | None


@dataclass(frozen=True)
class Keep(Node):
    """`keep x`, `keep 8*size(y) bytes for weight`: what the backward pass needs, and for which
    gradients; without names for any. A tensor by its name has no unit."""

    what: Expression
    unit: str | None
    needed: tuple[Name, ...]
    conditions: tuple[Expression, ...]


@dataclass(frozen=True)
class View(Node):
    """`view x`: the results have the storage of an input."""

    of: Name


@dataclass(frozen=True)
class As(Node):
    """`as linear(out)`: what the operation is made of, where it is exported as code."""

    value: Expression


@dataclass(frozen=True)
class Op(Node):
    name: Name
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    doc: str | None
    body: tuple[Assign | Require | Gradient | Keep | View | As, ...]


@dataclass(frozen=True)
class Block(Node):
    """A block, or a model when `keyword` says so."""

    name: Name
    parameters: tuple[Parameter, ...]
    doc: str | None
    body: tuple[Statement, ...]
    keyword: str = "block"


@dataclass(frozen=True)
class Quantity(Node):
    """A printed figure such as `45.2G`."""

    text: str


@dataclass(frozen=True)
class Expectation(Node):
    measure: Measure
    operator: str
    value: Expression | Quantity


@dataclass(frozen=True)
class Expect(Node):
    items: tuple[Expectation, ...]
    source: str | None


@dataclass(frozen=True)
class Binding(Node):
    name: Name
    value: Expression


@dataclass(frozen=True)
class Preset(Node):
    title: str
    of: Name | None
    bindings: tuple[Binding, ...]
    expects: tuple[Expect, ...]


@dataclass(frozen=True)
class Given(Node):
    """`D = hidden_size, G = num_key_value_heads or H`: sizes from the keys of a configuration."""

    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class Only(Node):
    """`only attention_bias == false`: what must hold of the keys that are there."""

    conditions: tuple[Expression, ...]


@dataclass(frozen=True)
class Ignore(Node):
    """`ignore rope_theta`: keys that change nothing that is counted."""

    keys: tuple[Name, ...]


@dataclass(frozen=True)
class Config(Node):
    """`config "llama" of Llama:`: a model at the sizes that a configuration of the family gives."""

    family: str
    of: Name | None
    lines: tuple[Given | Only | Ignore, ...]


@dataclass(frozen=True)
class Import(Node):
    """`from package.module import names`; `dots` counts the leading dots."""

    dots: int
    module: tuple[str, ...]
    names: tuple[Name, ...]


Declaration: TypeAlias = (
    Dim
    | Dims
    | Table
    | Let
    | Assume
    | Count
    | Dtype
    | Convention
    | Op
    | Block
    | Preset
    | Config
    | Import
)


@dataclass(frozen=True)
class Comment(Node):
    text: str


@dataclass(frozen=True)
class File(Node):
    """A whole file. Comments are kept for the formatter alone."""

    doc: str | None
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
