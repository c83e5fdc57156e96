"""What lists say of the files that come with the program is what stands in these."""

from __future__ import annotations

import pytest

from closedform.derive.resolve import contents
from closedform.derive.resolve.contents import Contents, contents_of, key, module_of, parsed
from closedform.derive.resolve.folders import library_folder
from closedform.files import read_text

TEXT = '''"""One line.

More."""

dim D

model M(x: [D]):
    return x

preset "P":
    D = 2
'''


@pytest.mark.parametrize(
    ("library", "name"), [("zoo", "vit"), ("zoo", "patches"), ("std", "layers")]
)
def test_lists_say_what_stands_in_the_files(library: str, name: str) -> None:
    """Fails when the build keeps something else than what is parsed."""
    text = read_text(library_folder(library) / f"{name}.arch")
    assert contents_of(library, name) == parsed(f"{library}/{name}.arch", text)


def test_a_file_of_the_zoo_has_presets_and_one_of_std_parts() -> None:
    assert parsed("zoo/m.arch", TEXT) == Contents("One line.", ("P",))
    block = "block B(x: [n]):\n    return x\n"
    assert parsed("std/m.arch", block) == Contents("", ("B",))


def test_a_file_that_has_changed_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a list says what a file was at the build, or parses what the build has read."""
    monkeypatch.setattr(contents, "_read", lambda library, name: ("zoo/m.arch", TEXT))
    stale, fresh = Contents("Stale.", ()), Contents("Fresh.", ())
    monkeypatch.setattr(contents, "shipped", lambda: {key("zoo/m.arch", TEXT + "\n"): stale})
    assert contents_of("zoo", "m") == Contents("One line.", ("P",))
    monkeypatch.setattr(contents, "shipped", lambda: {key("zoo/m.arch", TEXT): fresh})
    assert contents_of("zoo", "m") == fresh


def test_the_build_writes_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the module that the build writes is not what `contents_of` looks up."""
    monkeypatch.setattr(contents, "library_names", lambda library: ["m"])
    monkeypatch.setattr(contents, "_read", lambda library, name: (f"{library}/m.arch", TEXT))
    made: dict[str, dict[str, Contents]] = {}
    exec(module_of(), made)  # what the build writes is imported
    assert made["FILES"][key("zoo/m.arch", TEXT)] == Contents("One line.", ("P",))
