"""PythonQt's manners over PySide6: properties are attributes, `connect("clicked()", f)`, unknown names fail.

An object of PySide6 is wrapped in an `Instance`, which hands on what PythonQt would: a Qt property by its name, else a
method, else a child class's own method. Arguments are unwrapped on the way in, results wrapped on the way out.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore

ALIASES = {"name": "objectName"}
"""PythonQt calls the property objectName also `name`, which slicer.util relies on."""


def unwrap(value: Any) -> Any:
    if isinstance(value, Instance):
        return value._object
    if isinstance(value, Class):
        return value._class
    if isinstance(value, list | tuple):
        return type(value)(unwrap(one) for one in value)
    return value


def wrap(value: Any) -> Any:
    if isinstance(value, QtCore.QObject):
        return Instance(value)
    if isinstance(value, QtCore.QByteArray):
        return value
    if isinstance(value, list):
        return [wrap(one) for one in value]
    return value


class Signal:
    """A signal of a wrapped object, as PythonQt gives it: `button.clicked.connect(f)`."""

    def __init__(self, instance: Instance, name: str) -> None:
        self._instance, self._name = instance, name

    def connect(self, slot: Callable[..., Any]) -> None:
        self._instance._connect(self._name, slot, None)

    def disconnect(self, slot: Callable[..., Any]) -> None:
        self._instance._disconnect(self._name, slot)

    def emit(self, *arguments: Any) -> None:
        getattr(self._instance._object, self._name).emit(*(unwrap(one) for one in arguments))

    __call__ = emit


class Instance:
    """A QObject as PythonQt shows it."""

    __slots__ = ("_object",)

    def __init__(self, qobject: Any) -> None:
        object.__setattr__(self, "_object", qobject)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instance) and other._object is self._object

    def __hash__(self) -> int:
        return hash(self._object)

    def __bool__(self) -> bool:
        return shiboken6.isValid(self._object)

    def __repr__(self) -> str:
        return f"{self.className()} ({self._object.objectName()})"

    def className(self) -> str:
        return self._object.metaObject().className()

    def _is_property(self, name: str) -> bool:
        return self._object.metaObject().indexOfProperty(name) >= 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        target = self._object
        if not shiboken6.isValid(target):
            raise ValueError(f"Trying to access '{name}' of a destroyed object")
        asked = ALIASES.get(name, name)
        if self._is_property(asked):
            return wrap(target.property(asked))
        found = getattr(target, asked)
        if isinstance(found, QtCore.SignalInstance):
            return Signal(self, asked)
        if callable(found) and not inspect.isclass(found):
            return lambda *arguments: wrap(found(*(unwrap(one) for one in arguments)))
        return wrap(found)

    def __setattr__(self, name: str, value: Any) -> None:
        asked = ALIASES.get(name, name)
        if not self._is_property(asked):
            raise AttributeError(f"{self.className()} has no property {name!r}")
        if not self._object.setProperty(asked, unwrap(value)):
            raise AttributeError(f"Property {name!r} of {self.className()} does not take {value!r}")

    def connect(self, *arguments: Any) -> bool:
        """`connect("clicked(bool)", slot)`, or "clicked()" for a slot that wants none of the arguments."""
        signature, slot = arguments
        match = re.fullmatch(r"(\w+)\((.*)\)", signature)
        if match is None:
            raise ValueError(f"Not a signal's signature: {signature!r}")
        name, types = match.groups()
        meta = self._object.metaObject()
        known = {
            bytes(meta.method(index).name()).decode()
            for index in range(meta.methodCount())
            if meta.method(index).methodType() == QtCore.QMetaMethod.MethodType.Signal
        }
        if name not in known:
            raise ValueError(f"{self.className()} has no signal {signature!r}")
        self._connect(name, slot, len([one for one in types.split(",") if one.strip()]))
        return True

    def disconnect(self, *arguments: Any) -> bool:
        signature, slot = arguments
        self._disconnect(signature.split("(")[0], slot)
        return True

    def _connect(self, name: str, slot: Callable[..., Any], count: int | None) -> None:
        wanted = _arity(slot)
        most = wanted if count is None else min(count, wanted)

        # PySide6 chooses among a signal's forms by the number of parameters that it finds
        def none() -> None:
            slot()

        def first(one: Any) -> None:
            slot(wrap(one))

        def both(one: Any, other: Any) -> None:
            slot(wrap(one), wrap(other))

        call = (none, first, both)[min(most, _most_arguments(self._object, name), 2)]
        getattr(self._object, name).connect(call)
        _slots(self._object).append((name, slot, call))

    def _disconnect(self, name: str, slot: Callable[..., Any]) -> None:
        for entry in list(_slots(self._object)):
            if entry[0] == name and entry[1] == slot:
                getattr(self._object, name).disconnect(entry[2])
                _slots(self._object).remove(entry)
                return
        raise ValueError(f"Not connected: {name}")


def _most_arguments(qobject: Any, name: str) -> int:
    meta = qobject.metaObject()
    own = (meta.method(index) for index in range(meta.methodCount()))
    return max(one.parameterCount() for one in own if bytes(one.name()).decode() == name)


def _slots(qobject: Any) -> list[Any]:
    if not hasattr(qobject, "_python_slots"):
        qobject._python_slots = []
    return qobject._python_slots


def _arity(slot: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return 99
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 99
    # a default marks what a lambda remembers, not what a signal brings
    return sum(one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD} for one in parameters)


class Class:
    """A QObject's class in `qt`, `ctk` or `slicer`: calling it gives an `Instance`, its enums and statics stay."""

    def __init__(self, qclass: type) -> None:
        self._class = qclass

    def __call__(self, *arguments: Any) -> Instance:
        return Instance(self._class(*(unwrap(one) for one in arguments)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._class, name)
        if callable(found) and not inspect.isclass(found):
            return lambda *arguments: wrap(found(*(unwrap(one) for one in arguments)))
        return found

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(unwrap(instance), self._class)
