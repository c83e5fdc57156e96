"""Data classes whose methods are made with the first object, as most classes have none in a run.

Python compiles up to six methods for each data class; for those of this package together that takes
half as long as `import sympy`. This `dataclass` puts it off, and is that of the standard library in
all else. A class that derives from such a class has to be one as well.

>>> @dataclass(frozen=True)
... class Point:
...     x: int
...     y: int = 0
>>> hasattr(Point, "__dataclass_fields__")
False
>>> Point(1)
Point(x=1, y=0)
>>> hasattr(Point, "__dataclass_fields__")
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

    def make(cls: type) -> None: ...
else:
    import dataclasses
    from operator import attrgetter
    from threading import RLock

    ASKED = "_asked_of_dataclass"  # in a class as long as its fields are not read
    OF_FROZEN = ("__setattr__", "__delattr__")
    LOCK = RLock()

    def dataclass(cls=None, **asked):
        """A data class as `dataclasses.dataclass` makes it, but later."""
        if cls is None:
            return lambda given: dataclass(given, **asked)
        methods = ["__init__"]
        methods += ["__repr__"] * asked.get("repr", True)
        methods += ["__eq__", "__hash__"] * asked.get("eq", True)
        late = [name for name in methods if name not in vars(cls)]
        setattr(cls, ASKED, ({**asked, "repr": False, "eq": False}, late))
        for name in late:
            setattr(cls, name, _making(cls, name))
        if asked.get("frozen"):
            for name in OF_FROZEN:
                setattr(cls, name, _refusing(cls, name))
        elif "__hash__" in late:
            cls.__hash__ = None
            late.remove("__hash__")
        return cls

    def _making(cls, name):
        """A method that has the methods of a class made, and gives way to the one of its name."""

        def method(self, *given, **named):
            make(cls)
            return getattr(cls, name)(self, *given, **named)

        return method

    def _refusing(cls, name):
        """The method that lets no field of a class be changed."""

        def method(self, field, *value):
            make(cls)
            if type(self) is cls or field in cls.__dataclass_fields__:
                verb = "delete" if name == "__delattr__" else "assign to"
                raise dataclasses.FrozenInstanceError(f"cannot {verb} field {field!r}")
            getattr(super(cls, self), name)(field, *value)

        return method

    def make(cls):
        """The methods of a class, and of those that it derives from."""
        with LOCK:
            for base in reversed(cls.__mro__):
                if ASKED in vars(base):
                    _made(base)

    def _made(cls):
        """The methods of a class. That which makes objects is of a twin of the class, so that at
        each time the class has one, whatever other threads do with it."""
        asked, late = vars(cls)[ASKED]
        passed = {ASKED, "__dict__", "__weakref__", *late, *OF_FROZEN}
        own = {name: value for name, value in vars(cls).items() if name not in passed}
        twin = dataclasses.dataclass(**asked)(type(cls)(cls.__name__, cls.__bases__, own))
        for name in own.keys() - vars(twin).keys():
            delattr(cls, name)  # what makes a default is none
        for name in vars(twin).keys() - passed:
            if name not in own or vars(twin)[name] is not own[name]:
                setattr(cls, name, vars(twin)[name])
        fields = dataclasses.fields(twin)
        shown = [field.name for field in fields if field.repr]
        made = {
            "__repr__": _showing(shown),
            "__eq__": _comparing([field.name for field in fields if field.compare]),
            "__hash__": _hashing(
                [f.name for f in fields if (f.compare if f.hash is None else f.hash)]
            ),
            "__init__": twin.__init__,
        }
        for name in sorted(late, key=list(made).index):  # what makes objects comes last
            setattr(cls, name, made[name])
        delattr(cls, ASKED)

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
