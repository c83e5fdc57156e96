"""How long commands take, as ratios measured side by side in one run.

    python benchmarks/speed.py            # the table
    python benchmarks/speed.py --write    # the same, kept in benchmarks/speed.json
    python benchmarks/speed.py --check    # ends with 1 where a quick row got 1.2 times worse

Each command runs in a process of its own beside one that imports SymPy, and what is told is the
median of the quotients of their seconds of processor, so that another machine, or a busy one, gives
nearly the same number. Memory is told in the same way. Rows without a process are quotients of two
things that are done in turns. A row that needs a package which is not there is not measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

    from closedform.explore.formula import Formula

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the package is compiled once

KEPT = Path(__file__).with_name("speed.json")
WORSE = 1.2
LEAST = 0.15  # what may come and go on a busy machine, beside the import of SymPy
PAIRS = 3
CHECKED = 5
AGAIN = 3  # how often a row that seems worse is measured again

MODEL = "dim D\n\nmodel M(x: [4, D]):\n    return x -> linear(D)\n"
COMPLETION = {"_CLOSEDFORM_COMPLETE": "bash_complete", "COMP_WORDS": "closedform derive vi"}


@dataclass(frozen=True)
class Used:
    """What a process used."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Row:
    """A quotient, and the goal for it; one that is quick is measured in every check."""

    what: str
    quotient: Callable[[], float]
    goal: str
    quick: bool = False
    needs: str | None = None  # a package that is no requirement of ours


