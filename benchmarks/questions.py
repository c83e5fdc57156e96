"""How long questions to the models of the zoo take, beside `import sympy`.

    python benchmarks/questions.py              # every question to every model, the slowest first
    python benchmarks/questions.py vit pvt      # to some models
    python benchmarks/questions.py --limit 10   # ends with 1 where one took more

Each question is a command, carried out in a process that is forked after the package was imported;
what the import took is added. Told are seconds of processor as multiples of those of
`python -c "import sympy"`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

ANSWERED = {0, 1, 5}  # a claim may be refuted, or not decided
REFUSED = 2
MOST = 10**9


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
        from closedform.cli import main  # imported before the fork

        code = 70
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def questions(name: str) -> Iterator[list[str]]:
    """The questions to a model of the zoo: those without sizes, then one for each size of its
    first preset and one for each preset."""
    from closedform.api import zoo

    model = zoo(name)
    presets = list(model.presets)
    yield ["derive", name, "--uncounted", "--convention", "hooks", "--to", "text"]
    yield ["derive", name, "--convention", "macs,flops,hooks,torch,fvcore,thop,full", "--to", "md"]
    yield ["check", name, "--claim", "flops == 3*macs"]
    yield ["check", name, "--claim", "macs <= flops under full"]
    yield ["diff", name, "vit"]
    yield ["compare", name, "vit"]
    sizes = sorted(map(str, model.macs.symbols))
    at = ["--preset", presets[0]] if presets else []
    if sizes:
        yield ["derive", name, "--rules", ",".join(sizes[:3]), *at, "--to", "text"]
        yield ["compare", f"{name}:{model.name}", "vit:ViT", "--in", ",".join(sizes[:3])]
        growing = " ".join(f"{size}^2" for size in sizes[:2])
        yield ["check", name, "--latex", f"O({growing})", "--measure", "macs"]
        yield ["check", name, "--latex", rf"\frac{{1}}{{2}} {growing}", "--measure", "params"]
    for size in sizes:
        yield ["derive", name, "--rules", size, *at, "--to", "text"]
        yield ["solve", name, "--for", size, "--budget", "macs=20G", *at]
        yield ["solve", name, "--for", size, "--budget", "params=50M", *at]
        yield ["compare", name, "vit", "--threshold", size, *at]
    for title in presets:
        yield ["explain", name, "--preset", title, "23.4567G"]
        yield ["explain", name, "--preset", title, "params=24M", "macs=4.1G"]


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
    import closedform.api  # imported late, so that what they take is measured
    import closedform.cli  # noqa: F401
    from closedform.derive.resolve.shipped import zoo_names

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
