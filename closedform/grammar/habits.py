"""What people write out of habit from other languages, and what it is called in this one."""

from __future__ import annotations

import re
from itertools import chain

_ORDER = 'axes change places by a pattern: `rearrange(x, "n d -> d n")`'
_AXES = 'axes are split and joined by a pattern: `rearrange(x, "n (h e) -> n h e", h=2)`'
_PRODUCT = 'a product of tensors names their axes: `einsum("n d, d m -> n m", x, y)`'
_LOOP = "a body is carried out again with `repeat 4:`, or for each number with `for i in 1..4:`"
_PART = "a part that is used again is a `block`, a whole network a `model`"
_ATTENTION = "write `SelfAttention`, and import it: `from std.attention import SelfAttention`"
_CONCAT = "tensors are joined with `concat(x, y, axis=0)`"

_OF_NAMES = {
    ("transpose", "permute", "swapaxes", "movedim"): _ORDER,
    ("reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze"): _AXES,
    ("matmul", "bmm", "mm", "dot", "baddbmm", "tensordot"): _PRODUCT,
    ("cat", "stack", "concatenate"): _CONCAT,
    ("multiheadattention", "attention", "mha", "scaled_dot_product_attention"): _ATTENTION,
    ("embedding",): "a row of a table is looked up with `embed`",
    ("sequential", "modulelist"): "`->` pipes one operation into the next: x -> linear(8) -> gelu",
    ("identity",): "leave it out: a tensor that nothing is done to is the tensor itself",
    ("parameter",): "a tensor of parameters is `param([n, d])`",
    ("shape", "ndim", "dim", "len"): "the shape of a tensor names its sizes: `x: [n, d]`",
    ("range",): "a loop counts from 1: `for i in 1..4:`",
}  # fmt: skip
NAMES = dict(chain.from_iterable(((word, help) for word in row) for row, help in _OF_NAMES.items()))
CONSTANTS = {
    "True": "write `true`",
    "False": "write `false`",
    "None": "a thing that is not there is left out, or is switched off with `false`",
}

# Words that begin a line elsewhere.
STARTS = {
    "def": _PART, "class": _PART, "function": _PART, "fn": _PART, "module": _PART,
    "while": _LOOP,
    "pass": "leave it out: a body has at least one statement",
    "print": "nothing is printed here: remove it",
    "var": "a name is given a value without a word before it: x = ...",
    "const": "a name is given a value without a word before it: x = ...",
    "#include": "names are taken with `from vit import MLP`",
}  # fmt: skip

CHARACTERS = {
    "'": 'texts are in double quotes: "..."',
    "!": "write `not` or `!=`",
    "&": "write `and`",
    "@": _PRODUCT,
    "}": "bodies are indented below a `:`, and lists are in square brackets",
    "~": "`~` stands in `expect` and in `claim`",
    "?": "write `a if condition else b`",
    "\\": "leave it out: inside `( )` and `[ ]` a line may end anywhere",
    **dict.fromkeys("·×∙⋅∗", "write `*`"),
    **dict.fromkeys("÷∕", "write `/`"),
    **dict.fromkeys("−–—", "write `-`"),
    **dict.fromkeys("→⟶", "write `->`"),
    **dict.fromkeys("“”„«»", 'write `"`'),
    "≥": "write `>=`", "≤": "write `<=`", "≠": "write `!=`", "∣": "write `|`",
    "∧": "write `and`", "∨": "write `or`", "¬": "write `not`",
}  # fmt: skip

_HEAD = re.compile(r"\s*(block|model|op|repeat|for|if|elif|else|choose|preset)\b")
_REMAINDER = re.compile(r"(\w+)\s*%\s*(\w+)(\s*==\s*0)?")
_CHAIN = re.compile(r"((?:\.[^\W\d]\w*)+)")
_BASE = re.compile(r"([^\W\d]\w*)$")
_MODULES = {"nn", "torch", "F", "tf", "keras", "jnp", "np", "jax", "layers"}


def about_name(name: str) -> str | None:
    """A help for a name that is not defined, where another language has it.

    >>> about_name("False")
    'write `false`'
    """
    plain = name.rstrip("²³")
    if plain != name:
        return f"a power is written `{plain}^{2 if name.endswith('²') else 3}`"
    return CONSTANTS.get(name) or NAMES.get(name.lower())


# What other tools call a measure.
MEASURES = {
    **dict.fromkeys(("weights", "parameters", "n_params", "num_params"), "params"),
    **dict.fromkeys(("madds", "mult_adds", "multiply_adds", "gmacs", "mmacs"), "macs"),
    **dict.fromkeys(("gflops", "mflops"), "flops"),
}


def about_measure(name: str) -> str | None:
    """A help for a measure that has another name elsewhere.

    >>> about_measure("weights")
    'write `params`'
    """
    known = MEASURES.get(name.lower())
    return f"write `{known}`" if known else None


def about_text(name: str, text: str) -> str | None:
    """A help for a text that a parameter takes elsewhere.

    >>> about_text("padding", "VALID")
    'write `padding=0`'
    """
    return f"write `{name}=0`" if name == "padding" and text.lower() == "valid" else None


