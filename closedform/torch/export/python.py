"""Python as text: names that are free, texts in quotes, and lines that are not too long."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Iterable

WIDTH = 88
INDENT = "    "

# Names of the modules that are made, which no name of a file may hide.
TAKEN = frozenset(
    {
        *keyword.kwlist, *dir(builtins), "self", "torch", "nn", "functional", "rearrange", "reduce",
        "repeat", "Fraction", "gcd", "PRESETS", "build", "mixture", "layer", "stage", "step",
    }
)  # fmt: skip

# What every nn.Module has.
OF_MODULES = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "example",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)


def identifier(name: str) -> str:
    """A name of a file as Python reads it, and may have it.

    >>> identifier("lambda"), identifier("D"), identifier("x²")
    ('lambda_', 'D', 'x2')
    """
    name = unicodedata.normalize("NFKC", name)
    name = "".join(char if f"_{char}".isidentifier() else "_" for char in name)
    if name.startswith("_"):
        name = f"x{name}" if name != "_" else "_"
    return f"{name}_" if name in TAKEN else name


def attribute(name: str) -> str:
    """A name as that of an attribute of a module."""
    name = identifier(name)
    return f"{name}_" if name in OF_MODULES else name


def unused(name: str, used: Iterable[str]) -> str:
    """A name, with a number behind it where it is used already."""
    used, number, found = set(used), 1, name
    while found in used:
        number += 1
        found = f"{name}{number}"
    return found


def snake(name: str) -> str:
    """The name of a class as that of a thing.

    >>> snake("SelfAttention"), snake("MLP"), snake("SRA"), snake("LSTMCell")
    ('self_attention', 'mlp', 'sra', 'lstm_cell')
    """
    made = ""
    for i, char in enumerate(name):
        before = name[i - 1] if i else ""
        follows = name[i + 1 : i + 2].islower() and before.isupper()
        if char.isupper() and before not in ("", "_") and (not before.isupper() or follows):
            made += "_"
        made += char.lower()
    return made


def quoted(text: str) -> str:
    """A text in quotes.

    >>> print(quoted('say "x"'), quoted("it's"))
    'say "x"' "it's"
    """
    plain = ascii(text) if not text.isprintable() else repr(text)
    if '"' in plain or plain.startswith('"'):
        return plain
    return '"' + plain[1:-1].replace("\\'", "'") + '"'


def docstring(text: str, indent: str) -> list[str]:
    """The lines of a docstring."""
    clean = "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in text)
    clean = "\n".join(
        line.strip() if not line.strip() else line.rstrip() for line in clean.split("\n")
    )
    clean = clean.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if clean.endswith('"'):
        clean = clean[:-1] + '\\"'
    lines = [line.strip() for line in clean.split("\n")]
    made = [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:])]
    if len(lines) > 1:
        return [*made, f'{indent}"""']
    return [f'{made[0]}"""']


def wrapped(text: str, indent: str, last: bool = False) -> list[str]:
    """One statement in lines that fit, broken as formatters of Python break it.

    `last` adds a comma, for one element of several that stand on lines of their own.
    """
    end = "," if last else ""
    if len(indent) + len(text) + len(end) <= WIDTH:
        return [f"{indent}{text}{end}"]
    found = _last_brackets(text)
    if found is None:
        return [f"{indent}{text}{end}"]
    start, stop = found
    head, body, tail = text[: start + 1], text[start + 1 : stop], text[stop:]
    inner = indent + INDENT
    parts = split_at_commas(body)
    comprehension = _split_at(body, (" for ", " if ")) if len(parts) == 1 else []
    lines = [f"{indent}{head}"]
    literal = not head[:-1] or not (head[-2].isalnum() or head[-2] in "_)]")
    if len(inner) + len(body) <= WIDTH and (not literal or len(parts) == 1):
        lines.append(f"{inner}{body}")
    elif len(parts) == 1 and len(comprehension) > 1:
        for part in comprehension:
            lines += wrapped(part, inner)
    else:
        for part in parts:
            lines += wrapped(part, inner, last=True)
    return [*lines, f"{indent}{tail}{end}"]


def _scan(text: str) -> Iterable[tuple[int, str, int]]:
    """Each character that stands in no quotes, with how many brackets are open behind it."""
    depth, quote, skip = 0, "", False
    for i, char in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        else:
            depth += char in "([{"
            depth -= char in ")]}"
            yield i, char, depth


def _last_brackets(text: str) -> tuple[int, int] | None:
    """The last pair of brackets that stands in no other and holds something."""
    opened, found = -1, None
    for i, char, depth in _scan(text):
        if char in "([{" and depth == 1:
            opened = i
        elif char in ")]}" and depth == 0 and i > opened + 1:
            found = (opened, i)
    return found


def split_at_commas(text: str) -> list[str]:
    """What stands between the commas of a text that are in no brackets."""
    parts, start = [], 0
    for i, char, depth in _scan(text):
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


def _split_at(text: str, words: tuple[str, ...]) -> list[str]:
    cuts = [0]
    for i, _, depth in _scan(text):
        if depth == 0 and any(text.startswith(word, i) for word in words):
            cuts.append(i)
    return [text[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]
