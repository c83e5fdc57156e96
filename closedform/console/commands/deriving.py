"""The command that derives the closed forms of a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from closedform.choices import FORMS, STAGES
from closedform.console import completion, options, terminal
from closedform.console.opening import opened
from closedform.console.output import format_of, give, warn, warn_of_width
from closedform.console.parameters import FormatName, Strict
from closedform.render import formats


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--of",
    "part",
    metavar="NAME",
    shell_complete=completion.parts,
    help="The model or block to derive.",
)
@options.symbols(
    "--in",
    "The symbols to express the formulas in. Several with commas, or with the option again.",
    "names",
)
@options.measures
@options.convention
@options.dtype
@options.when("Derive under conditions, as a claim has them: 'r > 1, r | side'.")
@options.preset("Give the numbers of a preset too.")
@options.sizes
@options.ignored
@click.option("--defaults", is_flag=True, help="Put the defaults of the file into the formulas.")
@click.option(
    "--form",
    type=click.Choice(FORMS),
    default="shortest",
    show_default=True,
    help="How formulas are arranged.",
)
@click.option(
    "--stages",
    type=click.Choice(STAGES),
    default="sum",
    show_default=True,
    help="Stages as a sum over s, or each by itself.",
)
@click.option("--to", type=FormatName(formats.own_names), help="The format of the report.")
@click.option(
    "--template",
    default=None,
    metavar="FILE",
    help="Fill in a template of your own, in the language of --to. "
    "A template can run code: use only one that you trust.",
)
@click.option("--claims", is_flag=True, help="Print the claims of the file too, with verdicts.")
@options.symbols(
    "--rules",
    "Say what rules as these sizes grow: leading terms, which is largest where, elasticities.",
)
@click.option(
    "--uncounted",
    is_flag=True,
    help="Say how much the convention leaves out, operation by operation.",
)
@click.option(
    "--kinds", is_flag=True, help="Say what the operations of each kind cost, and their shares."
)
@click.option("--steps", is_flag=True, help="Print the derivation, step by step.")
@options.width
@options.lang
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def derive(
    file: str,
    part: str | None,
    names: tuple[str, ...],
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    preset: str | None,
    sizes: Mapping[str, int],
    ignored: tuple[str, ...],
    when: str | None,
    defaults: bool,
    form: str,
    stages: str,
    to: str | None,
    template: str | None,
    claims: bool,
    rules: tuple[str, ...],
    uncounted: bool,
    kinds: bool,
    steps: bool,
    width: str | None,
    lang: str,
    output: str | None,
) -> None:
    """Derive the closed forms of a model, and print a report.

    FILE is an .arch file, the name of a model of the zoo, or the config.json of a model. On a
    terminal the report is plain text, elsewhere Markdown, unless --to or the suffix of --output
    says otherwise.
    """
    from closedform.errors import Source
    from closedform.files import read_text
    from closedform.projects import derivation_of, report_of, warnings_of

    target = Path(output) if output else None
    read = terminal.is_output() and not (to or target or template or width)
    to = to or ("text" if read else format_of(target, free=template is not None))
    write = formats.format_named(to).report
    wide = formats.width_in(to, width) if width else terminal.width() if read else None
    if template:
        from closedform.render.markup.own_template import fill_template

        source = Source(template, read_text(Path(template)))
        write = partial(fill_template, source, formats.template_in(to))
    project = opened(file, ignored).typed(dtype)
    if sizes:
        preset = preset or project.configured
        if preset is None:
            raise click.UsageError("--set changes sizes of a preset: name it with --preset")
        preset = project.set_sizes(preset, sizes)
    if steps:
        others = names or defaults or claims or rules or uncounted or kinds or template
        if others or form != FORMS[0] or stages != STAGES[0]:
            raise click.UsageError(
                "--steps goes with --of, --measure, --convention, --dtype, --preset, --set, "
                "--ignore, --when, --to, --width, --lang"
            )
        chosen = (part, measures, convention, preset, to, lang, wide, when)
        give(derivation_of(project, *chosen), target, read)
        return
    report = report_of(
        project,
        part,
        names=names,
        measures=measures,
        convention=convention,
        preset=preset,
        form=form,
        stages=stages,
        defaults=defaults,
        when=when,
        claims=claims,
        rules=rules,
        uncounted=uncounted,
        kinds=kinds,
        lang=lang,
        width=wide,
    )
    if width and wide is not None:
        warn_of_width([(row.label, row.formula) for row in report.formulas], wide)
    give(write(report), target, read)
    if when is None:  # else what is derived is not all that the file says
        warn(warnings_of(project, part, preset))
