"""Data classes without compiled methods.

The standard library writes and compiles up to six methods for each data class; for those of this
package together that takes half as long as `import sympy`. The methods here are written once and
look at the fields that a class has; in all else it is a data class of the standard library. A class
that derives from a frozen one has to be frozen as well.

>>> @dataclass(frozen=True)
... class Point:
...     x: int
...     y: int = 0
>>> Point(1)
Point(x=1, y=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    from dataclasses import MISSING
    from operator import attrgetter

    def dataclass(cls=None, *, frozen=False, eq=True, repr=True, **asked):
        """A data class as `dataclasses.dataclass` makes it; takes no `InitVar` and no `order`."""
        if cls is None:
            return lambda given: dataclass(given, frozen=frozen, eq=eq, repr=repr, **asked)
        cls.__doc__ = cls.__doc__ or cls.__name__  # else its signature is looked for
        cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, **asked)
        fields = dataclasses.fields(cls)
        made = {"__init__": _making(cls, fields)}
        if repr:
            made["__repr__"] = _showing([f.name for f in fields if f.repr])
        if eq:
            made["__eq__"] = _comparing([f.name for f in fields if f.compare])
            hashed = [f.name for f in fields if (f.compare if f.hash is None else f.hash)]
            made["__hash__"] = _hashing(hashed) if frozen else None
        for name, method in made.items():
            if vars(cls).get(name) is None:  # Python puts a None beside an __eq__ of its own
                setattr(cls, name, method)
        if frozen:
            cls.__setattr__, cls.__delattr__ = _refuse_change, _refuse_deletion
        return cls

    def _making(cls, fields):
        """The method that makes an object."""
        asked = [f for f in fields if f.init]
        placed = [f.name for f in asked if not f.kw_only]
        names = [*placed, *(f.name for f in asked if f.kw_only)]
        values = {f.name: f.default for f in fields if f.default is not MISSING}
        makers = {f.name: f.default_factory for f in fields if f.default_factory is not MISSING}
        alone = [f.name for f in fields if not f.init and (f.name in values or f.name in makers)]
        whole = len(names) if names == placed else None  # with so many values nothing is left open
        ends = hasattr(cls, "__post_init__")
        put = object.__setattr__

        def __init__(self, *given, **named):
            for name, value in zip(placed, given, strict=False):
                put(self, name, value)
            if len(given) != whole:
                if len(given) > len(placed):
                    raise TypeError(
                        f"{cls.__qualname__}() takes {len(placed)} values and not {len(given)}"
                    )
                for name in names[len(given) :]:
                    if name in named:
                        value = named.pop(name)
                    elif name in values:
                        value = values[name]
                    elif name in makers:
                        value = makers[name]()
                    else:
                        raise TypeError(f"{cls.__qualname__}() needs a value for {name!r}")
                    put(self, name, value)
            if named:
                raise TypeError(
                    f"{cls.__qualname__}() takes no other {', '.join(map(repr, named))}"
                )
            for name in alone:
                put(self, name, values[name] if name in values else makers[name]())
            if ends:
                self.__post_init__()

        return __init__

    def _refuse_change(self, name, value):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_deletion(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _showing(names):
        def __repr__(self):
            inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({inside})"

        return __repr__

    def _comparing(names):
        values = _all_of(names)

        def __eq__(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return values(self) == values(other)

        return __eq__

    def _hashing(names):
        values = _all_of(names)

        def __hash__(self):
            return hash(values(self))

        return __hash__

    def _all_of(names):
        """What gives the fields of those names together."""
        return attrgetter(*names) if names else lambda _: ()
