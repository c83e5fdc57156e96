"""Products of which SymPy is mistaken whether they are whole, as models have them."""

import pytest

from closedform import loads

WIDTHS = """\
dim A, I, L
model M(x: [A, I, I]):
    for i in 2..L:
        x = x -> conv2d({width}, kernel=1, bias=false) -> conv2d(A, kernel=1, bias=false)
    return x
"""


@pytest.mark.parametrize(
    ("width", "at"),
    [
        ("ceil(A*2^(i - 1)/3)", lambda a, i: -(-a * 2 ** (i - 1) // 3)),
        ("ceil(2^i/6)", lambda a, i: -(-(2**i) // 6)),
        ("floor(A*2^i/10) + 1", lambda a, i: a * 2**i // 10 + 1),
        ("6^i*A/3", lambda a, i: 6**i * a // 3),
    ],
)
def test_powers_over_what_is_no_power_of_2(width: str, at) -> None:  # type: ignore[no-untyped-def]
    """Fails when 2^i/6 is whole, and its rounding left out, or 6^i/3 is not."""
    params = loads(WIDTHS.format(width=width)).params
    for a in (1, 2, 3, 4):
        for last in (2, 3, 5):
            counted = sum(2 * a * at(a, i) for i in range(2, last + 1))
            assert params.at(A=a, I=5, L=last) == counted
