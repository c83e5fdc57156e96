"""Sweeps and functions of a formula, against the exact value of every single row."""

from __future__ import annotations

import io
import random
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closedform import ClosedformError
from closedform.api import Architecture, Formula, Part
from closedform.api import zoo as zoo_file
from closedform.derive.solve.given import size_table
from closedform.sweeps import progress, tables

np = pytest.importorskip("numpy", reason="NumPy is not installed: sweeps need it")
pd = pytest.importorskip("pandas", reason="pandas is not installed: sweeps give data frames")


def models(file: Architecture) -> list[Part]:
    return [Part(file._project, entity) for entity in file._project.models()]


def drawn(formula: Formula, count: int, rng: random.Random) -> dict[str, list[Any]]:
    """Random rows of every size of a formula, near its defaults where it has some."""
    derivation = formula._closed.derivation
    names = {s.name: s for symbols in size_table(derivation).values() for s in symbols}
    rows: dict[str, list[Any]] = {}
    for name, symbol in sorted(names.items()):
        default = derivation.defaults.get(symbol)
        if default is not None and not default.is_Integer:
            continue
        base = int(default) if default is not None else 64
        usual = [base, 2 * base, base // 2 or 1]
        rows[name] = [
            rng.choice(usual) if rng.random() < 0.95 else rng.randint(1, 2 * base)
            for _ in range(count)
        ]
        if not symbol.is_integer:
            rows[name] = [Fraction(value, rng.choice((1, 2, 4))) for value in rows[name]]
    return rows


def value(formula: Formula, sizes: dict[str, Any]) -> int | None:
    try:
        return formula.at(**sizes)
    except ClosedformError:
        return None


MODELS = ("vit", "pvt", "swin", "densenet", "mobilenet_v1", "albert")


@pytest.mark.parametrize("name", MODELS)
def test_every_row_has_the_exact_value(name: str) -> None:
    """Fails when a row differs from the value of its sizes alone, or is marked without reason."""
    rng, count = random.Random(name), 16
    for part in models(zoo(name)):
        rows = drawn(part.params, count, rng)
        found = part.sweep(rows=rows, broken="mark", to="numpy")
        assert found["holds"].any()
        for at in range(count):
            sizes = {key: values[at] for key, values in rows.items()}
            for measure in ("params", "macs"):
                expected = value(part.measure(measure), sizes)
                if found["holds"][at]:
                    assert found[measure][at] == expected, sizes
                else:
                    assert found[measure][at] is np.ma.masked
            holds = all(value(part.measure(m), sizes) is not None for m in ("params", "macs"))
            assert found["holds"][at] == holds, sizes


LARGE = st.integers(1, 2**40) | st.integers(1, 60)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(LARGE, LARGE, LARGE), min_size=1, max_size=5))
def test_no_number_wraps(rows: list[tuple[int, int, int]]) -> None:
    """Fails when a value that 64 bits do not hold is not a Python integer, or is not exact."""
    expected = [vit().macs.at(D=d, L=n, F=f, H=1) for d, n, f in rows]
    columns = dict(zip("DLF", map(list, zip(*rows, strict=True)), strict=True))
    found = vit().sweep(rows=columns, H=1, measures=["macs"]).macs
    assert [int(n) for n in found] == expected
    assert found.dtype in (np.int64, object)
    assert found.dtype == object or max(expected) < 2**63
    function = vit().macs.function("D", "L", "F", H=1)
    assert function(*columns.values()).tolist() == expected
    assert [function(*row) for row in rows] == expected


@cache
def zoo(name: str) -> Architecture:
    return zoo_file(name)


def vit() -> Architecture:
    return zoo("vit")


