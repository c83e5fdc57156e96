"""The commands between PyTorch modules and files: `trace`, `import`, `verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from closedform.console import completion, options
from closedform.console.opening import opened
from closedform.console.output import give
from closedform.console.parameters import Strict, listed, pair
from closedform.errors import Source, visible

if TYPE_CHECKING:
    from closedform.torch.trace import Trace

Given = tuple[str, ...]


def _inputs(
    ctx: click.Context, param: click.Parameter, given: Given
) -> tuple[tuple[tuple[int | str, ...], str], ...]:
    """Sizes and type of `1,3,224,224:float32`; a size may be a name."""
    found = []
    for text in given:
        sizes, _, dtype = text.partition(":")
        row: list[int | str] = []
        for size in (part.strip() for part in sizes.split(",")):
            if not (size.isdecimal() and size.isascii()) and not size.isidentifier():
                raise click.UsageError(
                    f"--input takes sizes such as 1,3,224,224, and this is {text!r}"
                )
            row.append(int(size) if size.isdecimal() else size)
        found.append((tuple(row), dtype or "float32"))
    return tuple(found)


def _values(ctx: click.Context, param: click.Parameter, given: Given) -> dict[str, tuple[int, ...]]:
    """Sizes with several values each: `dim=192,204`."""
    found = {}
    for name, values in (pair(text, "--vary") for text in given):
        row = [value.strip() for value in values.split(",")]
        if not all(value.isdecimal() and value.isascii() and len(value) < 10 for value in row):
            raise click.UsageError(f"--vary {name} takes whole numbers, and this is {values!r}")
        found[name] = tuple(map(int, row))
    return found


def _words(ctx: click.Context, param: click.Parameter, given: Given) -> dict[str, object]:
    """Arguments of a factory: numbers, `true`, `false`, and words."""
    found: dict[str, object] = {}
    for name, value in (pair(text, "--with") for text in given):
        if value.isdecimal():
            found[name] = int(value)
        else:
            found[name] = {"true": True, "false": False}.get(value, value)
    return found


def _names(ctx: click.Context, param: click.Parameter, given: Given) -> dict[str, str]:
    """Sizes of a file and what they are in the code: `D=dim,L=depth`."""
    return dict(pair(part, "--map") for text in given for part in text.split(",") if part.strip())


def _input_option(required: bool) -> Callable[[options.Command], options.Command]:
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        required=required,
        callback=_inputs,
        metavar="SIZES[:TYPE]",
        help="An input, with a batch of 1: 1,3,224,224 or 1,T:int64. A size may be a name.",
    )


with_ = click.option(
    "--with",
    "named",
    multiple=True,
    callback=_words,
    metavar="NAME=VALUE",
    help="An argument of the factory, which stays as it is.",
)
map_ = click.option(
    "--map",
    "names",
    multiple=True,
    callback=_names,
    metavar="D=dim,...",
    help="Names of the file for sizes of the code.",
)


@click.command(cls=Strict)
@click.argument("factory")
@_input_option(required=True)
@with_
@click.option(
    "--vary",
    multiple=True,
    callback=_values,
    metavar="NAME=V,W",
    help="Trace at several values of a size: a parameter of the factory, or a size of an input.",
)
@click.option("-o", "--output", required=True, metavar="FILE", help="Write the trace here.")
def trace(
    factory: str,
    inputs: tuple[tuple[tuple[int | str, ...], str], ...],
    named: Mapping[str, object],
    vary: Mapping[str, tuple[int, ...]],
    output: str,
) -> None:
    """Run a PyTorch module once, without data, and write what it does.

    FACTORY is package.module:name of what makes the module. It is imported and called: trace only
    code that you trust. Needs PyTorch: pip install 'closedform[torch]'.
    """
    from closedform.torch.trace import written
    from closedform.torch.varying import traces

    give(written(traces(_tracer(factory, inputs, named), vary)), Path(output))


def _tracer(
    factory: str,
    inputs: tuple[tuple[tuple[int | str, ...], str], ...],
    named: Mapping[str, object],
) -> Callable[[Mapping[str, int]], Trace]:
    """What traces a factory at sizes; each trace has the time of a file of its own,
    and the memory of PyTorch is left out of account."""
    from closedform.torch.tracing import Wanted, trace

    wanted = tuple(Wanted(sizes, dtype) for sizes, dtype in inputs)
    watch = click.get_current_context().obj

    def traced(given: Mapping[str, int]) -> Trace:
        watch.more()
        with watch.others():
            return trace(factory, wanted, given, named)

    return traced


@click.command(name="import", cls=Strict)
@click.argument("file", shell_complete=completion.files)
@map_
@click.option("--ops", metavar="FILE", help="An .arch file that declares operations.")
@click.option("--first", is_flag=True, help="Take the first trace alone: a file of numbers.")
@click.option("-o", "--output", default=None, metavar="FILE", help="Write the file here.")
def import_(
    file: str, names: Mapping[str, str], ops: str | None, first: bool, output: str | None
) -> None:
    """Make an .arch file of a trace.

    Sizes that were varied become symbols. What was counted in the traces stands beside them as
    presets, and was compared with the formulas.
    """
    from closedform.files import read_text
    from closedform.torch.importing import imported
    from closedform.torch.trace import read_traces

    traces = read_traces(Source(file, read_text(Path(file))))
    made = imported(traces[:1] if first else traces, names, Path(ops) if ops else None)
    give(made, Path(output) if output else None)


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--against",
    required=True,
    multiple=True,
    callback=listed,
    metavar="FACTORY|TRACE,...",
    help="What makes the module, package.module:name, or traces of it, .json.",
)
@map_
@_input_option(required=False)
@with_
@options.part
@options.preset("Compare at this preset, in the place of all.", several=True)
def verify(
    file: str,
    against: Given,
    names: Mapping[str, str],
    inputs: tuple[tuple[tuple[int | str, ...], str], ...],
    named: Mapping[str, object],
    part: str | None,
    presets: Given,
) -> None:
    """Compare params and macs of a file with those of code, part by part where names match.

    A factory is imported and called, at the presets of the file and at random sizes: name only code
    that you trust. It needs PyTorch; traces, which are compared at their own sizes, do not. Ends
    with 1 at the first part that differs.
    """
    from closedform.files import read_text
    from closedform.torch.trace import read_traces
    from closedform.torch.verifying import at_presets, at_traces, verify

    project = opened(file)
    entity = project.part(part)
    stored = [name for name in against if name.endswith(".json")]
    if stored:
        if stored != [*against]:
            raise click.UsageError("--against takes one factory, or .json files of traces")
        if inputs or named or len(presets) > 1:
            raise click.UsageError(
                "--input and --with go with a factory, and traces take one --preset"
            )
        rows = [t for n in stored for t in read_traces(Source(n, read_text(Path(n))))]
        points = iter(at_traces(project, entity, rows, names, *presets))
    else:
        if len(against) != 1 or not inputs:
            raise click.UsageError("a factory of --against stands alone, and needs --input")
        traced = _tracer(against[0], inputs, named)
        points = at_presets(project, entity, traced, names, presets)
    found = verify(project, points)
    for title, costs in found.rows:
        click.echo(visible(f"at {title}: params = {costs.params}, macs = {costs.macs}"))
    alike = f", and so do {', '.join(found.parts)}" if found.parts else ""
    click.echo(visible(f"{project.module.title} agrees with {', '.join(against)}{alike}"))
