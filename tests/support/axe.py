"""What axe finds in a page."""

from __future__ import annotations

import json
from typing import Any

from helpers import TESTS

AXE = TESTS / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def asked() -> str:
    """The body of a function of a frame, as `found_in` takes it."""
    assert AXE.is_file(), f"npm install in {TESTS / 'axe'} is missing"
    source = json.dumps(AXE.read_text("utf-8")).replace("</", "<\\/")
    return f"""
      frame.contentWindow.eval({source});
      const told = await frame.contentWindow.axe.run(frame.contentDocument);
      return {{
        passes: told.passes.length,
        violations: told.violations.map((rule) => [rule.id, ...rule.nodes.map((n) => n.html)]),
      }};
    """


def violations(told: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The pages with findings, and these: the rule, and what breaks it."""
    return {name: shown["violations"] for name, shown in told.items() if shown["violations"]}
