"""Exported code, run for real in each language, against the exact value at random sizes."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import gcd
from pathlib import Path
from typing import Any

import pytest

from closedform import ClosedformError
from closedform.api import Formula, loads, zoo
from closedform.derive.solve.given import symbols_named
from closedform.render.code import language_names

# What a closed form can have, in as few lines as it takes.
MIXED = """
dim N
dim D = 2*K
dim K
dim P = 3
dim A[2] = [4, 6]
dim S = 2
assume P | N

block M(x: [n, d], k):
    return x -> linear(max(gcd(n, d), k)) -> linear(floor(d/3) + 1)

model Mixed(x: [N, D]):
    y = x -> linear(max(1, min(A[1], A[2]*K) - 1))
    if D > 8:
        y = x -> linear(ceil(D/5) + N/P)
    for i in 1..S:
        y = y -> linear(floor(D/i) + 1)
    return x -> M(K) -> linear(4^S)
"""
GCD = """
dim N
dim D
model Divisor(x: [N, D]):
    return x -> linear(gcd(N, D))
"""
ROOTS = """
dim N
dim D
model Roots(x: [N, D]):
    return x -> linear(floor(sqrt(N)) + floor(log(D, 2)) + 1)
"""


@dataclass(frozen=True)
class Case:
    """A formula, its name in code, and sizes with the exact value, or None where it has none."""

    name: str
    formula: Formula
    rows: tuple[tuple[dict[str, Any], int | None], ...]


def value(formula: Formula, sizes: dict[str, Any]) -> int | None:
    try:
        return formula.at(**sizes)
    except ClosedformError:
        return None


def case(name: str, formula: Formula, draw: Callable[[random.Random], dict[str, Any]]) -> Case:
    rng = random.Random(name)
    rows = [draw(rng) for _ in range(16)]
    return Case(name, formula, tuple((sizes, value(formula, sizes)) for sizes in rows))


def of_vit(rng: random.Random) -> dict[str, Any]:
    head = rng.choice((1, 3, 64))
    sizes = {"D": head * rng.randint(1, 20), "H": head, "L": rng.randint(1, 48)}
    sizes |= {"I": 224 + rng.choice((0, 0, 16, 3)), "P": rng.choice((8, 16, 32))}
    if rng.random() < 0.5:
        sizes["F"] = rng.randint(1, 10**4)
    if rng.random() < 0.2:
        sizes["L"] *= 10**12
    return sizes


def of_pvt(rng: random.Random) -> dict[str, Any]:
    sizes = {"I": rng.choice((224, 256, 100, 20)), "L": [rng.randint(1, 9) for _ in range(4)]}
    if rng.random() < 0.5:
        sizes["D"] = [8 * rng.randint(1, 70) for _ in range(4)]
    return sizes


def of_resnet(rng: random.Random) -> dict[str, Any]:
    return {"I": rng.randint(1, 300), "L": [rng.randint(1, 9) for _ in range(4)]}


def of_mixed(rng: random.Random) -> dict[str, Any]:
    sizes = {"N": 3 * rng.randint(1, 9), "K": rng.randint(1, 12), "S": rng.randint(1, 30)}
    if rng.random() < 0.2:
        sizes["N"] += 1
    if rng.random() < 0.5:
        sizes["A"] = [rng.randint(1, 9) for _ in range(2)]
    return sizes


def of_roots(rng: random.Random) -> dict[str, Any]:
    return {"N": rng.randint(1, 9) ** 2, "D": 2 ** rng.randint(0, 9) + (rng.random() < 0.2)}


def of_mobilenet(rng: random.Random) -> dict[str, Any]:
    return {"A": Fraction(rng.randint(1, 9), rng.choice((1, 2, 4))), "I": rng.randint(1, 300)}


def of_block(rng: random.Random) -> dict[str, Any]:
    return {name: rng.randint(1, 60) for name in ("n", "d", "k")}


@cache
def cases() -> tuple[Case, ...]:
    mixed, roots = loads(MIXED), loads(ROOTS)
    return (
        case("vit_macs", zoo("vit").macs, of_vit),
        case("pvt_params", zoo("pvt").params, of_pvt),
        case("resnet_macs", zoo("resnet").macs, of_resnet),
        case("block_params", mixed["M"].params, of_block),
        case("mobilenet_macs", zoo("mobilenet_v1").macs, of_mobilenet),
        case("mixed_macs", mixed.macs, of_mixed),
        case("roots_macs", roots.macs, of_roots),
    )


PLAIN = 5  # of these no formula has a sum over an index, a root, or a size as exponent
SHORT = 4  # these go into a cell
DIVISORS = 3  # before these no formula has a common divisor


@cache
def parameters(formula: Formula) -> set[str]:
    """The names of the arguments of its function in Python."""
    head = formula.export("python", name="f").partition("def f(")[2].partition("):")[0]
    return {part.partition("=")[0].strip() for part in head.replace("(", "").split(",")}


def arguments(case: Case, sizes: dict[str, Any]) -> dict[str, Any]:
    """Sizes as the arguments of a function: those it has, ratios as two numbers."""
    found, known = {}, parameters(case.formula)
    for name, number in sizes.items():
        if isinstance(number, Fraction):
            found[f"{name}_num"], found[f"{name}_den"] = number.numerator, number.denominator
        elif name in known:
            found[name] = number
    return found


def all_sizes(case: Case, sizes: dict[str, Any]) -> dict[str, int] | None:
    """Every single size with its number, defaults put in; None where one has none."""
    from closedform.derive.solve.given import dims_values
    from closedform.derive.solve.numbers import settle

    derivation = case.formula._closed.derivation
    try:
        settled = settle(derivation, dims_values(derivation, sizes))
    except ClosedformError:
        return None
    found = {}
    for symbol, number in settled.items():
        if symbol.is_integer:
            found[symbol.name] = int(number)
        else:
            found[f"{symbol.name}_num"], found[f"{symbol.name}_den"] = int(number.p), int(number.q)
    return found


def test_the_cases_have_values_and_refusals() -> None:
    """Fails when the tests below compare nothing."""
    assert [sum(v is not None for _, v in c.rows) > 5 for c in cases()] == [True] * len(cases())
    assert sum(v is None for c in cases() for _, v in c.rows) > 10
    assert any(v is not None and v > 2**63 for c in cases() for _, v in c.rows)
    assert language_names() == (
        "c", "javascript", "numpy", "python", "spark", "spreadsheet", "sql", "sympy",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_python(language: str) -> None:
    """Fails when a function gives another value, or one where there is none."""
    if language == "numpy":
        pytest.importorskip("numpy", reason="NumPy is not installed")
    for case in cases():
        names: dict[str, Any] = {}
        exec(case.formula.export(language, name=case.name), names)
        for sizes, expected in case.rows:
            try:
                found = names[case.name](**arguments(case, sizes))
            except ValueError:
                found = None
            assert found == expected, (case.name, sizes)


def test_numpy_arrays() -> None:
    """Fails when an array of rows has other values than the rows, or wraps."""
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    vit = cases()[0]
    names: dict[str, Any] = {}
    exec(vit.formula.export("numpy", "D", "L", "F", name="macs"), names)
    rows = [(s["D"], s["L"], s.get("F", 4 * s["D"])) for s, _ in vit.rows] + [(10**4, 10**12, 1)]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    expected = [vit.formula.at(D=d, L=n, F=f, H=1) for d, n, f in rows]
    assert max(expected) > 2**63
    assert names["macs"](*columns).tolist() == expected
    assert names["macs"](*(c // 2**20 + 1 for c in columns)).dtype == np.int64
    with pytest.raises(TypeError, match="sizes are whole numbers"):
        names["macs"](columns[0] + 0.5, 1, 1)


def test_c(tmp_path: Path) -> None:
    """Fails when C gives another value, or none where 64 bits are enough by far."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed")
    parts, calls, expected = ["#include <stdio.h>"], [], []
    for case in cases():
        parts.append(case.formula.export("c", name=case.name))
        head = parts[-1].rpartition(f"int {case.name}(")[2].partition(")")[0]
        for sizes, number in case.rows:
            numbers = all_sizes(case, sizes)
            if numbers is None:
                continue
            given = []
            for parameter in head.split(", ")[:-1]:
                name = parameter.split()[-1].partition("[")[0]
                if parameter.endswith("]"):
                    lists = [s.name for s in symbols_named(case.formula._closed.derivation, name)]
                    inside = ", ".join(f"INT64_C({numbers[n]})" for n in lists)
                    given.append(f"(int64_t[]){{{inside}}}")
                else:
                    given.append(f"INT64_C({numbers[name]})")
            calls.append(f"show({case.name}({', '.join(given)}, &found));")
            expected.append(number)
    show = 'static int64_t found;\nstatic void show(int code) { printf("%d %lld\\n", code, '
    show += "code ? 0LL : (long long)found); }"
    parts += [show, "int main(void) {", *calls, "return 0; }"]
    (tmp_path / "a.c").write_text(once("\n".join(parts)), "utf-8")
    flags = ["-Wall", "-Wextra", "-Werror", "-Wno-type-limits", "-Wno-unused-function"]
    subprocess.run([gcc, *flags, "-o", "a", "a.c"], cwd=tmp_path, check=True, timeout=100)
    printed = subprocess.run([tmp_path / "a"], capture_output=True, text=True, check=True).stdout
    found = [tuple(map(int, line.split())) for line in printed.splitlines()]
    assert len(found) == len(expected) > 80
    for (code, number), value in zip(found, expected, strict=True):
        if code == 0:
            assert number == value
        elif code == 1:
            assert value is None or value > 2**50
        else:
            assert (code, value) == (2, None)
    assert {code for code, _ in found} == {0, 1, 2}


