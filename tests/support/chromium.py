"""A page in a real browser: Chromium of Debian."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any


def browser() -> str:
    """The program; the package `chromium` of Debian brings it."""
    found = shutil.which("chromium")
    assert found, "chromium is missing: apt-get install chromium"
    return found


def dumped(host: str, folder: Path, dark: bool) -> Any:
    """What a page that runs in a browser has put into its element `measured`."""
    path = folder / "host.html"
    path.write_text(host, "utf-8")
    done = subprocess.run(
        [
            browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--window-size=1200,1000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=20000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, timeout=180, check=True, encoding="utf-8",
    )  # fmt: skip
    found = re.search('<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))
