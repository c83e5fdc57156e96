"""Pages in a real browser: Chromium of Debian."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# A page that shows one page after the other in a frame, and says what is found in each.
HOST = """<!DOCTYPE html><title>host</title><pre id="measured"></pre><script>
const asked = async (frame) => {{ {asked} }};
const opened = (address, width) => new Promise((done) => {{
  const frame = document.createElement("iframe");
  frame.width = width, frame.height = 900, frame.src = address;
  frame.addEventListener("load", () => done(frame));
  document.body.append(frame);
}});
addEventListener("load", async () => {{
  const found = {{}};
  for (const [name, address, width] of {pages}) {{
    const frame = await opened(address, width);
    found[name] = await asked(frame);
    frame.remove();
  }}
  document.getElementById("measured").textContent = JSON.stringify(found);
}});
</script>"""


def browser() -> str:
    """The program; the package `chromium` of Debian brings it."""
    found = shutil.which("chromium")
    assert found, "chromium is missing: apt-get install chromium"
    return found


def found_in(
    pages: Mapping[str, str], asked: str, folder: Path, dark: bool = False, width: int = 400
) -> dict[str, Any]:
    """What the body of a function of a `frame` returns for each page, by name, in one browser."""
    places = []
    for at, (name, page) in enumerate(pages.items()):
        path = folder / f"page-{at}.html"
        path.write_text(page, "utf-8")
        places.append((name, path.as_uri(), width))
    (folder / "host.html").write_text(HOST.format(asked=asked, pages=json.dumps(places)), "utf-8")
    done = subprocess.run(
        [
            browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--window-size=1300,1000",
            "--allow-file-access-from-files",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=3600000", "--dump-dom", (folder / "host.html").as_uri(),
        ],
        capture_output=True, timeout=900, check=True, encoding="utf-8",
    )  # fmt: skip
    measured = re.search('<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert measured, done.stderr
    found: dict[str, Any] = json.loads(html.unescape(measured[1]))
    assert list(found) == list(pages)
    return found


def pictured(page: str, folder: Path, size: tuple[int, int]) -> Path:
    """A picture of a page in a window of a size."""
    path, picture = folder / "page.html", folder / "page.png"
    path.write_text(page, "utf-8")
    subprocess.run(
        [
            browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}",
            "--blink-settings=preferredColorScheme=1", f"--screenshot={picture}", path.as_uri(),
        ],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    return picture