def test_where_64_bits_are_enough_they_are_taken() -> None:
    """Fails when small numbers come as objects, or large ones do not."""
    small = vit().sweep(D=[64, 128], L=[1, 2], H=1)
    assert [str(kind) for kind in small.dtypes] == ["int64"] * 5
    large = vit().sweep(D=[64, 2**40], L=1, H=1)
    assert [str(kind) for kind in large.dtypes] == ["int64"] * 3 + ["object"] * 2
    assert large.macs.tolist() == [vit().macs.at(D=d, L=1, H=1) for d in (64, 2**40)]


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_a_grid_has_all_combinations(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a block is missing, twice, or in another place."""
    monkeypatch.setattr(tables, "CHUNK", chunk)
    done: list[tuple[int, int]] = []
    sizes = {"N": range(1, 5), "D": [64, 128, 192], "L": 12, "F": [100, 200]}
    found = vit().sweep(**sizes, H=4, progress=lambda *at: done.append(at))
    rows = list(product(range(1, 5), [64, 128, 192], [12], [100, 200], [4]))
    assert list(found.columns) == ["N", "D", "L", "F", "H", "params", "macs"]
    assert list(found[["N", "D", "L", "F", "H"]].itertuples(index=False, name=None)) == rows
    macs = [vit().macs.function("N", "D", "L", "F", "H")(*row) for row in rows]
    assert found.macs.tolist() == macs
    assert done[-1] == (24, 24)
    assert [at for at, _ in done] == sorted({at for at, _ in done})
    assert vit().sweep(rows=found[["N", "D", "L", "F", "H"]]).equals(found)


def test_presets_and_abbreviations() -> None:
    """Fails when the table of presets lacks one, or an abbreviation is no column."""
    found = vit().sweep(preset=vit().presets, measures=["params", "macs", "N"])
    assert tuple(found.preset) == vit().presets
    assert found.macs.tolist() == [vit().macs.at(title) for title in vit().presets]
    assert found.N.tolist()[:4] == [196, 196, 49, 784]
    pvt = zoo("pvt")
    both = pvt.sweep(preset=pvt.presets[:2], I=[224, 256], measures=["macs"])
    expected = [pvt.macs.at(title, I=i) for title in pvt.presets[:2] for i in (224, 256)]
    assert both.macs.tolist() == expected


def test_formulas_as_columns() -> None:
    """Fails when a part of a model is no column, or one in other sizes is."""
    parts = {name: vit().part(f"EncoderLayer.{name}").macs for name in ("MLP", "SelfAttention")}
    found = vit().sweep(preset="ViT-B/16", N=[196, 576], measures=parts)
    assert list(found.columns) == ["N", "MLP", "SelfAttention"]
    assert found.MLP.tolist() == [2 * t * 768 * 3072 for t in (197, 577)]
    assert found.SelfAttention.tolist() == [4 * t * 768**2 + 2 * t**2 * 768 for t in (197, 577)]
    own = {"MLP": vit()["MLP"].macs}
    assert_told("`MLP` is not in the sizes of `ViT`", lambda: vit().sweep(d=1, measures=own))


def test_quotients_and_differences() -> None:
    """Fails when what arithmetic gives is refused in a sweep, or rounded."""
    mlp, attention = (vit().part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
    formulas = {
        "ratio": mlp / attention,
        "apart": mlp - attention,
        "third": mlp / 3,
        "of": vit().macs / vit().params,
        "elasticity": attention.elasticity("T"),
        "inverse": 1 / mlp,
    }
    sizes: dict[str, Any] = {"N": [196, 577], "D": [192, 768], "L": [12, 10**6]}
    found = vit().sweep(preset="ViT-B/16", measures=formulas, **sizes)
    rows = found[["N", "D", "L"]].to_dict("records")
    for name, formula in formulas.items():
        values = [formula.at("ViT-B/16", **row) for row in rows]
        assert found[name].tolist() == values, name
        function: Any = formula.function("N", "D", "L", preset="ViT-B/16")
        assert [function(**row) for row in rows] == values, name
        assert function(*(found[n].to_numpy() for n in sizes)).tolist() == values, name
    assert found.ratio[0] == Fraction(768, 581)
    assert (found.third.dtype, found.apart.dtype, found.ratio.dtype) == ("int64", "int64", "O")


def test_a_frame_has_each_column_once() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = pandas.DataFrame([[192, 384]], columns=["D", "D"])
    with pytest.raises(ClosedformError) as caught:
        vit().sweep(rows=rows, L=12, H=3)
    assert str(caught.value) == (
        "error[argument]: the rows have several columns `D`\n     = help: keep one, as of a frame "
        "`frame.loc[:, ~frame.columns.duplicated()]` does"
    )


def test_a_quotient_by_nothing() -> None:
    """Fails when a row whose denominator is 0 has a value."""
    mlp = vit().part("EncoderLayer.MLP").macs
    formula = mlp / (mlp - 2 * 197 * 768 * 3072)
    told = "error[fraction]: {} is divided by 0\n     = note: {}"
    sizes: dict[str, Any] = {"T": 197, "F": 3072}
    help_ = '\n     = help: broken="mark" goes on, and marks such rows in a column `holds`'
    with pytest.raises(ClosedformError) as caught:
        vit().sweep(D=[384, 768], measures={"q": formula}, **sizes)
    note = "in row 1, with D = 768, T = 197, F = 3072"
    assert str(caught.value) == told.format("`q`", note) + help_
    marked = vit().sweep(D=[384, 768], measures={"q": formula}, broken="mark", **sizes)
    assert marked.q.tolist()[0] == -1
    assert marked.holds.tolist() == [True, False]
    function: Any = formula.function("D", **sizes)
    for many in (768, [384, 768]):
        with pytest.raises(ClosedformError) as caught:
            function(many)
        assert str(caught.value) == told.format("this formula", "with D = 768")


def test_a_condition_that_is_the_same_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a condition that is one truth value in a block is taken for an array."""
    monkeypatch.setattr(tables, "CHUNK", 4)
    sizes = {"L": [[2, 2, 2, 2]], "I": [32, 64], "D_3": [40, 45], "E_1": [1, 2, 3]}
    found = zoo("pvt").sweep(**sizes, measures=["macs"])
    for row in found.itertuples(index=False):
        assert row.macs == zoo("pvt").macs.at(I=row.I, L=2, D_3=row.D_3, E_1=row.E_1)


def test_a_long_sweep_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a sweep of many blocks says nothing, or leaves its line behind."""
    monkeypatch.setattr(tables, "CHUNK", 4)
    monkeypatch.setattr(progress, "LONG", 0)
    seen = io.StringIO()
    monkeypatch.setattr(progress.sys, "stderr", seen)
    vit().sweep(N=range(1, 13), D=64, L=1, H=1)
    assert seen.getvalue() == ""  # nobody looks at it
    monkeypatch.setattr(seen, "isatty", lambda: True)
    vit().sweep(N=range(1, 13), D=64, L=1, H=1)
    lines = [line.rstrip() for line in seen.getvalue().split("\r")]
    assert lines == [
        "",
        "33% [########................] 4 of 12 rows, 0 s left",
        "66% [################........] 8 of 12 rows, 0 s left",
        "",
        "",
    ]
    seen.truncate(0)
    vit().sweep(N=range(1, 13), D=64, L=1, H=1, progress=lambda done, total: None)
    assert seen.getvalue() == ""


def test_lists_of_sizes() -> None:
    """Fails when a list is taken for the numbers of a grid, or gets one column."""
    found = zoo("pvt").sweep(L=[[2, 2, 2, 2], [3, 4, 6, 3]], measures=["params"])
    assert list(found.columns) == ["L_1", "L_2", "L_3", "L_4", "params"]
    assert found.params.tolist() == [13229288, 24485864]


def test_an_abbreviation_that_is_given() -> None:
    """Fails when N = 577 is refused for the sizes it takes the place of, or is not compared."""
    macs = vit().macs.function("N", "D", preset="ViT-B/16")
    assert macs(196, 768) == vit().macs.at("ViT-B/16")
    assert macs(577, 768) == macs(np.array([577]), 768)[0]
    message = "`N` is given, and I^2/P^2 is another number"
    assert_told(message, lambda: vit().macs.function("N", "I", preset="ViT-B/16")(196, 225))
    assert vit().macs.function("N", "I", preset="ViT-B/16")(196, 224) == macs(196, 768)
    both = vit().macs.function("N", "T", preset="ViT-B/16")
    assert both(196, 197) == macs(196, 768)
    assert_told("`T` is given, and N + 1 is another number", lambda: both(196, 5))


def test_a_row_that_does_not_hold() -> None:
    """Fails when a row that breaks an assumption has a value in some form."""
    rows = {"D": [64, 65], "L": [1, 1], "H": [4, 4]}
    with pytest.raises(ClosedformError) as caught:
        vit().sweep(rows=rows)
    assert str(caught.value) == (
        "error[assume]: the formula rests on `H | D`, which does not hold\n"
        "     = note: in row 1, with D = 65, L = 1, H = 4\n"
        '     = help: broken="mark" goes on, and marks such rows in a column `holds`'
    )
    marked = vit().sweep(rows=rows, broken="mark")
    assert marked.holds.tolist() == [True, False]
    assert marked.macs.isna().tolist() == [False, True]
    assert marked.macs[0] == vit().macs.at(D=64, L=1, H=4)
    masked = vit().sweep(rows=rows, broken="mark", to="numpy")
    assert masked["macs"].mask.tolist() == [False, True]
    large = vit().sweep(rows={**rows, "L": [10**19] * 2}, broken="mark")
    assert large.macs.isna().tolist() == [False, True]


def test_rows_keep_their_index() -> None:
    """Fails when the rows of a frame cannot be told apart in the table."""
    frame = pd.DataFrame({"D": [64, 128], "L": 1, "H": 1}, index=["small", "large"])
    assert list(vit().sweep(rows=frame).index) == ["small", "large"]


def test_polars() -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    rows = {"D": [64, 65], "L": [1, 1], "H": [4, 4]}
    found = vit().sweep(rows=rows, broken="mark", to="polars", measures=["macs"])
    assert found["macs"].to_list() == [vit().macs.at(D=64, L=1, H=4), None]
    large = vit().sweep(D=2**40, L=1, H=1, to="polars", measures=["macs"])
    assert large["macs"].to_list() == [vit().macs.at(D=2**40, L=1, H=1)]


def test_xarray() -> None:
    pytest.importorskip("xarray", reason="xarray is not installed")
    found = vit().sweep(D=[64, 65], L=[1, 2], H=4, broken="mark", to="xarray")
    assert found.macs.dims == ("D", "L", "H")
    assert found.macs.sel(D=64, L=2).values.tolist() == [vit().macs.at(D=64, L=2, H=4)]
    assert found.macs.sel(D=65).values.tolist() == [[None], [None]]
    assert vit().sweep(D=[64], L=[1, 2], H=4, to="xarray").macs.dtype == np.int64


def test_dask() -> None:
    """Fails when an array in parts is computed at once, or has other values."""
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    macs = vit().macs.function("D", "L", H=1)
    found = macs(da.from_array(np.arange(64, 164), chunks=30), 12)
    assert found.chunks == ((30, 30, 30, 10),)
    assert found.compute().tolist() == [macs(d, 12) for d in range(64, 164)]
    assert_told(
        "macs may be too large for 64 bits in a block",
        lambda: macs(da.from_array(np.array([2**40]), chunks=1), 1).compute(),
    )


def test_dask_frames() -> None:
    """Fails when a frame in parts is computed at once, or has other values."""
    dd = pytest.importorskip("dask.dataframe", reason="dask[dataframe] is not installed")
    frame = pd.DataFrame({"D": range(64, 164), "L": 12})
    found = vit().sweep(rows=dd.from_pandas(frame, npartitions=3), H=1, preset="ViT-B/16")
    assert found.npartitions == 3
    assert list(found.index.compute()) == list(range(100))
    assert found.compute().equals(vit().sweep(rows=frame, H=1, preset="ViT-B/16"))


@pytest.mark.slow
def test_a_cluster_of_dask() -> None:
    """Fails when a function or a sweep cannot go to another process, or is other there."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    import dask.array as da
    import dask.dataframe as dd

    frame = pd.DataFrame({"D": range(64, 164), "L": 12})
    macs = vit().macs.function("D", "L", H=1)
    cluster = distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        found = macs(da.from_array(np.arange(64, 164), chunks=30), 12).compute()
        swept = vit().sweep(rows=dd.from_pandas(frame, npartitions=3), H=1).compute()
    assert found.tolist() == [macs(d, 12) for d in range(64, 164)]
    assert swept.equals(vit().sweep(rows=frame, H=1))


def test_a_ratio_is_exact() -> None:
    """Fails when a ratio is taken as a float."""
    ratios = [Fraction(1, 2), Fraction(3, 4), 1]
    found = zoo("mobilenet_v1").sweep(A=ratios, measures=["params"])
    assert found.A.tolist() == ratios
    assert found.params.tolist() == [zoo("mobilenet_v1").params.at(A=a) for a in ratios]
    params = zoo("mobilenet_v1").params.function("A")
    assert params(Fraction(3, 4)) == zoo("mobilenet_v1").params.at(A=Fraction(3, 4))


def assert_told(message: str, job: Callable[[], object]) -> None:
    with pytest.raises(ClosedformError) as caught:
        job()
    assert caught.value.diagnostics[0].message == message


@pytest.mark.parametrize(
    ("message", "job"),
    [
        ("`d` is no size of `ViT`", lambda: vit().sweep(d=64)),
        ("`D` takes exact numbers, and this is 64.0", lambda: vit().sweep(D=[64.0], L=1)),
        ("`D` takes exact numbers, and this is True", lambda: vit().sweep(D=[True], L=1)),
        ("`D` is 0, and a size is a positive whole number", lambda: vit().sweep(D=[1, 0], L=1)),
        ("`L` has no value", lambda: vit().sweep(D=64)),
        ("`broken` is 'skip'", lambda: vit().sweep(D=64, L=1, broken="skip")),
        ("a sweep has no form 'csv'", lambda: vit().sweep(D=64, L=1, to="csv")),
        ("`rows` is list", lambda: vit().sweep(rows=[{"D": 1}])),
        ("the rows have no columns", lambda: vit().sweep(rows={})),
        (
            "the rows are not of one length: `D` has 2, `L` has 1",
            lambda: vit().sweep(rows={"D": [1, 2], "L": [1]}),
        ),
        ("`D` is given twice", lambda: vit().sweep(rows={"D": [1]}, D=1, L=1)),
        ("there is no preset to sweep over", lambda: vit().sweep(preset=[])),
        (
            "`L` is a list of 4 sizes, and goes through lists",
            lambda: zoo("pvt").sweep(L=[2, 2, 2, 2]),
        ),
        ("`L` is a list of 4 sizes", lambda: zoo("pvt").macs.function("L")),
        ("`L` is a list of 4 sizes", lambda: zoo("pvt").sweep(rows={"L": [1]})),
        ("`L` has 4 elements, and 2 are given", lambda: zoo("pvt").sweep(L=[[2, 2]])),
        (
            "macs is here a function of D, L, and is given 1 sizes",
            lambda: vit().macs.function("D", "L", H=1)(64),
        ),
        (
            "macs is here a function of D, L, and is given 2 sizes, `d` among them",
            lambda: vit().macs.function("D", "L", H=1)(64, d=1),
        ),
        (
            "`D` takes exact numbers, and this is 64.0",
            lambda: vit().macs.function("D", "L", H=1)(64.0, 1),
        ),
        (
            "`D` takes exact numbers, and this is 64.0",
            lambda: vit().macs.function("D", "L", H=1)(np.array([64.0]), 1),
        ),
        (
            "the formula rests on `H | D`, which does not hold",
            lambda: vit().macs.function("D", "L", H=3)(np.array([64, 63]), 1),
        ),
    ],
)
def test_what_is_wrong_is_told(message: str, job: Callable[[], object]) -> None:
    """Fails when a mistake goes through, or is told by a library."""
    assert_told(message, job)


def test_memory_is_bounded() -> None:
    """Fails when steps of a sweep are kept for all rows at once."""
    count = 400_000
    rows = {name: np.full(count, n) for name, n in {"N": 196, "D": 768, "L": 12, "F": 99}.items()}
    vit().sweep(rows=rows, H=1, measures=["macs"], to="numpy")
    tracemalloc.start()
    found = vit().sweep(rows=rows, H=1, measures=["macs"], to="numpy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["macs"].size == count
    assert peak < 9 * count + 20 * 8 * tables.CHUNK  # values, whether they hold, and some blocks
