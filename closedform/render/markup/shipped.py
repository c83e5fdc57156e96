"""The templates of the package, as the build has compiled them for Jinja.

Compiling those of one report takes as long as a tenth of `import sympy`. A template that has
changed since the build, or that another version of Jinja compiled, is compiled when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from textwrap import indent
from typing import Any

import jinja2

MADE = "closedform.render.markup.made_templates"  # written by hatch_build.py


class Shipped(jinja2.BaseLoader):
    """Loads the templates of the package."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, None, None]:
        return text_of(template), None, None

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,
    ) -> jinja2.Template:
        made = shipped().get(key(name, text_of(name)))
        if made is None:
            return super().load(environment, name, globals)
        module = {**made(environment), "__file__": name}
        return jinja2.Template.from_module_dict(environment, module, globals or {})


def environment(finalize: Callable[[Any], str]) -> jinja2.Environment:
    """What templates are written in; each value that they print is given to `finalize`."""
    return jinja2.Environment(
        loader=Shipped(),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        autoescape=False,  # `finalize` escapes, in the language of each format
    )


def names() -> list[str]:
    """The templates of the package."""
    folder = files("closedform.render.markup").joinpath("templates")
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".j2"))


def text_of(name: str) -> str:
    """The text of a template."""
    return files("closedform.render.markup").joinpath("templates", name).read_text("utf-8")


def shipped() -> Mapping[str, Callable[[jinja2.Environment], dict[str, Any]]]:
    """What makes the templates that the build has compiled, by their keys."""
    try:
        found: Mapping[str, Any] = import_module(MADE).TEMPLATES
    except ModuleNotFoundError:
        return {}
    return found


def key(name: str, text: str) -> str:
    """What tells a template from another, and one of Jinja's versions from another."""
    return sha256(f"{jinja2.__version__}\n{name}\n{text}".encode()).hexdigest()


def module_of() -> str:
    """The text of the module that the build writes: a function for each template."""
    empty = environment(_no_constants)
    parts = [
        '"""Made from the templates by the build of the package."""\n\n',
        "# mypy: ignore-errors\n\nTEMPLATES = {}\n",
    ]
    for at, name in enumerate(names()):
        body = empty.compile(text_of(name), name, raw=True)
        parts.append(
            f"\n\ndef template_{at}(environment):\n{indent(body, '    ')}\n"
            f"    return locals()\n\n\nTEMPLATES[{key(name, text_of(name))!r}] = template_{at}\n"
        )
    return "".join(parts)


def _no_constants(value: Any) -> str:
    """Each format writes a value in its own way, so Jinja is to write none when it compiles."""
    raise ValueError
