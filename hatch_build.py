"""A step of the build: writes what no command should have to make: the tables of the parsers,
the syntax trees of the standard library, what is in its files and in those of the zoo, and the
templates as Jinja compiles them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tables(BuildHookInterface):
    """Writes modules from the grammars and the files of std, and adds them to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        from closedform.derive.resolve import contents
        from closedform.derive.resolve.trees import module_of
        from closedform.grammar.lalr import LATEX, arch_tables, tables
        from closedform.grammar.latex_tokens import Tokens
        from closedform.grammar.reader import grammar
        from closedform.render.markup import shipped

        package = Path(self.root) / "closedform"
        library = sorted((package / "derive" / "std").glob("*.arch"))
        made = {
            "grammar/tables.py": arch_tables(grammar()),
            "grammar/latex_tables.py": tables(LATEX, Tokens.current()),
            "derive/resolve/made_trees.py": module_of(
                {path.stem: path.read_text("utf-8") for path in library}
            ),
            "derive/resolve/made_contents.py": contents.module_of(),
            "render/markup/made_templates.py": shipped.module_of(),
        }
        for name, text in made.items():
            (package / name).write_text(text, "utf-8", newline="\n")
            build_data["artifacts"].append(f"closedform/{name}")
