"""How long questions to the models of the zoo take, beside `import sympy`.

    python benchmarks/questions.py              # every question to every model, the slowest first
    python benchmarks/questions.py vit pvt      # to some models
    python benchmarks/questions.py --limit 10   # ends with 1 where one took more

Each question is a command, or a method of a closed form, carried out in a process that is forked
after the package was imported; what the import took is added. Told are seconds of processor as
multiples of those of `python -c "import sympy"`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from closedform.api import open_project, zoo
from closedform.cli import main as command
from closedform.derive.resolve.shipped import zoo_names
from closedform.errors import ClosedformError

ANSWERED = {0, 1, 5}  # a claim may be refuted, or not decided
REFUSED = 2
MOST = 10**9
PYTHON = "python"  # what is no command is asked of a closed form
ALL = "macs,flops,causal,hooks,torch,fvcore,thop,ptflops,full"


def cpu(*arguments: str) -> float:
    """The seconds of processor of a new process of Python."""
    process = subprocess.Popen([sys.executable, *arguments])
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime


def asked(arguments: list[str]) -> tuple[int, float]:
    """The exit code of a command in a fork of this process, and its seconds of processor."""
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = 70
        try:
            if arguments[0] == PYTHON:
                _, method, file, name, *rest = arguments
                code = 0
                getattr(zoo(file)[name].macs, method)(*rest)
            else:
                command(arguments)
        except ClosedformError:
            code = 1
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def questions(name: str) -> Iterator[list[str]]:
    """The questions to a file of the zoo, then those to each of its models, or to its blocks where
    it has no model."""
    project = open_project(name)
    yield ["diff", name, "vit"]
    if project.models():
        yield ["compare", name, "vit"]
    for entity in project.models() or project.parts():
        titles = [p.title for p in project.presets(entity)] if project.models() else []
        yield from of_model(name, entity.name, titles)


def of_model(file: str, name: str, presets: list[str]) -> Iterator[list[str]]:
    """The questions to a model or block: those without sizes, then one for each size at its first
    preset and one for each preset."""
    sizes = sorted(map(str, zoo(file)[name].macs.symbols))
    of, at = ["--of", name], ["--preset", presets[0]] if presets else []
    yield ["derive", file, *of, "--uncounted", "--convention", "hooks", "--to", "text"]
    yield ["derive", file, *of, "--convention", ALL, "--to", "md"]
    yield ["check", file, *of, "--claim", "flops == 3*macs"]
    yield ["check", file, *of, "--claim", "macs <= flops under full"]
    if sizes:
        first = ",".join(sizes[:3])
        yield ["derive", file, *of, "--rules", first, *at, "--to", "text"]
        growing = " ".join(f"{size}^2" for size in sizes[:2])
        yield ["check", file, *of, "--latex", f"O({growing})", "--measure", "macs"]
        yield ["check", file, *of, "--latex", rf"\frac{{1}}{{2}} {growing}", "--measure", "params"]
        for other in ("vit:ViT", "pvt:PVT", "llama:Llama", "resnet:ResNet"):
            yield ["compare", f"{file}:{name}", other, "--in", first, "--measure", "macs"]
    for size in sizes:
        yield ["derive", file, *of, "--rules", size, *at, "--to", "text"]
        yield ["solve", file, *of, "--for", size, "--budget", "macs=20G", *at]
        yield ["solve", file, *of, "--for", size, "--budget", "params=50M", *at]
        yield [PYTHON, "minimize", file, name, size, *presets[:1]]
        yield [PYTHON, "elasticity", file, name, size]
        if presets:
            yield ["compare", file, "vit", "--threshold", size, *at]
    for title in presets:
        yield ["explain", file, "--preset", title, "23.4567G"]
        yield ["explain", file, "--preset", title, "params=24M", "macs=4.1G"]


def main(arguments: list[str]) -> int:
    limit = float(MOST)
    if "--limit" in arguments:
        at = arguments.index("--limit")
        limit = float(arguments[at + 1])
        del arguments[at : at + 2]
    unit = median(cpu("-c", "import sympy") for _ in range(3))
    start = median(
        cpu("-c", "import closedform.cli, closedform.api, closedform.reason.explain, sympy")
        for _ in range(3)
    )
    found = []
    for name in arguments or zoo_names():
        for question in questions(name):
            code, seconds = asked(question)
            found.append(((start + seconds) / unit, code, " ".join(question)))
            if found[-1][0] > limit or code not in (*ANSWERED, REFUSED):
                print(f"{found[-1][0]:6.1f} ends with {code}: {found[-1][2]}", flush=True)
    found.sort(reverse=True)
    print(f"{len(found)} questions, import sympy {unit:.2f} s; the slowest:")
    for quotient, code, question in found[:20]:
        print(f"{quotient:6.1f} ends with {code}: {question}")
    return int(found[0][0] > limit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
