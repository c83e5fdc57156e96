"""The roofline: bounds exceed no measured time, and add up as the measures do."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

import closedform
from bounds_table import Row, bounds, table
from closedform.errors import ClosedformError
from closedform.reason.machines.rows import machine, names
from helpers import ROOT, Golden, call

rows = cache(bounds)


def test_no_bound_exceeds_a_measured_time() -> None:
    """Fails when the bound of a row is no bound."""
    assert len(rows()) == 58
    assert [row for row in rows() if row.ratio < 1] == []


def test_bounds_of_large_work_are_near() -> None:
    """Products of 4,096 and more, additions and GELU over 2^28 elements: within a factor of 1.5."""
    large = ("4,096 x 4,096", "8,192 x 8,192", "16,384 x 16,384", "4,096 x 4,096 to 14,336")

    def is_large(row: Row) -> bool:
        if row.kind in ("add", "gelu"):
            return row.what == "268,435,456 elements"
        return row.what.removesuffix(", float32") in large

    found = [row.ratio for row in rows() if is_large(row)]
    assert len(found) == 7
    assert max(found) < Fraction(3, 2)


def test_the_table_of_the_page(golden: Golden) -> None:
    """docs/costs.md has the table that the rows give now."""
    page = ROOT / "docs" / "costs.md"
    before, begin, rest = page.read_text("utf-8").partition("<!-- bounds -->\n\n")
    _, end, after = rest.partition("\n<!-- end of bounds -->")
    assert begin
    assert end
    golden.compare(page, before + begin + table(rows()) + end + after)


PRODUCT = """\
dtype bf16

dim N

model M(x: [N, N], y: [N, N]):
    return einsum("i j, j k -> i k", x, y)
"""
LOOPS = """\
dtype bf16

dim N, L

block B(x: [n, d]):
    return x -> linear(d) -> gelu

model M(x: [N, 64]):
    y = x
    repeat L:
        x = B(x) + B(x, fused=true) + y*y
    for i in 1..L:
        x = x[0:N] + param([N, i]) -> take_first
    if N > 4:
        x = x -> relu
    choose 2 of 5:
        x = x -> linear(64)
    return x

op take_first(x: [n, m]) -> y: [n, 64]:
    mac = n*m
"""


def test_bound_by_work_from_a_size_on() -> None:
    """A product of 887 is the first whose work takes longer than its bytes."""
    model = closedform.loads(PRODUCT)
    assert str(model.flops / model.measure("moved_bytes")) == "N/3"
    bound = [model.roofline("H100", N=n)[0].at_work for n in (885, 886, 887)]
    assert bound == [False, False, True]


def test_the_parts_add_up_to_the_measures() -> None:
    """Fails when the roofline counts something else than the measures do."""
    model = closedform.loads(LOOPS.replace("x[0:N] + param([N, i])", "param([N, 2*i])"))
    for sizes in ({"N": 4, "L": 3}, {"N": 5, "L": 1}):
        found = model.roofline("A100", **sizes)
        assert found.work == model.flops.at(**sizes)
        assert found.bytes == model.measure("moved_bytes").at(**sizes)
        assert found.seconds >= max(found.work / 312 / 10**12, found.bytes / 2039 / 10**9)


def test_what_it_says() -> None:
    found = closedform.loads(PRODUCT).roofline("H100", N=4096)
    assert repr(found) == (
        "138.9 us at least on NVIDIA H100 SXM, 80 GB in bf16: 137.4 GFLOP, 100.7 MB, 1365 FLOP/byte"
    )
    assert found.table == (
        "part    times  FLOP       bytes     FLOP/byte  least time  bound by\n"
        "einsum  1      1.374E+11  1.007E+8  1365       138.9 us    work"
    )
    assert found.told(Fraction(188, 10**6)) == (
        "measured 188 us: 1.354 times the bound, MFU 73.88%"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("H10", "error[machine]: there is no machine `H10`\n     = help: did you mean `H100`?"),
        (
            "TPUv4",
            "error[machine]: no peak of Google TPU v4, a chip in fp16 is known\n"
            "     = help: there are those in bf16, int8",
        ),
    ],
)
def test_machines_that_are_not_known(name: str, message: str) -> None:
    with pytest.raises(ClosedformError) as caught:
        closedform.loads(PRODUCT.replace("bf16", "fp16")).roofline(name, N=4)
    assert str(caught.value) == message


def test_a_machine_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[toy]\nname = "toy"\nsource = "me"\nmemory = 1\nbandwidth = 2\n', "utf-8")
    with pytest.raises(ClosedformError) as caught:
        machine(f"{file}:toy")
    assert str(caught.value) == (
        "error[machine]: `toy` has no `peak`\n"
        "     = help: add a line `peak = { bf16 = 989_500_000_000_000 }`"
    )
    file.write_text(file.read_text("utf-8") + "peak = { bf16 = 3 }\n", "utf-8")
    assert closedform.loads(PRODUCT).roofline(f"{file}:toy", N=1).seconds == 3
    file.write_text(file.read_text("utf-8").replace("= 3 ", "= 1.5 "), "utf-8")
    with pytest.raises(ClosedformError, match="the figures of `toy` are positive whole numbers"):
        machine(f"{file}:toy")


def test_every_machine_has_a_source() -> None:
    assert len(names()) == 8
    for name in names():
        found = machine(name)
        assert found.source
        assert found.peak("bf16") > found.bandwidth


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "m.arch").write_text(PRODUCT, "utf-8")
    asked = ("roofline", "m.arch", "--machine", "H100", "--set", "N=4096")
    ran = call(*asked, "--measured", "0.000188", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "measured 188 us: 1.354 times the bound, MFU 73.88%"
    wrong = call(*asked, "--measured", "-1", folder=tmp_path)
    assert wrong.code == 2
    assert "--measured takes seconds, and this is '-1'" in wrong.err