def used(*arguments: str) -> Used:
    """What Python used with these arguments."""
    environment = {**os.environ, **COMPLETION, "COMP_CWORD": "2"}
    if arguments[-1] != "completion":
        environment = dict(os.environ)
    process = subprocess.Popen(
        [sys.executable, *(word for word in arguments if word != "completion")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    _, _, usage = os.wait4(process.pid, 0)
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def beside_sympy(part: str, command: str) -> Callable[[], float]:
    """The quotient of a command and of `import sympy`."""

    def quotient() -> float:
        found = used("-m", "closedform", *command.split())
        return float(getattr(found, part) / getattr(used("-c", "import sympy"), part))

    return quotient


def beside(job: Callable[[], object], other: Callable[[], object]) -> Callable[[], float]:
    """The quotient of the times of two things that are done in turns."""

    def seconds(done: Callable[[], object]) -> float:
        done()  # what is made once is made
        start = time.process_time()
        done()
        return time.process_time() - start

    return lambda: seconds(job) / seconds(other)


def repeated(times: int) -> str:
    return (
        "dim N\ndim D\n\nmodel M(x: [N, D]):\n"
        f"    repeat {times}:\n        x = x + (x -> layernorm -> linear(D))\n    return x\n"
    )


def layers(count: int) -> str:
    """Different layers: each has a width of its own."""
    body = "".join(f"    x = x -> linear({at + 1}*D) -> gelu\n" for at in range(count))
    return f"dim N\ndim D\n\nmodel M(x: [N, D]):\n{body}    return x\n"


def symbols(count: int) -> str:
    """As many layers as symbols, and a term of the formula for each."""
    dims = "".join(f"dim D{at}\n" for at in range(count))
    body = "".join(f"    x = x -> linear(D{at})\n" for at in range(1, count))
    return f"dim N\n{dims}\nmodel M(x: [N, D0]):\n{body}    return x\n"


def undecided(count: int) -> str:
    """Blocks with two conditions each that nothing decides."""
    blocks = "".join(
        f"block B{at}(x: [n, d], h, w):\n"
        f"    if h > {at}:\n        x = x -> linear(d)\n"
        f"    if w > {at}:\n        x = x -> gelu\n    return x\n\n"
        for at in range(1, count + 1)
    )
    body = "".join(f"    x = B{at}(x, H, W)\n" for at in range(1, count + 1))
    return f"dim N\ndim D\ndim H\ndim W\n\n{blocks}model M(x: [N, D]):\n{body}    return x\n"


COUNTED_BY_TORCH = """
import torch
from torch.utils.flop_counter import FlopCounterMode
with torch.device("meta"), FlopCounterMode(display=False) as counter:
    layer = torch.nn.TransformerEncoderLayer(768, 12, 3072, batch_first=True, norm_first=True)
    patches, head = torch.nn.Conv2d(3, 768, 16, 16), torch.nn.Linear(768, 1000)
    x = patches(torch.empty(1, 3, 224, 224)).flatten(2).transpose(1, 2)
    x = torch.nn.TransformerEncoder(layer, 12)(torch.cat([x, torch.empty(1, 1, 768)], 1))
    head(x[:, 0])
print(counter.get_total_flops())
"""


def torch_beside_ours() -> float:
    """How many times longer PyTorch's counter takes to the work of ViT-B/16, in new processes."""
    ours = used("-m", "closedform", "derive", "vit", "--preset", "ViT-B/16", "--to", "text")
    return used("-c", COUNTED_BY_TORCH).seconds / ours.seconds


def report(text: str) -> object:
    """The whole report of a text."""
    from closedform.api import loads  # late, as below

    return loads(text).report(to="text")


@cache
def lark_alone() -> Lark:
    """The parser, which makes Lark's own trees."""
    from closedform.grammar.lalr import ARCH, made  # late, as below
    from closedform.grammar.parser import Indentation

    return made(ARCH, ARCH.text, Indentation())


def parsed_by_lark(text: str) -> object:
    """The tree that Lark makes of a text, without what we make of that."""
    from closedform.errors import Source  # late, as below
    from closedform.grammar.builder import current_source

    token = current_source.set(Source("m", text))
    try:
        return lark_alone().parse(text + "\n", start="start")
    finally:
        current_source.reset(token)


def derive(text: str) -> object:
    from closedform.api import (
        loads,
    )  # late: the memory of this process is that of a new one at first

    return loads(text).macs.expr


@cache
def macs(name: str) -> Formula:
    from closedform.api import zoo  # late, as above

    return zoo(name).macs


def at_a_preset(name: str, preset: str) -> Callable[[], object]:
    return lambda: [macs(name).at(preset) for _ in range(20)]


def rows(folder: Path) -> list[Row]:
    """The rows of the table."""
    (folder / "m.arch").write_text(MODEL)
    file = str(folder / "m.arch")
    seconds, memory = "seconds", "memory"
    return [
        Row("--help", beside_sympy(seconds, "--help"), "0.3", True),
        Row("fmt", beside_sympy(seconds, f"fmt {file}"), "0.3", True),
        Row("zoo list", beside_sympy(seconds, "zoo list"), "0.3", True),
        Row("completion", beside_sympy(seconds, "completion"), "0.3", True),
        Row("derive vit --to tex", beside_sympy(seconds, "derive vit --to tex"), "1.25", True),
        Row("derive pvt", beside_sympy(seconds, "derive pvt"), "2"),
        Row("derive efficientnet", beside_sympy(seconds, "derive efficientnet"), "3"),
        Row("check vit", beside_sympy(seconds, "check vit"), "1.4"),
        Row("check --zoo", beside_sympy(seconds, "check --zoo"), "12"),
        Row(
            "a new process to ViT-B/16: PyTorch's counter",
            torch_beside_ours,
            "8 or more",
            needs="torch",
        ),
        Row("memory of check --zoo", beside_sympy(memory, "check --zoo"), "1.6"),
        Row("memory of derive vit", beside_sympy(memory, "derive vit --to tex"), "1.4", True),
        Row(
            "repeat 10^999 against 12",
            beside(lambda: derive(repeated(10**999)), lambda: derive(repeated(12))),
            "1.1",
        ),
        Row(
            "a layer of 400 against one of 100",
            beside(lambda: derive(layers(400)), lambda: [derive(layers(100)) for _ in range(4)]),
            "1.3",
        ),
        Row(
            "a report: a layer of 400 against one of 100",
            beside(lambda: report(layers(400)), lambda: [report(layers(100)) for _ in range(4)]),
            "1.3",
        ),
        Row(
            "a symbol of 400 against one of 100",
            beside(lambda: derive(symbols(400)), lambda: [derive(symbols(100)) for _ in range(4)]),
            "1.3",
        ),
        Row(
            "400 layers against Lark's parse",
            beside(lambda: derive(layers(400)), lambda: parsed_by_lark(layers(400))),
            "5",
        ),
        Row(
            "a report of 400 layers against Lark's parse",
            beside(lambda: report(layers(400)), lambda: parsed_by_lark(layers(400))),
            "10",
        ),
        Row(
            "16 blocks with two undecided ifs against 4",
            beside(lambda: derive(undecided(16)), lambda: derive(undecided(4))),
            "4",
        ),
        Row(
            ".at of efficientnet against vit",
            beside(at_a_preset("efficientnet", "EfficientNet-B0"), at_a_preset("vit", "ViT-B/16")),
            "5",
        ),
    ]


def measured(row: Row, pairs: int) -> float:
    return median(row.quotient() for _ in range(pairs))


def check(table: dict[str, float], chosen: list[Row]) -> list[str]:
    """The rows that got worse, each time that they were measured."""
    worse = []
    for row in chosen:
        limit = max(WORSE * table[row.what], table[row.what] + LEAST)
        found = measured(row, CHECKED)
        for _ in range(AGAIN):
            if found <= limit:
                break
            found = min(found, measured(row, CHECKED))
        print(f"{row.what:<48}{found:8.2f}{table[row.what]:8.2f}", flush=True)
        if found > limit:
            worse.append(f"{row.what}: {found:.2f}, and {table[row.what]:.2f} before")
    return worse


def main(arguments: list[str]) -> int:
    with TemporaryDirectory() as name:
        known = rows(Path(name))
        if "--check" in arguments:
            worse = check(json.loads(KEPT.read_text()), [row for row in known if row.quick])
            print("\n".join(worse) or "nothing got worse")
            return bool(worse)
        print(f"{'':<48}{'now':>8}{'goal':>8}")
        found = {}
        for row in known:
            if row.needs and find_spec(row.needs) is None:
                print(f"{row.what:<48}not measured: needs {row.needs}", flush=True)
                continue
            found[row.what] = round(measured(row, PAIRS), 2)
            print(f"{row.what:<48}{found[row.what]:8.2f}{row.goal:>8}", flush=True)
    if "--write" in arguments:
        KEPT.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
