"""`closedform docs`: the pages of a project, and the check that they are fresh."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from closedform.documents import ZOO_FAMILIES
from closedform.projects import open_project, zoo_names
from closedform.render.formats import own_sites, site_in
from closedform.render.site import former_pages, index_of, site
from helpers import ROOT, ZOO, Ran, call, formulas
from pages import XHTML, assert_safe, read, shown

VIT = ZOO / "vit.arch"
MARK = "<!-- made by closedform docs: change the .arch files and run it again -->\n"
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


def docs(folder: Path, *options: str, to: str = "md") -> Ran:
    return call("docs", "models", "-o", "site", "--to", to, *options, folder=folder)


def names(suffix: str) -> list[str]:
    """The pages of the project in the order in which they are written."""
    parts = ("one", "two-A", "two-B", "more parts/50% & #1_")
    pages = [f"{part}{kind}" for part in parts for kind in ("", ".derivation")]
    return [f"{name}{suffix}" for name in ("index", "closed-forms", *pages)]


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and its time."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


INDEX = f"""{MARK}
# Models

[Closed forms](closed-forms.md)

## All models

- [One](one.md) ([derivation of MACs](one.derivation.md))
- [A](two-A.md) ([derivation of MACs](two-A.derivation.md)): Two models &amp; &lt;b&gt;one&lt;/b&gt; file.
- [B](two-B.md) ([derivation of MACs](two-B.derivation.md)): Two models &amp; &lt;b&gt;one&lt;/b&gt; file.

| model | preset | params | MACs |
|---|---|---:|---:|
| [One](one.md) | small | 20 | 64 |
| [One](one.md) | large | 160,400 | 640,000 |
| [B](two-B.md) | wide &#124; "one" | 144 | 256 |

## Blocks

- [OnlyBlock](more%20parts/50%25%20%26%20%231_.md) ([derivation of MACs](more%20parts/50%25%20%26%20%231_.derivation.md))

"""  # noqa: E501  # a model is a line
CLOSED_FORMS = f"""{MARK}
[All models](index.md)

# Closed forms

Convention `macs`: multiply-accumulates of every product and convolution, attention included.

## [ViT](vit.md)

Vision Transformer (Dosovitskiy et al., 2021, arXiv:2010.11929).

\\[
\\mathrm{{params}} = L\\, \\left(4\\, D^{{2}} + 2\\, D\\, F + 9\\, D + F\\right) + D\\, \\left(3\\, P^{{2}} + C + T + 4\\right) + C
\\]

\\[
\\mathrm{{MACs}} = 2\\, L\\, T\\, D\\, \\left(2\\, D + F + T\\right) + 3\\, N\\, P^{{2}}\\, D + D\\, C
\\]

where \\(N = \\frac{{I^{{2}}}}{{P^{{2}}}}\\) (patches), \\(T = N + 1\\) (tokens: the patches and the class token)