def once(code: str) -> str:
    """C with each helper once, though several functions bring their own."""
    parts = code.split("\n\n")
    helpers = [p for p in parts if p.startswith("static int")]
    return "\n\n".join(p for i, p in enumerate(parts) if p not in helpers or p not in parts[:i])


def test_javascript() -> None:
    """Fails when BigInt gives another value."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script, expected = [], []
    for case in cases():
        script.append(f"{{ {case.formula.export('javascript', name=case.name)}")
        for sizes, number in case.rows:
            given = json.dumps(arguments(case, sizes))
            script.append(
                f"try {{ console.log(String({case.name}({given}))) }} catch (e) {{"
                " if (!(e instanceof RangeError)) throw e; console.log('none') }"
            )
            expected.append("none" if number is None else str(number))
        script.append("}")
    ran = subprocess.run(
        [node, "-"],
        input="\n".join(script),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.stderr == ""
    assert ran.stdout.split() == expected


def test_sql() -> None:
    """Fails when DuckDB gives another value, or one for a row that breaks an assumption."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    base = duckdb.connect()
    for case in cases()[:PLAIN]:
        query = case.formula.export("sql")
        for sizes, expected in case.rows:
            numbers = all_sizes(case, sizes)
            if numbers is None:
                continue
            columns = ", ".join(
                f'{number}::HUGEINT AS "{name}"' for name, number in numbers.items()
            )
            try:
                ((found,),) = base.execute(f"SELECT {query} FROM (SELECT {columns})").fetchall()
            except duckdb.Error:
                found = None
            assert found == expected, (case.name, sizes)
    base.execute("CREATE TABLE t AS SELECT 64 * range AS D FROM range(1, 5)")
    query = zoo("vit").macs.export("sql", "D", L=12)
    rows = base.execute(f"SELECT D, {query} FROM t ORDER BY D").fetchall()
    assert rows == [(d, zoo("vit").macs.at(D=d, L=12, H=1)) for d in (64, 128, 192, 256)]
    half = "SELECT " + query + " FROM (SELECT 64.5 AS D)"
    with pytest.raises(duckdb.Error, match="`D` is not whole, or less than 1"):
        base.execute(half).fetchall()


