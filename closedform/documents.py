"""The documents of a project: the files that have pages, and what is stale in their folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.errors import Diagnostic, FileError, fail
from closedform.files import read_text
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
            below = path.relative_to(model) if model.is_dir() else Path(path.name)
            name = below.with_suffix("").as_posix()
            if name in found and found[name] != path:
                both = f"`{path}` and `{found[name]}`"
                raise fail("file", f"{both} have one page, `{name}`", None, RENAME)
            found[name] = path
    return found


def changes(folder: Path, pages: Mapping[str, str], to: str) -> tuple[dict[Path, str], list[Path]]:
    """What is to be done for a folder to hold pages in a format: those to write, those to remove.

    Removed is what an index there links to, belongs to no model any more, and has our mark.
    """
    stale = {folder / name: text for name, text in pages.items() if _text_of(folder / name) != text}
    old = former_pages(_text_of(folder / index_of(to)) or "", to) - pages.keys()
    marked = [folder / name for name in sorted(old)]
    return stale, [path for path in marked if is_ours(_text_of(path) or "", to)]


def _text_of(page: Path) -> str | None:
    """The text of a page that may not be there."""
    return read_text(page).replace("\r\n", "\n") if page.exists() else None
