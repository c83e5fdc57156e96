"""The documents of a project: the files that have pages, and what is stale in their folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.errors import Diagnostic, FileError, fail
from closedform.files import TEMPORARY, read_text, write_text
from closedform.render.language import language
from closedform.render.site import RENAME, former_pages, index_of, is_ours

ZOO_FAMILIES = {  # a heading of the zoo's index, and the files below it
    "Vision transformers": ("vit", "deit", "vit_features", "fastformer", "fastformer_unscored"),
    "Vision transformers in stages": ("swin", "pvt", "pvt2", "pvt2_linear"),
    "Mixing without attention": ("mixer", "fnet"),
    "Language models": ("gpt2", "llama", "bert", "albert", "lora", "scaling", "decoding"),
    "Residual networks": ("resnet", "resnet_basic", "resnext", "densenet", "convnext"),
    "Small convolutional networks": ("mobilenet_v1", "mobilenet_v2", "efficientnet", "squeezenet"),
    "Plain convolutional networks": ("alexnet", "vgg", "vgg_bn"),
    "Recurrent networks": ("recurrent",),
    "Blocks": ("attention", "attention_linear", "convolutions", "patches"),
}


def zoo_families(lang: str) -> dict[str, str]:
    """The heading of each file of the zoo in its index."""
    words = language(lang)
    return {name: words.tr(title) for title, names in ZOO_FAMILIES.items() for name in names}


def model_files(models: Sequence[str], zoo: bool) -> dict[str, Path]:
    """The .arch files that are named, or lie in a folder that is named, by the name of their pages.

    Raises ClosedformError for a folder without any, and for two files with one name.
    """
    found = {name: zoo_path(name) for name in (zoo_names() if zoo else ())}
    for model in map(Path, models):
        inside = sorted(model.rglob("*.arch")) if model.is_dir() else [model]
        if not inside:
            message = f"the folder `{model}` has no .arch file"
            raise FileError(Diagnostic("file", message))
        for path in inside:
            _check_name(path)
            below = path.relative_to(model) if model.is_dir() else Path(path.name)
            name = below.with_suffix("").as_posix()
            if name in found and found[name] != path:
                both = f"`{path}` and `{found[name]}`"
                raise fail("file", f"{both} have one page, `{name}`", None, RENAME)
            found[name] = path
    return found


def changes(folder: Path, pages: Mapping[str, str], to: str) -> tuple[dict[Path, str], list[Path]]:
    """What is to be done for a folder to hold pages in a format: those to write, those to remove.

    Removed is what an index there links to, belongs to no model any more, and has our mark, and
    what a run left that was killed.
    """
    stale = {folder / name: text for name, text in pages.items() if _text_of(folder / name) != text}
    old = former_pages(_text_of(folder / index_of(to)) or "", to) - pages.keys()
    marked = [folder / name for name in sorted(old)]
    gone = [path for path in marked if is_ours(_text_of(path) or "", to)]
    return stale, [*gone, *sorted(folder.glob(f"{TEMPORARY}*"))]


def put_in_place(
    folder: Path,
    pages: Mapping[Path, str],
    old: Sequence[Path],
    uninterrupted: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Write pages and remove old ones, all of them or none. Raises FileError.

    All are written into a folder beside them first; only then they are moved, the index last, by
    which a run that was killed is found out. Signals wait for the moves.
    """
    beside: Path | None = None
    try:
        for path in pages:
            path.parent.mkdir(parents=True, exist_ok=True)
        if pages or old:
            beside = Path(tempfile.mkdtemp(dir=folder, prefix=TEMPORARY))
            for number, text in enumerate(pages.values()):
                write_text(beside / f"new-{number}", text)
            with uninterrupted():
                _move(beside, list(pages), old)
    except OSError as error:
        where = error.filename2 or error.filename or folder
        message = f"`{where}` cannot be written: {error.strerror or error}"
        raise FileError(Diagnostic("file", message)) from None
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def _move(beside: Path, pages: Sequence[Path], old: Sequence[Path]) -> None:
    """Move pages into their places and old ones out of theirs, or leave all as it was."""
    moved: list[tuple[Path, Path | None]] = []

    def move(path: Path, new: Path | None) -> None:
        kept = beside / f"old-{len(moved)}" if path.exists() else None
        if kept is not None and path.is_dir():  # what a run left that was killed
            os.rename(path, kept)
        elif kept is not None:
            shutil.copy2(path, kept)  # the page itself is there until the new one is
        moved.append((path, kept))
        if new is None:
            path.unlink(missing_ok=True)
            return
        if kept is not None:
            shutil.copymode(kept, new)
        os.replace(new, path)

    index_last = sorted(enumerate(pages), key=lambda page: page[1].stem == "index")
    try:
        for number, path in index_last[:-1]:
            move(path.resolve(), beside / f"new-{number}")
        for path in old:
            move(path, None)
        for number, path in index_last[-1:]:
            move(path.resolve(), beside / f"new-{number}")
    except OSError:
        for path, kept in reversed(moved):
            path.unlink(missing_ok=True)
            if kept is not None:
                os.replace(kept, path)
        raise


def _check_name(path: Path) -> None:
    """Refuse a file whose name no page could have."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        message = f"the name of `{path}` is not UTF-8 text"
        raise FileError(Diagnostic("file", message, None, "rename the file")) from None


def _text_of(page: Path) -> str | None:
    """The text of a page that may not be there."""
    return read_text(page).replace("\r\n", "\n") if page.exists() else None