def about_character(line: str, column: int) -> str | None:
    """A help for a character that begins no token of the language."""
    char = line[column - 1 : column]
    if char == "%":
        for match in _REMAINDER.finditer(line):
            if match.start() < column <= match.end():
                return _remainder(*match.groups())
        return "that b divides a is written `b | a`"
    if char == "{" and line[: column - 1].endswith("sum_"):
        return "a sum over an index is written `sum_(s=1..4) D[s]`"
    if char == "{":
        opens = _HEAD.match(line)
        return f"write `:`, and indent what is in the {opens[1]}" if opens else LISTS
    return CHARACTERS.get(char)


LISTS = "lists are in square brackets: [1, 2]"


def _remainder(top: str, bottom: str, zero: str | None) -> str:
    if zero:
        return f"write `{bottom} | {top}`"
    return f"the rest of {top}/{bottom} is written `{top} - {bottom}*floor({top}/{bottom})`"


def about_attribute(before: str, after: str) -> str | None:
    """A help for `nn.Linear`, `self.norm` and `x.shape`, by what stands before and from the dot."""
    base, found = _BASE.search(before), _CHAIN.match(after)
    if base is None or found is None:
        return None
    owner, last = base[1], found[1].rpartition(".")[2]
    if owner == "self":
        return (
            "there is no `self`: an operation stands where it is used, with its sizes, "
            "as in x -> layernorm -> linear(d)"
        )
    known = about_name(last)
    if known:
        return known
    if owner in _MODULES:
        return f"an operation has a plain name: write `{last.lower()}`"
    return f"nothing stands behind a dot: a tensor is piped, as in {owner} -> {last.lower()}"


def about_sign(before: str, after: str) -> str | None:
    """A help for signs that this language lacks, by what stands before and from the wrong token."""
    applied = re.search(r"([^\W\d]\w*\([^()]*\))$", before)
    to = re.match(r"\(\s*([^\W\d]\w*)\s*\)", after)
    if applied and to:
        return f"write `{to[1]} -> {applied[1]}`"
    if re.fullmatch(r"\s*\w+", before) and re.match(r"\[[^\]]*\]\s*=(?!=)", after):
        return "a part of a tensor cannot be assigned: " + _CONCAT
    target = re.fullmatch(r"\s*([^\W\d]\w*)\s*", before)
    changed = re.match(r"(\*\*|//|[-+*/])=\s*(.*)", after)
    if target and changed:
        sign = changed[1].replace("**", "^")
        return f"write `{target[1]} = {target[1]} {sign} ...`"
    if before.endswith("*") and after.startswith("*"):
        return "powers are written `a^b`"
    if not before.strip() and after.startswith("//"):
        return "a comment begins with `#`"
    if before.endswith("/") and after.startswith("/"):
        return "a whole quotient is written `floor(a/b)`, or `ceil(a/b)`"
    if before.endswith("|") and after.startswith("|"):
        return "write `or`"
    if before.endswith("|") and after.startswith(">"):
        return "write `->`"
    if after.startswith("||"):
        return "write `or`"
    if after.startswith("is "):
        return "write `==`, or `!=` for `is not`"
    return None


def about_line(line: str) -> str | None:
    """A help for a line that is written as elsewhere.

    >>> about_line("for i in range(4):")
    'write `for i in 1..4:`'
    """
    counted = re.match(r"\s*for\s+(\w+)\s+in\s+range\(\s*(?:1\s*,\s*)?(\w+)\s*\)", line)
    if counted:
        return f"write `for {counted[1]} in 1..{counted[2]}:`"
    together = re.match(r"\s*for\s+\w+\s*,\s*\w+", line)
    if together:
        return "a loop has one name: count, as in `for s in 1..4:`, and read `A[s]` and `B[s]`"
    listed = re.match(r"\s*for\s+(\w+)\s+in\s+\(([^()]*,[^()]*)\)\s*:", line)
    if listed:
        return f"a list stands in square brackets: write `for {listed[1]} in [{listed[2]}]:`"
    if re.match(r"\s*else\s+if\b", line):
        return "write `elif`"
    named = re.match(r"\s*(?:let|dim)\s+([^\W\d]\w*)\s*=\s*([^\"#]*[^\"#\s])", line)
    if named and line[:1].isspace():
        return (
            f"in a body a size is named without a word before it: write `{named[1]} = {named[2]}`"
        )
    stated = re.match(r"\s+assume\s+([^#]*[^#\s])", line)
    if stated:
        return f"in a body write `require {stated[1]}`"
    head = re.match(r"(?:def|class|function|fn|module)\s+(\w+\(.*\)):\s*$", line)
    if head:
        return f"write `block {head[1]}:`, or `model` for a whole network"
    turned = re.match(r"preset\s+([^\W\d]\w*)\s*(\"[^\"]*\")([^#]*[^#\s])", line)
    if turned:
        return f"write `preset {turned[2]} of {turned[1]}{turned[3]}`"
    told = re.match(r"\s*expect\s+\"[^\"]*\"\s*([^#]*[^#\s])", line)
    if told:
        return f"it speaks of the preset that it stands in: write `expect {told[1]}`"
    word = re.match(r"\s*([^\W\d]\w*)", line)
    if word and word[1] in STARTS:
        return STARTS[word[1]]
    if "lambda" in line.split():
        return _PART
    return None
