"""The language of a report: its fixed words through gettext, with values put in by name.

English is the language of the program; the catalogues of the others are in `locale`. What a user
wrote (titles, meanings, docstrings, names) is in the language of the user, and stays as it is; the
docstrings of the standard library are texts of this package.

>>> language("zh").tr("line {line}", line=3)
'第 3 行'
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import TypeVar

from closedform.choices import LANGUAGES
from closedform.data import dataclass
from closedform.errors import fail, suggestion
from closedform.formula.numbers import Exact

Value = TypeVar("Value")

MAX_PLACES = 6  # behind the point; what needs more is written as a fraction
PREFIXES = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


@dataclass(frozen=True)
class Language:
    """A language by its code, with the translations of the texts of this package."""

    name: str
    translations: gettext.NullTranslations

    def tr(self, text: str, **values: object) -> str:
        """A text of this package in the language, with values for its `{name}` places."""
        return "".join(map(str, self.pieces(text, values)))

    def pieces(self, text: str, values: Mapping[str, Value]) -> Iterator[str | Value]:
        """The same text in parts, for values that are not texts, or are escaped by themselves."""
        translated = self.translations.gettext(text) if text else ""
        for literal, name, _, _ in Formatter().parse(translated):
            if literal:
                yield literal
            if name is not None:
                yield values[name]


@cache
def language(name: str = "en") -> Language:
    """The language of a code such as `zh`. Raises ClosedformError where there is none."""
    if name not in LANGUAGES:
        near = suggestion(name, LANGUAGES) or "there are " + ", ".join(LANGUAGES)
        raise fail("language", f"there is no language `{name}`", None, near)
    if name == "en":
        return Language(name, gettext.NullTranslations())
    catalogue = files("closedform.render").joinpath("locale", name, "LC_MESSAGES", "closedform.mo")
    return Language(name, gettext.GNUTranslations(io.BytesIO(catalogue.read_bytes())))


def digits(value: Exact) -> str:
    """A number in groups of three digits: with a point where that is exact, else as a fraction.

    >>> from fractions import Fraction
    >>> digits(17563828224), digits(Fraction(-24691, 2)), digits(Fraction(10000, 3))
    ('17,563,828,224', '-12,345.5', '10,000/3')
    """
    above, below = value.numerator, value.denominator
    if below == 1:
        return f"{above:,}"
    places = next((n for n in range(1, MAX_PLACES + 1) if 10**n % below == 0), None)
    if places is None:
        return f"{above:,}/{below:,}"
    whole, rest = divmod(abs(above) * 10**places // below, 10**places)
    return f"{'-' * (above < 0)}{whole:,}.{rest:0{places}}"


def number(value: Exact | None, lang: str = "en") -> str:
    """A number with its digits in groups, or what stands where there is none.

    >>> number(17563828224), number(None, "zh")
    ('17,563,828,224', '无值')
    """
    return language(lang).tr("no value") if value is None else digits(value)


def rounded(value: Exact) -> str:
    """A number with two digits after the point and a prefix, as people say it.

    >>> rounded(17563828224), rounded(999_996), rounded(12_345_000), rounded(197)
    ('17.56 G', '1.00 M', '12.35 M', '197')
    """
    above = None
    for scale, prefix in PREFIXES:
        if value >= scale:
            hundredths = (200 * value + scale) // (2 * scale)
            if hundredths >= 100_000 and above:
                return f"1.00 {above}"
            return f"{hundredths // 100}.{hundredths % 100:02} {prefix}"
        above = prefix
    return digits(value)


def spoken(
    value: Exact | None,
    lang: str = "en",
    written: Callable[[Exact | None, str], str] = number,
) -> str:
    """A number as it is written, and how people say it where that is shorter.

    >>> spoken(17563828224), spoken(197)
    ('17,563,828,224 (17.56 G)', '197')
    """
    whole = written(value, lang)
    if value is None or value < PREFIXES[-1][0]:
        return whole
    return language(lang).tr("{number} ({rounded})", number=whole, rounded=rounded(value))
