"""Names in exported code that are words of the language, or of the code around a formula."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from closedform import ClosedformError
from closedform.api import loads, zoo

# Each is a word of some language, or of what it writes around a formula.
WORDS = (
    *("int", "double", "switch", "result", "is_power", "power", "INT64_C"),
    *("lambda", "match", "any", "object", "tuple", "math", "operator", "np", "range", "ValueError"),
    *("each", "whole", "root", "sum", "BigInt", "Number", "RangeError", "t1", "where", "Symbol"),
)
MODEL = """
dim {0}
dim K
model M(x: [{0}]):
    return x -> linear(max(gcd({0}, K), 4)) -> linear(floor({0}/3) + floor(sqrt(K)))
"""
RESERVED = {
    "c": ("for", "main", "is_power", "result"),
    "javascript": ("for", "min", "whole", "class"),
    "numpy": ("for", "np", "_each", "kind"),
    "python": ("for", "min", "_log", "operator"),
    "sympy": ("for", "where", "Symbol", "Max"),
}


def exported(word: str, language: str) -> tuple[str, Any]:
    formula = loads(MODEL.format(word)).macs
    return formula.export(language, name="f"), formula


def told(call: Callable[[], object]) -> str:
    with pytest.raises(ClosedformError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_python(language: str) -> None:
    """Fails when a size hides what the function itself needs."""
    for word in WORDS:
        names: dict[str, Any] = {}
        code, formula = exported(word, language)
        exec(code, names)
        assert names["f"](12, 9) == formula.at(K=9, **{word: 12}), word


def test_sympy() -> None:
    for word in WORDS:
        names: dict[str, Any] = {}
        code, formula = exported(word, "sympy")
        exec(code, names)
        assert names["f"] == formula.expr, word


def test_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    scripts, expected = [], []
    for word in WORDS:
        code, formula = exported(word, "javascript")
        scripts.append(f"{{ {code}\nconsole.log(String(f({{{word}: 12, K: 9}}))) }}")
        expected.append(str(formula.at(K=9, **{word: 12})))
    ran = subprocess.run(
        [node, "-"], input="\n".join(scripts), capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.split() == expected


def test_c(tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed")
    for word in WORDS:
        code, formula = exported(word, "c")
        shown = 'int main(void) { int64_t r; int c = f(12, 9, &r); printf("%d %lld", c, '
        text = f"#include <stdio.h>\n{code}\n{shown}(long long)r); return 0; }}"
        (tmp_path / "a.c").write_text(text, "utf-8")
        subprocess.run([gcc, "-Wall", "-Werror", "-o", "a", "a.c"], cwd=tmp_path, check=True)
        ran = subprocess.run([tmp_path / "a"], capture_output=True, text=True, check=True)
        assert ran.stdout == f"0 {formula.at(K=9, **{word: 12})}", word


@pytest.mark.parametrize("language", RESERVED)
def test_a_function_has_no_such_name(language: str) -> None:
    """Fails when the code is no code, or calls itself."""
    for word in RESERVED[language]:
        assert told(lambda w=word: zoo("vit").macs.export(language, name=w)) == (  # type: ignore[misc]
            f"error[argument]: `{word}` is a word of the language, or of the code around a "
            f"formula\n     = help: call it {word}_"
        )
    assert told(lambda: zoo("vit").macs.export(language, name="D")) == (
        "error[argument]: `D` is a size, and the function would be called so too\n"
        '     = help: name it: `name="D_of"`'
    )


@pytest.mark.parametrize("language", ["spark", "spreadsheet", "sql"])
def test_an_expression_has_no_name(language: str) -> None:
    """Fails when the name is passed over."""
    assert told(lambda: zoo("vit").macs.export(language, name="f")) == (
        f"error[argument]: what `{language}` has is an expression, without a name"
    )


@pytest.mark.parametrize(
    ("sizes", "languages"),
    [(("n", "N"), ("spark", "spreadsheet", "sql")), (("int", "int_"), ("c", "python"))],
)
def test_two_sizes_have_two_names(sizes: tuple[str, str], languages: tuple[str, ...]) -> None:
    """Fails when a column, a cell or an argument stands for two sizes."""
    one, other = sizes
    text = f"dim {one}, {other}\nmodel M(x: [{one}, {other}]):\n    return x -> linear({one})\n"
    formula = loads(text).macs
    for language in languages:
        assert told(lambda to=language: formula.export(to)) == (  # type: ignore[misc]
            f"error[argument]: `{one}` and `{other}` would have one name in this language\n"
            f'     = help: give it another name, `.subs({other}="{other}_2")`'
        )
    assert formula.export("javascript")
