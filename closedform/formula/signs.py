r"""The sign that a size is printed with, `dim num_heads "heads" as H_{q}`: a small part of LaTeX.

It is read into a name that every notation prints, letter and index apart:

>>> printed_name("H_{kv}"), printed_name(r"\alpha_{1,q}"), printed_name(r"\mathrm{heads}_s")
('H_kv', 'alpha_1_q', 'heads_s')
>>> printed_name("H^2"), printed_name(r"\input{a}")
(None, None)
"""

from __future__ import annotations

import re

GREEK = frozenset(
    [
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi"),
        *("psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon"),
        *("Phi", "Psi", "Omega"),
    ]
)

_COMMAND = r"\\mathrm\{[A-Za-z0-9]+\}|\\[A-Za-z]+"
_SIGN = re.compile(
    rf"(?P<stem>{_COMMAND}|[A-Za-z]+)"
    rf"(?:_(?:(?P<word>{_COMMAND}|[A-Za-z0-9]+)"
    rf"|\{{(?P<list>(?:{_COMMAND}|[A-Za-z0-9]+)(?:,(?:{_COMMAND}|[A-Za-z0-9]+))*)\}}))?"
)


def printed_name(sign: str) -> str | None:
    """The name that a sign is printed as; None for what is no sign."""
    found = _SIGN.fullmatch(sign)
    if found is None:
        return None
    below = found["word"] or found["list"]
    parts = [_plain(part) for part in [found["stem"], *(below.split(",") if below else [])]]
    return None if None in parts else "_".join(filter(None, parts))


def _plain(part: str) -> str | None:
    if part.startswith(r"\mathrm{"):
        return part[len(r"\mathrm{") : -1]
    if part.startswith("\\"):
        return part[1:] if part[1:] in GREEK else None
    return part