@pytest.mark.slow
def test_spark() -> None:
    """Fails when Spark gives another value, one for a row that breaks an assumption, or one that
    does not fit into 64 bits."""
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    master = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = master.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    spark.conf.set("spark.sql.ansi.enabled", "true")
    try:
        for case, refusals in zip(cases()[:DIVISORS], (4, 1, 1), strict=True):
            in_spark(spark, case, refusals)
        query = zoo("vit").macs.export("spark", "D", L=12)
        frame = spark.range(64, 320, 64).withColumnRenamed("id", "D")
        rows = frame.selectExpr("D", f"{query} AS macs").collect()
        assert [tuple(row) for row in rows] == [
            (d, zoo("vit").macs.at(D=d, L=12, H=1)) for d in (64, 128, 192, 256)
        ]
        with pytest.raises(Exception, match="`D` is not whole, or less than 1"):
            spark.sql(f"SELECT {query} FROM (SELECT 64.5 AS D)").collect()
        spark.conf.set("spark.sql.ansi.enabled", "false")
        with pytest.raises(Exception, match=r"set spark\.sql\.ansi\.enabled to true"):
            frame.selectExpr(query).collect()
    finally:
        spark.stop()


def in_spark(spark: Any, case: Case, refusals: int) -> None:
    """Small values in one query, and some others and refusals in one of its own each."""
    query = case.formula.export("spark")
    small: list[tuple[dict[str, int], int | None]] = []
    others: list[tuple[dict[str, int], int | None]] = []
    for sizes, expected in case.rows:
        if (numbers := all_sizes(case, sizes)) is not None:
            near = expected is not None and expected < 2**50
            (small if near else others).append((numbers, expected))
    found = spark.createDataFrame([numbers for numbers, _ in small]).selectExpr(query).collect()
    assert [value for (value,) in found] == [expected for _, expected in small], case.name
    for numbers, expected in others[:refusals]:
        told = ""
        try:
            ((value,),) = spark.createDataFrame([numbers]).selectExpr(query).collect()
        except Exception as error:
            told, value = str(error), expected
        assert value == expected, (case.name, numbers)
        assert (expected is None) == ("USER_RAISED_EXCEPTION" in told), (case.name, numbers, told)
        assert expected is None or not told or "ARITHMETIC_OVERFLOW" in told, told