"""  # noqa: E501  # a formula is a line
INDEX_PAGE = """\
Models
Closed forms -> closed-forms.html
All models
preset | params | MACs
One -> one.html derivation of MACs -> one.derivation.html
small | 20 (0.0%) | 64 (0.0%)
large | 160\u202f400 (100.0%) | 640\u202f000 (100.0%)
A -> two-A.html Two models & <b>one</b> file. derivation of MACs -> two-A.derivation.html
B -> two-B.html Two models & <b>one</b> file. derivation of MACs -> two-B.derivation.html
wide | "one" | 144 (0.1%) | 256 (0.0%)
Blocks
OnlyBlock -> more%20parts/50%25%20%26%20%231_.html derivation of MACs \
-> more%20parts/50%25%20%26%20%231_.derivation.html
No model has these words.
"""


def text_of(page: str) -> str:
    """What an index shows, line by line, with the aims of its links and the widths of its bars."""
    root = read(page)
    for bar in root.iterfind(f".//{XHTML}td[@class='bar']/{XHTML}span"):
        bar.text = f"({bar.get('style', '').removeprefix('width: ')})"
    for link in root.iter(f"{XHTML}a"):
        link.text = f"{link.text} -> {link.get('href')}"
    lines = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "tr":
            cells = " | ".join(shown(cell) for cell in element)
            lines.append(re.sub(r" \| (\(.*?%\))", r" \1", cells).replace("|  ", "").strip(" |"))
        elif tag in ("h1", "h2", "p", "li"):
            lines.append(" ".join(shown(element).split(" ")))
    return re.sub(" +", " ", "\n".join(lines)) + "\n"


@pytest.mark.parametrize("to", own_sites())
def test_pages_of_a_project(folder: Path, to: str) -> None:
    """Fails when a page is missing."""
    result = docs(folder, to=to)
    assert (result.code, result.err) == (0, "")
    suffix = site_in(to).suffix
    assert result.out.splitlines() == [f"site/{name} written" for name in names(suffix)]
    found = {str(path.relative_to(folder / "site")) for path in (folder / "site").rglob("*.*")}
    assert found == set(names(suffix))


def test_the_index_in_markdown(folder: Path) -> None:
    docs(folder)
    assert (folder / "site" / "index.md").read_text() == INDEX
    docs(folder, to="mkdocs")
    assert (folder / "site" / "index.md").read_text() == INDEX  # it has no formula


def test_the_index_in_html(folder: Path) -> None:
    docs(folder, to="html")
    page = (folder / "site" / "index.html").read_text("utf-8")
    assert text_of(page) == INDEX_PAGE
    numbers = read(page).findall(f".//{XHTML}td[@class='number']")
    assert len(numbers) == 6


def test_closed_forms_side_by_side() -> None:
    pages = site({"vit": open_project("vit")}, "mkdocs")
    assert pages["closed-forms.md"] == CLOSED_FORMS
    page = read(site({"vit": open_project("vit")})["closed-forms.html"])
    assert [shown(e) for e in page.iter() if e.get("class") == "scroll display"] == [
        "params = L (4 D^2 + 2 D F + 9 D + F) + D (3 P^2 + C + T + 4) + C",
        "MACs = 2 L T D (2 D + F + T) + 3 N P^2 D + D C",
    ]
    assert [shown(e) for e in page.iter(f"{XHTML}li")] == [
        "N = I^2/P^2patches",
        "T = N + 1tokens: the patches and the class token",
    ]


def test_a_page_is_the_report(folder: Path) -> None:
    """Fails when a page is not what `closedform derive` prints, below the ways to others."""
    docs(folder)
    for steps, name, links in (
        ((), "two-B.md", "[previous: A](two-A.md) · "
         "[next: OnlyBlock](more%20parts/50%25%20%26%20%231_.md) · "
         "[derivation of MACs](two-B.derivation.md)"),
        (("--steps",), "two-B.derivation.md", "[B](two-B.md)"),
    ):  # fmt: skip
        report = call("derive", "models/two.arch", "--of", "B", *steps, folder=folder).out
        page = (folder / "site" / name).read_text()
        assert page == f"{MARK}\n[All models](index.md) · {links}\n\n{report}"
    inner = (folder / "site" / "more parts" / "50% & #1_.md").read_text()
    assert inner.startswith(
        f"{MARK}\n[All models](../index.md) · [previous: B](../two-B.md) · "
        "[derivation of MACs](50%25%20%26%20%231_.derivation.md)\n\n# OnlyBlock\n"
    )


@pytest.mark.parametrize("to", own_sites())
def test_every_link_leads_to_a_page(to: str) -> None:
    """Fails when a link leads nowhere, or when no link leads to a page."""
    projects = {"a b/vit 1": open_project("vit"), "x/y": open_project("convolutions")}
    pages = site(projects, to)
    reached = set()
    for name, text in pages.items():
        for link in site_in(to).addresses(text):
            aim = normpath(str(PurePosixPath(name).parent / unquote(link)))
            assert aim in pages, (name, link)
            reached.add(aim)
    assert reached == set(pages)
    assert former_pages(pages[index_of(to)], to) == pages.keys() - {index_of(to)}


def test_pages_in_html_need_nothing_else(folder: Path) -> None:
    """Fails when a page is not well formed, or has a script or anything from elsewhere."""
    docs(folder, to="html")
    for name in names(".html"):
        page = (folder / "site" / name).read_text("utf-8")
        assert page.startswith(f"{MARK}<!DOCTYPE html>\n")
        root = read(page)
        assert_safe(root, links=True)
        assert isinstance(root.find(f".//{XHTML}a"), ElementTree.Element)


def test_a_page_in_html_is_the_report() -> None:
    project = open_project("vit")
    pages = site({"vit": project, "pvt": open_project("pvt")})
    page = re.sub('<nav class="links".*?</nav>\n', "", pages["vit.html"], flags=re.S)
    assert page == MARK + call("derive", "vit", "--to", "html").out
    links = read(pages["vit.html"]).findall(f".//{XHTML}nav/{XHTML}a")
    assert [(link.text, link.get("href")) for link in links] == [
        ("All models", "index.html"),
        ("previous: PVT", "pvt.html"),
        ("derivation of MACs", "vit.derivation.html"),
    ]


def test_models_are_found_by_words(folder: Path) -> None:
    """Fails when a page has no field for words, or one that does not lead to the index."""
    docs(folder, to="html")
    for name in names(".html"):
        root = read((folder / "site" / name).read_text("utf-8"))
        (form,) = root.iter(f"{XHTML}form")
        aim = normpath(str(PurePosixPath(name).parent / form.get("action", "index.html")))
        assert (form.get("role"), aim) == ("search", "index.html")
        assert [field.get("name") for field in form] == ["q"]
        assert len(root.findall(f".//{XHTML}script")) == (name == "index.html")


def test_a_project_has_a_name_and_a_start(folder: Path) -> None:
    """Fails when a page does not lead to the start of its project, wherever either stands."""
    docs(folder, "--title", "Mine & yours", "--home", "../start.html", to="html")
    for name in names(".html"):
        root = read((folder / "site" / name).read_text("utf-8"))
        link = next(root.iter(f"{XHTML}a"))
        up = "../../start.html" if name.startswith("more") else "../start.html"
        assert (link.text, link.get("href")) == ("Start", up)
        named = [link.text for link in root.findall(f".//{XHTML}nav/{XHTML}a")][1:2]
        assert named == ["Mine & yours"] * (name != "index.html")
    index = read((folder / "site" / "index.html").read_text("utf-8"))
    assert index.findtext(f".//{XHTML}h1") == index.findtext(f".//{XHTML}title") == "Mine & yours"
    docs(folder, "--home", "https://example.org/")
    page = (folder / "site" / "more parts" / "50% & #1_.md").read_text()
    assert page.startswith(f"{MARK}\n[Start](https://example.org/) · [All models](../index.md) · ")


def test_families_are_folders_or_named() -> None:
    """Fails when a file of a folder, or one whose family is named, stands below another heading."""
    vit, mixer, deit = (open_project(name) for name in ("vit", "mixer", "deit"))
    pages = site({"a/mixer": mixer, "a/deit": deit, "vit": vit}, families={"a/deit": "Windows"})
    assert [shown(e) for e in read(pages["index.html"]).iter(f"{XHTML}h2")] == [
        "Windows", "a", "All models",
    ]  # fmt: skip


def test_every_file_of_the_zoo_has_a_family() -> None:
    named = [name for names in ZOO_FAMILIES.values() for name in names]
    assert sorted(named) == zoo_names()


def test_flavours_of_a_site_differ_in_formulas() -> None:
    project = open_project("vit")
    github, mkdocs = (site({"vit": project}, to) for to in ("md", "mkdocs"))
    for name in ("vit.md", "vit.derivation.md", "closed-forms.md"):
        assert github[name] != mkdocs[name]
        assert formulas(github[name], "md") == formulas(mkdocs[name], "mkdocs")


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
    changed = ("closed-forms", "index", "more parts/50% & #1_")
    parts = ("new", "one", "two-A", "two-B")
    pages = [f"{part}{kind}" for part in parts for kind in (".derivation", "")]
    assert result.out.splitlines() == [f"site/{name}.md is stale" for name in (*changed, *pages)]
    assert state(folder) == before


def test_check_before_there_are_pages(folder: Path) -> None:
    """Fails when a folder that does not exist passes, or is made."""
    result = docs(folder, "--check")
    assert (result.code, len(result.out.splitlines()), result.err) == (1, 10, "")
    assert not (folder / "site").exists()


def test_pages_of_models_that_are_gone_are_removed(folder: Path) -> None:
    """Fails when a page of no model stays, or when a page of the user's own is removed."""
    docs(folder)
    (folder / "site" / "notes.md").write_text("mine\n")
    (folder / "site" / "two-A.md").write_text("mine now\n")
    (folder / "models" / "two.arch").unlink()
    result = docs(folder)
    assert result.out.splitlines() == [
        "site/index.md written",
        "site/closed-forms.md written",
        "site/one.md written",
        "site/more parts/50% & #1_.md written",
        "site/two-A.derivation.md removed",
        "site/two-B.derivation.md removed",
        "site/two-B.md removed",
    ]
    assert (folder / "site" / "notes.md").read_text() == "mine\n"
    assert (folder / "site" / "two-A.md").read_text() == "mine now\n"
    assert docs(folder, "--check") == Ran(0, "", "")


