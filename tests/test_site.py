"""`closedform docs`: the pages of a project, and the check that they are fresh."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers import ZOO, Ran, call

from closedform.api import open_project
from closedform.render.site import INDEX, MARK, former_pages, site

VIT = ZOO / "vit.arch"
TWO = """\
\"\"\"Two models & <b>one</b> file.\"\"\"

dim D

model A(x: [4, D]):
    return x -> linear(D)

model B(x: [2, D]):
    return x -> linear(2*D)

preset "wide | \\"one\\"" of B: D=8
"""
BLOCK = "block OnlyBlock(x: [n, d]):\n    return x -> linear(d)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of three files in two folders."""
    inner = tmp_path / "models" / "more parts"
    inner.mkdir(parents=True)
    (tmp_path / "models" / "two.arch").write_text(TWO)
    (inner / "50% & #1_.arch").write_text(BLOCK)
    (tmp_path / "models" / "one.arch").write_text(
        "dim D\n\nmodel One(x: [4, D]):\n    return x -> linear(D)\n\n"
        'preset "small": D=4\npreset "large": D=400\n'
    )
    return tmp_path


def docs(folder: Path, *options: str) -> Ran:
    return call("docs", "models", "-o", "site", *options, folder=folder)


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and its time."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


INDEX_OF_FOLDER = f"""{MARK}
# Models

| model | preset | params | macs |
|---|---|---:|---:|
| [One](one.md) | small | 20 | 64 |
| [One](one.md) | large | 160,400 | 640,000 |
| [B](two-B.md) | wide &#124; "one" | 144 | 256 |

## All models

- [One](one.md)
- [A](two-A.md): Two models &amp; &lt;b&gt;one&lt;/b&gt; file.
- [B](two-B.md): Two models &amp; &lt;b&gt;one&lt;/b&gt; file.

## Blocks

- [OnlyBlock](more%20parts/50%25%20%26%20%231_.md)
"""


def test_pages_of_a_project(folder: Path) -> None:
    """Fails when a page is missing, or when the index is another one."""
    result = docs(folder)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"site/{name} written"
        for name in ("index.md", "more parts/50% & #1_.md", "one.md", "two-A.md", "two-B.md")
    ]
    assert (folder / "site" / "index.md").read_text() == INDEX_OF_FOLDER


def test_a_page_is_the_report(folder: Path) -> None:
    """Fails when a page is not what `closedform derive` prints, or has no way back."""
    docs(folder)
    report = call("derive", "two.arch", "--of", "B", folder=folder / "models").out
    page = (folder / "site" / "two-B.md").read_text()
    assert page == f"{MARK}\n[All models](index.md)\n\n{report}"
    inner = (folder / "site" / "more parts" / "50% & #1_.md").read_text()
    assert inner.startswith(f"{MARK}\n[All models](../index.md)\n\n# OnlyBlock\n")


def test_every_link_leads_to_a_page() -> None:
    """Fails when a link of the index leads nowhere."""
    pages = site({"a b": open_project("vit"), "x/y": open_project("convolutions")})
    assert former_pages(pages[INDEX]) == pages.keys() - {INDEX}


def test_again_changes_nothing(folder: Path) -> None:
    """Fails when pages are not deterministic, or are written without a need."""
    docs(folder)
    before = state(folder)
    assert docs(folder) == Ran(0, "", "")
    assert state(folder) == before


def test_check_of_fresh_pages_exits_0(folder: Path) -> None:
    """Fails when pages are called stale that are not, line ends of Windows included."""
    docs(folder)
    assert docs(folder, "--check") == Ran(0, "", "")
    page = folder / "site" / "one.md"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    assert docs(folder, "--check") == Ran(0, "", "")


def test_check_names_stale_pages_and_changes_nothing(folder: Path) -> None:
    """Fails when a page that is missing, old or left over is passed over."""
    docs(folder)
    (folder / "models" / "one.arch").write_text(
        "dim D\n\nmodel One(x: [4, D]):\n    return x -> linear(3*D)\n"
    )
    (folder / "models" / "two.arch").unlink()
    (folder / "models" / "new.arch").write_text(BLOCK)
    before = state(folder)
    result = docs(folder, "--check")
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        f"site/{name} is stale" for name in ("index.md", "new.md", "one.md", "two-A.md", "two-B.md")
    ]
    assert state(folder) == before