NOTHING = float("nan")
SHEET: dict[str, Callable[..., Any]] = {
    "IF": lambda asked, yes, no: yes if asked else no,
    "AND": lambda *parts: all(parts),
    "OR": lambda *parts: any(parts),
    "NOT": lambda part: not part,
    "MIN": min,
    "MAX": max,
    "MOD": lambda a, b: a % b if b else NOTHING,
    "GCD": lambda a, b: float(gcd(int(a), int(b))),
    "NA": lambda: NOTHING,
    "TRUE": True,  # type: ignore[dict-item]
    "FALSE": False,  # type: ignore[dict-item]
}


def in_cells(formula: str, cells: dict[str, float]) -> float:
    """What a cell shows: a spreadsheet reckons in floating point."""
    text = formula.strip().removeprefix("=").replace("=", "==")
    text = text.replace("<==", "<=").replace(">==", ">=")
    return float(eval(text, {"__builtins__": {}}, {**SHEET, **cells}))


def test_spreadsheet() -> None:
    """Fails when a cell shows another number than the exact one, or one that it cannot hold."""
    for case in cases()[:SHORT]:
        formula = case.formula.export("spreadsheet")
        for sizes, expected in case.rows:
            numbers = all_sizes(case, sizes)
            if numbers is None:
                continue
            cells = {("C_" if n == "C" else n): float(x) for n, x in numbers.items()}
            found = in_cells(formula, cells)
            if found == found:
                assert int(found) == expected, (case.name, sizes)
            else:
                assert expected is None or expected > 2**40, (case.name, sizes)
    assert in_cells(zoo("vit").macs.export("spreadsheet"), {
        "I": 224.0, "P": 16.0, "D": 768.0, "L": 12.0, "F": 3072.0, "C_": 1000.0,
    }) == 17563828224  # fmt: skip


def test_sympy() -> None:
    """Fails when the code makes another expression than that of the formula."""
    for case in cases():
        names: dict[str, Any] = {}
        exec(case.formula.export("sympy", name="found"), names)
        assert names["found"] == case.formula.expr
        spelled = case.formula._closed.derivation.known.spelled
        assert {s: spelled[s] for s in names["where"]} == names["where"]


@pytest.mark.parametrize(
    ("language", "file", "message"),
    [
        ("sql", MIXED, "`sql` has no exact power with a size as exponent"),
        ("spark", GCD, "`spark` has no exact common divisor"),
        ("spreadsheet", ROOTS, "`spreadsheet` has no exact whole root"),
        ("rust", ROOTS, "there is no language of code `rust`"),
    ],
)
def test_what_a_language_lacks_is_told(language: str, file: str, message: str) -> None:
    """Fails when code is written that would not be exact."""
    with pytest.raises(ClosedformError) as caught:
        loads(file).macs.export(language)
    assert caught.value.diagnostics[0].message == message


def test_names_that_mean_something_in_a_language() -> None:
    """Fails when a size takes the place of a word of the language, or of a variable of ours."""
    file = loads(
        "dim lambda\ndim int\ndim t1\ndim R\n\nmodel M(x: [lambda, int]):\n"
        "    return x -> linear(t1 + 1) -> linear(t1 + 1) -> linear(R)\n"
    )
    expected = file.macs.at(**{"lambda": 2, "int": 3, "t1": 4, "R": 5})
    names: dict[str, Any] = {}
    exec(file.macs.export("python"), names)
    assert names["macs"](2, 3, 4, 5) == expected
    exec(file.macs.export("sympy", name="found"), names)
    assert names["found"] == file.macs.expr
    assert "int64_t int_," in file.macs.export("c")
    assert "R_" in file.macs.export("spreadsheet")