def test_former_pages_stay_in_the_folder() -> None:
    """Fails when an index that somebody wrote can have files outside the folder removed."""
    links = "- [a](a.md)\n- [b](../b.md)\n- [c](/etc/c.md)\n- [d](%2e%2e/d.md)\n"
    assert former_pages(MARK + links, "md") == {"a.md"}
    assert former_pages(links, "md") == set()
    links = '<a href="e.html"><a href="../f.html"><a href="https://g.html">'
    assert former_pages(MARK + links, "html") == {"e.html", "https://g.html"}


def test_files_and_the_zoo_can_be_named(tmp_path: Path) -> None:
    """Fails when a file or a name of the zoo is not taken."""
    result = call("docs", str(VIT), "fnet", "-o", "site", folder=tmp_path)
    assert result.out.splitlines() == [
        f"site/{name}.html written"
        for name in ("index", "closed-forms", "fnet", "fnet.derivation", "vit", "vit.derivation")
    ]


@pytest.mark.robust
def test_wrong_model_stops_no_other(folder: Path) -> None:
    """Fails when a file that is wrong takes the pages of the others away, or its own old ones."""
    docs(folder)
    old = {path.name for path in (folder / "site").rglob("*.md")}
    (folder / "models" / "one.arch").write_text("model M(x: [4]):\n    return x -> liner(2)\n")
    (folder / "models" / "zz.arch").write_text("model Z(x: [4]):\n    return x -> linear(2)\n")
    result = docs(folder)
    assert result.code == 1
    assert result.err.startswith(f"models{os.sep}one.arch:2:17: error[name]: ")
    new = {path.name for path in (folder / "site").rglob("*.md")}
    assert new == {*old, "zz.md", "zz.derivation.md"}


