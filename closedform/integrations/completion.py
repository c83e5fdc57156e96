"""What may stand between the quotation marks of a call of ours, by the parameter that it is for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import closedform
from closedform.api import Architecture, Formula, ModelPart, Part, zoo
from closedform.choices import COUNTED, IN_BYTES
from closedform.derive.project import Project
from closedform.explore import parts
from closedform.explore.kinds import Kinds
from closedform.explore.parts import Parts
from closedform.render.code import language_names
from closedform.render.formats import own_names

Offer: TypeAlias = Callable[[Any], Iterable[str]]

TEXT = r"""(?:"[^"]*"|'[^']*')"""
CALL = re.compile(
    rf"""(?<![\w.\])])
    (?P<object>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[{TEXT}\]|\({TEXT}\))*?)  # vit.part("MLP").macs
    (?:\.(?P<method>[A-Za-z_]\w*))?
    (?:\((?P<before>(?:[^()]|\([^()]*\))*?)|(?P<key>\[))
    ["'](?P<typed>[^"'()]*)$""",
    re.VERBOSE,
)
STEP = re.compile(rf"[A-Za-z_]\w*|\[{TEXT}\]|\({TEXT}\)")
KEYWORD = re.compile(r"\s*(\w+)\s*=(?!=)")
WITHIN = re.compile(rf"{TEXT}|\([^()]*\)|\[[^\[\]]*\]|\{{[^{{}}]*\}}")  # what has commas of its own


def offered(line: str, names: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What is typed of a text at the end of a line, and the texts that can stand there.

    >>> from closedform.api import zoo
    >>> offered('vit.measure("macs", "ho', {"vit": zoo("vit")})
    ('ho', ['macs', 'flops', 'causal', 'hooks', 'torch', 'fvcore', 'thop', 'ptflops', 'full'])
    """
    call = CALL.search(line)
    if call is None:
        return "", []
    try:
        texts = _texts(call, names)
    except Exception:  # a file that is wrong completes nothing
        texts = []
    return call["typed"], list(dict.fromkeys(texts))


def _texts(call: re.Match[str], names: Mapping[str, Any]) -> Iterable[str]:
    whole = call["object"] + (f".{call['method']}" if call["method"] else "")
    if call["key"]:
        table = _found(whole, names)
        return [part.name for part in table] if isinstance(table, Parts) else ()
    if call["method"] is None or call["method"] == "zoo":
        return zoo() if _found(whole, names) is zoo and not call["before"] else ()
    target = _found(call["object"], names)
    if not isinstance(target, OURS):
        return ()
    method = getattr(type(target), call["method"])
    parameter = _parameter(method, call["before"])
    offer = OFFERS.get((call["method"], parameter)) or OFFERS.get(("", parameter))
    return offer(target) if offer else ()


def _parameter(method: Callable[..., object], before: str) -> str:
    """The parameter of a method that a text is for, behind what stands before it."""
    *others, last = WITHIN.sub("", before).split(",") if not _open(before) else _split(before)
    named = KEYWORD.match(last)
    if named:
        return named[1]
    place = len([other for other in others if not KEYWORD.match(other)])
    known = list(inspect.signature(method).parameters.values())[1:]
    for at, parameter in enumerate(known):
        if at == place or parameter.kind is parameter.VAR_POSITIONAL:
            return parameter.name
    return ""


def _open(before: str) -> bool:
    """Whether a list or a dict is begun, and not ended."""
    return any(sign in WITHIN.sub("", before) for sign in "[{")


def _split(before: str) -> Sequence[str]:
    """Arguments of which the last is a list or a dict that is begun."""
    closed = WITHIN.sub("", before)
    return closed[: re.search(r"[\[{]", closed).start()].split(",")  # type: ignore[union-attr]


def _found(text: str, names: Mapping[str, Any]) -> object:
    """The object of ours that a text such as `vit["MLP"].macs` names; nothing is called but `zoo`
    and `.part`."""
    first, *rest = STEP.findall(text)
    found: Any = names.get(first)
    for step in rest:
        if step[0] == "[":
            found = found[step[2:-2]] if isinstance(found, Architecture | Parts) else None
        elif step[0] == "(":
            owner = getattr(found, "__self__", None) if inspect.ismethod(found) else None
            called = found is zoo or (isinstance(owner, PARTS) and found.__name__ == "part")
            found = found(step[2:-2]) if called else None
        else:
            found = getattr(found, step, None) if isinstance(found, OURS) or (
                found is closedform
            ) else None  # fmt: skip
    return found


# What is offered ---------------------------------------------------------------------------

PARTS = (Part, ModelPart)
OURS = (Formula, *PARTS, Parts, Kinds)


def _projects(target: Any) -> list[Project]:
    if isinstance(target, Formula):
        return [project for project, _ in target._origins]
    if isinstance(target, Kinds):
        return _projects(target[0].formula)
    return [target[0]._project if isinstance(target, Parts) else target._project]


def _presets(target: Any) -> Iterable[str]:
    return [p.title for project in _projects(target) for p in project.presets()]


def _sizes(target: Any) -> Iterable[str]:
    return target._sizes.table if isinstance(target, Formula) else target.params._sizes.table


def _measures(target: Any) -> Iterable[str]:
    return (*COUNTED, *IN_BYTES, "macs", "flops")


def _conventions(target: Any) -> Iterable[str]:
    return _projects(target)[0].conventions


def _parts(target: Any) -> Iterable[str]:
    paths = parts.names(target._project, target._entity)
    start = f"{target.name}." if isinstance(target, ModelPart) else ""
    return [path.removeprefix(start) for path in paths if path.startswith(start)]


# By a method and its parameter, or by a parameter of any method.
OFFERS: dict[tuple[str, str], Offer] = {
    **{("", name): _presets for name in ("preset", "presets", "titles")},
    **{("", name): _sizes for name in ("name", "names", "size", "sizes", "spans", "family")},
    **{("", name): _measures for name in ("measure", "measures")},
    **{(method, "name"): _measures for method in ("measure", "all")},
    ("", "convention"): _conventions,
    ("", "path"): _parts,
    ("export", "to"): lambda target: language_names(),
    ("report", "to"): lambda target: own_names(),
    ("export", "name"): lambda target: (),
}
