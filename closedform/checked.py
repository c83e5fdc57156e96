"""Calls that cannot be: arguments of another type than a public function takes, too many or too
few, are told in its own words and not from inside of it."""

from __future__ import annotations

import inspect
import numbers
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import wraps
from types import FunctionType, NoneType, SimpleNamespace, UnionType
from typing import Any, ParamSpec, TypeVar

from closedform.errors import ClosedformError, fail, suggestion

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

WORDS = {
    "str": ("a text", "texts"),
    "int": ("a whole number", "whole numbers"),
    "bool": ("True or False", "truth values"),
    "float": ("a number", "numbers"),
    "Fraction": ("a fractions.Fraction", "fractions"),
    "Path": ("a path", "paths"),
    "Expr": ("an expression of SymPy", "expressions"),
    "Symbol": ("a symbol of SymPy", "symbols"),
    "Formula": ("a formula", "formulas"),
    "Quantity": ("a formula", "formulas"),
    "Expression": ("a formula", "formulas"),
    "Part": ("a model or a block", "models and blocks"),
    "Architecture": ("a file that is loaded", "files"),
}
LISTS = (Sequence, Iterable, Collection)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, whose failures for a wrong argument are errors that say which it is.

    A call that goes well costs nothing, and an error of ours stays: it says more.

    >>> from closedform.api import loads
    >>> loads(3)
    Traceback (most recent call last):
    closedform.errors.ClosedformError: error[type]: `text` of `loads` is a text, and this is 3
    """

    caught, blame = (ClosedformError, AttributeError, TypeError, ValueError), blamed
    is_empty = _is_empty

    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        if any(map(is_empty, args)) or any(map(is_empty, kwargs.values())):
            told = blame(function, None, args, kwargs)  # or it would count as not given
            if told is not None:
                raise told
        try:
            return function(*args, **kwargs)
        except caught as error:
            wrong = blame(function, error, args, kwargs)
            if wrong is None:
                raise
        raise wrong

    # with the globals of the function, without which doctest would not see its examples
    assert inspect.isfunction(function)
    named = function.__name__, None, called.__closure__
    made = FunctionType(called.__code__, function.__globals__, *named)
    return wraps(function)(made)


def all_checked(kind: C) -> C:
    """A class whose public methods are checked."""
    for name, member in list(vars(kind).items()):
        if inspect.isfunction(member) and (name[0] != "_" or name == "__getitem__"):
            setattr(kind, name, checked(member))
    return kind


def blamed(
    function: Callable[..., object],
    error: Exception | None,
    args: Sequence[object],
    kwargs: Mapping[str, object],
) -> ClosedformError | None:
    """The error for a call with a wrong argument; None where the arguments are right. Without an
    error from inside only what is empty, zero or false is looked at."""
    name = function.__name__.replace("__getitem__", "[...]")
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as unbound:
        known = [p.name for p in parameters if p.name != "self"]
        odd = [key for key in kwargs if key not in known]
        if odd:
            help = suggestion(odd[0], known) or f"it takes {', '.join(known)}"
            return fail("argument", f"`{name}` takes no `{odd[0]}`", None, help)
        taken = [str(p.replace(annotation=p.empty)) for p in parameters if p.name != "self"]
        call = f"{name}({', '.join(taken)})"
        return fail("argument", f"`{name}`: {unbound}", None, f"it is called as `{call}`")
    hints = hints_of(function)
    for parameter in parameters:
        if parameter.name not in bound.arguments or parameter.kind is parameter.VAR_KEYWORD:
            continue
        hint, given = hints.get(parameter.name, Any), bound.arguments[parameter.name]
        several = given if parameter.kind is parameter.VAR_POSITIONAL else (given,)
        for value in several:
            if error is None and not _is_empty(value):
                continue
            if isinstance(error, ClosedformError) and not _a_text_for_a_list(value, hint):
                continue
            if not fits(value, hint):
                told = f"`{parameter.name}` of `{name}` is {described(hint)}, and this is {value!r}"
                return fail("type", told, None, _advice(parameter.name, value, hint))
    return None


def hints_of(function: Callable[..., object]) -> dict[str, Any]:
    """The types of the parameters; what a function gives may have a type that is not loaded."""
    own = {name: kind for name, kind in function.__annotations__.items() if name != "return"}
    holder: Any = SimpleNamespace(__annotations__=own)
    return typing.get_type_hints(holder, getattr(function, "__globals__", {}))


def fits(value: object, hint: Any) -> bool:
    """Whether a value is of a type, as far as can be seen without taking its elements out of an
    iterator; every kind of whole number is one, and a text is no list of its letters."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, UnionType):
        return any(fits(value, one) for one in inner)
    if origin is tuple and Ellipsis not in inner:
        return isinstance(value, tuple | list) and len(value) == len(inner) and all(
            map(fits, value, inner)
        )  # fmt: skip
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(one, inner[1]) for key, one in value.items()
        )
    if origin in LISTS:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return False
        return not isinstance(value, Collection) or all(fits(one, inner[0]) for one in value)
    if origin is not None:  # a function
        return callable(value)
    if hint is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if hint is Fraction:
        return isinstance(value, numbers.Rational) and not isinstance(value, bool)
    return isinstance(value, hint)


def described(hint: Any, several: bool = False) -> str:
    """A type in words, one of them or several."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        kinds = (described(one, several) for one in inner if one is not NoneType)
        *others, last = dict.fromkeys(kinds)
        return f"{', '.join(others)} or {last}" if others else last
    if origin is tuple and Ellipsis not in inner:
        return f"({', '.join(map(described, inner))})"
    if origin is not None and issubclass(origin, Mapping):
        return f"a dict of {described(inner[1], True)} by {described(inner[0], True)}"
    if origin in LISTS:
        return f"{'lists' if several else 'a list'} of {described(inner[0], True)}"
    if origin is not None:
        return "a function"
    one, many = WORDS[hint.__name__]
    return many if several else one


EMPTY = str, bytes, list, tuple, dict, set, bool, int, float


def _is_empty(value: object) -> bool:
    return type(value) in EMPTY and not value


def _a_text_for_a_list(value: object, hint: Any) -> bool:
    """Whether a text stands where a list of texts does: its letters would be taken."""
    return isinstance(value, str) and not fits(value, hint) and fits((value,), hint)


def _advice(name: str, value: object, hint: Any) -> str | None:
    if fits((value,), hint) and not _is_empty(value):
        one = [part.strip() for part in value.split(",")] if isinstance(value, str) else [value]
        return f"write {name}={one!r}"
    if isinstance(value, float) and value.is_integer() and fits(int(value), hint):
        return f"write {name}={int(value)}"
    if isinstance(value, list | tuple) and len(value) == 1 and fits(value[0], hint):
        return f"write {name}={value[0]!r}"
    return None
