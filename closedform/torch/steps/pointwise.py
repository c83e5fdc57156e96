"""What is done element by element or along an axis, and signs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from closedform.torch.graph import axis_of
from closedform.torch.steps.rows import Option, Rows, Step, word
from closedform.torch.trace import Argument, Ref


def elementwise(op: str) -> Callable[[Rows], list[Step]]:
    return lambda rows: [rows.step(op)]


def gelu(rows: Rows) -> list[Step]:
    return [
        rows.step("gelu_tanh" if rows.argument(1, "approximate", "none")[0] == "tanh" else "gelu")
    ]


def hardtanh(rows: Rows) -> list[Step]:
    if rows.argument(1, "min_val", -1)[0] != 0 or rows.argument(2, "max_val", 1)[0] != 6:
        raise rows.refuse("has bounds that are not those of `relu6`")
    return [rows.step("relu6")]


def softmax(rows: Rows) -> list[Step]:
    if axis_of(rows.node, rows.argument(1, "dim", -1)[0]) != len(rows.shape()) - 1:
        raise rows.refuse("is of an axis that is not the last")
    return [rows.step("softmax")]


def sign(text: str) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        one = rows.node.arguments[0]
        two: Argument = (
            rows.node.arguments[1] if len(rows.node.arguments) > 1 else rows.node.named["other"]
        )
        if isinstance(one, Ref) and isinstance(two, Ref):
            return [rows.step(text, takes=rows.takes)]
        scalars = rows.argument(1, "other") if isinstance(one, Ref) else rows.argument(0, "self")
        numbers = [Decimal(repr(s)) for s in scalars if isinstance(s, int | float)]
        if len(numbers) != len(scalars):
            raise rows.refuse("has an operand that is not known")
        place = 1 if isinstance(one, Ref) else 0
        if len(set(numbers)) == 1 and (square := _square(text, place, numbers[0])):
            return [rows.step("/", word("", str(square)), form=(1, "sqrt"))]
        if len(set(numbers)) == 1:
            number = format(numbers[0], "f")
            return [rows.step(text, form=(place, number if numbers[0] >= 0 else f"({number})"))]
        if text in "*/" and place:
            exact = [n if text == "/" else 1 / n for n in numbers]
            squares = tuple(int((n * n).to_integral_value()) for n in exact)
            if all(abs(n * n - s) < Decimal("1e-6") for n, s in zip(exact, squares, strict=True)):
                return [rows.step("/", Option("", squares, hint="scale"), form=(1, "sqrt"))]
        raise rows.refuse(
            f"has an operand that differs from trace to trace: {', '.join(map(str, scalars))}"
        )

    return made


def _square(text: str, place: int, number: Decimal) -> int | None:
    """n where a tensor is divided by sqrt(n), or multiplied by 1/sqrt(n)."""
    if not (text in "*/" and place and number > 0 and number % 1):
        return None
    exact = number if text == "/" else 1 / number
    square = int((exact * exact).to_integral_value())
    return square if square > 1 and abs(exact * exact - square) < Decimal("1e-9") * square else None


def power(rows: Rows) -> list[Step]:
    exponent = rows.argument(1, "exponent")[0]
    if exponent != 2:
        raise rows.refuse(f"raises to the power {exponent}")
    return [rows.step("*", takes=(rows.takes[0], rows.takes[0]))]


def averaged(op: str) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        dims = rows.argument(1, "dim")[0]
        rank = len(rows.operand(0))
        given = (
            dims if isinstance(dims, tuple) else (dims,) if dims is not None else tuple(range(rank))
        )
        gone = {axis_of(rows.node, d) for d in given}
        names = letters(rank)
        keep = len(rows.shape()) == rank
        right = ["1" if i in gone else n for i, n in enumerate(names) if keep or i not in gone]
        return [rows.step(op, form=(f"{' '.join(names)} -> {' '.join(right)}",))]

    return made


def letters(rank: int) -> list[str]:
    """Names for the axes of a tensor."""
    return {1: ["d"], 2: ["n", "d"], 3: ["c", "h", "w"]}.get(rank, [f"a{i}" for i in range(rank)])