def test_a_convention_of_the_project(folder: Path) -> None:
    """Fails when a file that has no page must know the convention, when one that has a page and
    does not know it is not named, or when the page of closed forms does not say what counts."""
    for old in (folder / "models").rglob("*.arch"):
        old.unlink()
    file = folder / "models" / "two.arch"
    (folder / "models" / "conv.arch").write_text(
        'convention mine in MACs "products":\n    mac: 1\n'
    )
    file.write_text(BLOCK)
    asked = ("docs", "models", "-o", "site", "--to", "md", "--convention", "mine")
    result = call(*asked, folder=folder)
    assert (result.code, result.out, result.err) == (
        2,
        "",
        "error[measure]: there is no convention `mine`\n"
        "     = note: `models/two.arch` is one of the files that have pages\n"
        "     = help: import `mine` in it from `conv.arch`\n",
    )
    file.write_text(f"from conv import mine\n\n{BLOCK}")
    assert call(*asked, folder=folder).code == 0
    forms = (folder / "site" / "closed-forms.md").read_text().splitlines()
    assert forms[4:7] == ["# Closed forms", "", "Convention `mine`: products."]


def test_exit_codes(folder: Path) -> None:
    """Fails when a mistake in the call has another code than the table of them says."""
    assert call("docs", "-o", "site", folder=folder).code == 2
    assert call("docs", "models", folder=folder).code == 2
    assert call("docs", "nowhere", "-o", "site", folder=folder).code == 3
    (folder / "site").write_text("a file\n")
    assert docs(folder).code == 3
    (folder / "empty").mkdir()
    result = call("docs", "empty", "-o", "site", folder=folder)
    assert (result.code, result.err) == (3, "error[file]: the folder `empty` has no .arch file\n")


def test_two_files_with_one_page_are_refused(folder: Path) -> None:
    """Fails when one page overwrites another, on a file system that knows no case too."""
    (folder / "models" / "Two-a.arch").write_text(BLOCK)
    result = docs(folder)
    assert (result.code, result.out) == (1, "")
    assert "`Two-a.arch` and `two.arch` have one page, `Two-a.md`" in result.err
    (folder / "models" / "Two-a.arch").rename(folder / "models" / "index.arch")
    assert "`index.arch` and the index have one page, `index.md`" in docs(folder).err
    (folder / "models" / "index.arch").rename(folder / "models" / "one.derivation.arch")
    message = "`one.derivation.arch` and `one.arch` have one page, `one.derivation.md`"
    assert message in docs(folder).err
    (folder / "models" / "one.derivation.arch").rename(folder / "one.arch")
    result = call("docs", "models", "one.arch", "-o", "site", folder=folder)
    assert (result.code, result.out) == (1, "")
    assert "have one page, `one`" in result.err


def test_the_zoo_has_a_page_a_model() -> None:
    """Fails when a model of the zoo has no page in the gallery; it is held fresh elsewhere."""
    declared = {
        match[1]
        for path in ZOO.glob("*.arch")
        for match in re.finditer(r"^model (\w+)", path.read_text("utf-8"), re.M)
    }
    index = (ROOT / "docs" / "zoo" / "index.md").read_text("utf-8")
    assert {
        name for name in declared if "[{}](".format(name.replace("_", r"\_")) not in index
    } == set()
