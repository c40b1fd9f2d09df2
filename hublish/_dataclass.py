"""A `dataclass` whose methods need no compiler when its module is imported.

The standard decorator compiles up to six methods of a class. A command imports hundreds of classes and makes objects of
some of them: that took a quarter of the time of `hublish check`. Here, `__init__` is compiled by the first call, and
nothing else is. It fills slots directly, which halves the time to make a frozen object.

Type checkers see the standard decorator, which also serves classes that ask for more than this one knows.
"""

# ruff: noqa: ANN001, ANN002, ANN003, ANN202 - type checkers see the standard decorator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the import is the name of this module
else:
    import dataclasses
    from operator import attrgetter
    from reprlib import recursive_repr

    # A class that writes one of them itself gets the standard decorator.
    _METHODS = frozenset(
        ["__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__", "__getstate__", "__setstate__"]
    )
    _NOT_GIVEN = object()

    def dataclass(cls=None, /, *, frozen=False, slots=False, **others):
        """Return a class with the methods of a dataclass; see `dataclasses.dataclass`."""

        def decorated(cls):
            if others or not _METHODS.isdisjoint(vars(cls)):
                return dataclasses.dataclass(frozen=frozen, slots=slots, **others)(cls)
            # Not frozen: the standard decorator would compile methods for it.
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            methods = [_init(made, frozen, slots), *_comparing(made, frozen), _repr]
            if frozen:
                methods += [*_refusing(made), *((_getstate, _setstate) if slots else ())]
            for method in methods:
                setattr(made, method.__name__.replace("_", "__", 1) + "__", method)
            return made

        return decorated if cls is None else decorated(cls)

    def _init(cls, frozen, slots):
        def _init(self, *args, **kwargs):
            cls.__init__ = _compiled(cls, frozen, slots)
            cls.__init__(self, *args, **kwargs)

        return _init

    def _compiled(cls, frozen, slots):
        """Return the method `__init__` of a class."""
        known = {"put": object.__setattr__, "not_given": _NOT_GIVEN}
        parameters, lines = ["self"], []
        for number, each in enumerate(dataclasses.fields(cls)):
            name, value = each.name, each.name
            if each.default is not dataclasses.MISSING:
                known[f"default_{number}"] = each.default
                parameters.append(f"{name}=default_{number}")
            elif each.default_factory is not dataclasses.MISSING:
                known[f"default_{number}"] = each.default_factory
                parameters.append(f"{name}=not_given")
                value = f"default_{number}() if {name} is not_given else {name}"
            else:
                parameters.append(name)
            if slots:
                # The descriptor of a slot takes half the time of `object.__setattr__`, which looks for it by its name.
                known[f"put_{number}"] = getattr(cls, name).__set__
                lines.append(f"put_{number}(self, {value})")
            else:
                lines.append(f"put(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            lines.append("self.__post_init__()")
        exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), known)  # noqa: S102 - as dataclasses do
        made = known["__init__"]
        made.__qualname__, made.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
        return made

    def _comparing(cls, frozen):
        names = tuple(each.name for each in dataclasses.fields(cls) if each.compare)
        if len(names) > 1:
            values = attrgetter(*names)
        else:
            values = (lambda self: (getattr(self, names[0]),)) if names else (lambda _: ())

        def _eq(self, other):
            return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

        def _hash(self):
            return hash(values(self))

        if not frozen:
            cls.__hash__ = None
            return (_eq,)
        return _eq, _hash

    def _refusing(cls):
        names = frozenset(each.name for each in dataclasses.fields(cls))

        def _setattr(self, name, value):
            if type(self) is cls or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
            super(cls, self).__setattr__(name, value)

        def _delattr(self, name):
            if type(self) is cls or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
            super(cls, self).__delattr__(name)

        return _setattr, _delattr

    @recursive_repr()
    def _repr(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    # Copies and pickles of objects with slots call `__setattr__` without these.
    def _getstate(self):
        return [getattr(self, each.name) for each in dataclasses.fields(self)]

    def _setstate(self, state):
        for each, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, each.name, value)