def test_check_before_there_are_pages(folder: Path) -> None:
    """Fails when a folder that does not exist passes, or is made."""
    result = docs(folder, "--check")
    assert (result.code, len(result.out.splitlines()), result.err) == (1, 5, "")
    assert not (folder / "site").exists()


def test_pages_of_models_that_are_gone_are_removed(folder: Path) -> None:
    """Fails when a page of no model stays, or when a page of the user's own is removed."""
    docs(folder)
    (folder / "site" / "notes.md").write_text("mine\n")
    (folder / "site" / "two-A.md").write_text("mine now\n")
    (folder / "models" / "two.arch").unlink()
    result = docs(folder)
    assert result.out.splitlines() == ["site/index.md written", "site/two-B.md removed"]
    assert (folder / "site" / "notes.md").read_text() == "mine\n"
    assert (folder / "site" / "two-A.md").read_text() == "mine now\n"
    assert docs(folder, "--check") == Ran(0, "", "")


def test_former_pages_stay_in_the_folder() -> None:
    """Fails when an index that somebody wrote can have files outside the folder removed."""
    links = "- [a](a.md)\n- [b](../b.md)\n- [c](/etc/c.md)\n- [d](%2e%2e/d.md)\n"
    assert former_pages(MARK + links) == {"a.md"}
    assert former_pages(links) == set()


def test_files_and_the_zoo_can_be_named(tmp_path: Path) -> None:
    """Fails when a file or a name of the zoo is not taken."""
    result = call("docs", str(VIT), "fnet", "-o", "site", folder=tmp_path)
    assert result.out.splitlines() == [
        f"site/{name}.md written" for name in ("index", "fnet", "vit")
    ]


def test_wrong_model_writes_nothing(folder: Path) -> None:
    """Fails when a part of the site is written although a model is wrong."""
    (folder / "models" / "zz.arch").write_text("model M(x: [4]):\n    return x -> liner(2)\n")
    result = docs(folder)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"models{os.sep}zz.arch:2:17: error[name]: ")
    assert not (folder / "site").exists()


def test_exit_codes(folder: Path) -> None:
    """Fails when a mistake in the call has another code than the table of them says."""
    assert call("docs", "-o", "site", folder=folder).code == 2
    assert call("docs", "models", folder=folder).code == 2
    assert call("docs", "nowhere", "-o", "site", folder=folder).code == 3
    (folder / "site").write_text("a file\n")
    assert docs(folder).code == 3
    (folder / "empty").mkdir()
    result = call("docs", "empty", "-o", "site", folder=folder)
    assert (result.code, result.err) == (1, "error[file]: the folder `empty` has no .arch file\n")


def test_two_files_with_one_page_are_refused(folder: Path) -> None:
    """Fails when one page overwrites another, on a file system that knows no case too."""
    (folder / "models" / "Two-a.arch").write_text(BLOCK)
    result = docs(folder)
    assert (result.code, result.out) == (1, "")
    assert "have one page, `two-A.md`" in result.err
    (folder / "models" / "Two-a.arch").rename(folder / "models" / "index.arch")
    assert "`index.arch` and the index have one page, `index.md`" in docs(folder).err
    (folder / "models" / "index.arch").rename(folder / "one.arch")
    result = call("docs", "models", "one.arch", "-o", "site", folder=folder)
    assert (result.code, result.out) == (1, "")
    assert "have one page, `one.md`" in result.err


@pytest.mark.slow
def test_the_zoo_has_a_page_a_model(tmp_path: Path) -> None:
    """Fails when a model of the zoo has no page."""
    result = call("docs", "--zoo", "-o", "zoo", folder=tmp_path)
    assert (result.code, result.err) == (0, "")
    declared = {
        match[1]
        for path in ZOO.glob("*.arch")
        for match in re.finditer(r"^model (\w+)", path.read_text("utf-8"), re.M)
    }
    index = (tmp_path / "zoo" / "index.md").read_text("utf-8").replace("\\", "")
    assert {name for name in declared if f"[{name}](" not in index} == set()
    assert call("docs", "--zoo", "-o", "zoo", "--check", folder=tmp_path) == Ran(0, "", "")
