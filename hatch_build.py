"""A step of the build: writes the tables of the parser, so that no command has to make them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tables(BuildHookInterface):
    """Writes closedform/grammar/tables.py from arch.lark, and adds it to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        from closedform.grammar.lalr import tables
        from closedform.grammar.parser import Indentation

        folder = Path(self.root) / "closedform" / "grammar"
        text = tables((folder / "arch.lark").read_text("utf-8"), Indentation())
        (folder / "tables.py").write_text(text, "utf-8", newline="\n")
        build_data["artifacts"].append("closedform/grammar/tables.py")
