"""PythonQt's interface on top of PySide6: properties are attributes, `connect("clicked()", f)`, unknown names fail.

An object of PySide6 is wrapped in an `Instance`, which offers what PythonQt offers: Qt properties and methods by their
names. Arguments are unwrapped, and results are wrapped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore

ALIASES = {"name": "objectName"}
"""PythonQt also calls the property objectName `name`, and slicer.util relies on it."""


def unwrap(value: Any) -> Any:
    if isinstance(value, Instance):
        return value._object
    if isinstance(value, Class):
        return value._class
    if isinstance(value, list | tuple):
        return type(value)(unwrap(element) for element in value)
    return value


def wrap(value: Any) -> Any:
    if isinstance(value, QtCore.QObject):
        return Instance(value)
    if isinstance(value, QtCore.QByteArray):
        return value
    if isinstance(value, list):
        return [wrap(element) for element in value]
    return value


class Signal:
    """A signal of a wrapped object, as in PythonQt: `button.clicked.connect(f)`."""

    def __init__(self, instance: Instance, name: str) -> None:
        self._instance, self._name = instance, name

    def connect(self, slot: Callable[..., Any]) -> None:
        self._instance._connect(self._name, slot, None)

    def disconnect(self, slot: Callable[..., Any]) -> None:
        self._instance._disconnect(self._name, slot)

    def emit(self, *arguments: Any) -> None:
        getattr(self._instance._object, self._name).emit(*(unwrap(argument) for argument in arguments))

    __call__ = emit


class Instance:
    """A QObject as PythonQt presents it."""

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
        name = ALIASES.get(name, name)
        if self._is_property(name):
            return wrap(target.property(name))
        attribute = getattr(target, name)
        if isinstance(attribute, QtCore.SignalInstance):
            return Signal(self, name)
        return _wrap_function(attribute) if _is_function(attribute) else wrap(attribute)

    def __setattr__(self, name: str, value: Any) -> None:
        property_name = ALIASES.get(name, name)
        if not self._is_property(property_name):
            raise AttributeError(f"{self.className()} has no property {name!r}")
        if not self._object.setProperty(property_name, unwrap(value)):
            raise AttributeError(f"Property {name!r} of {self.className()} does not take {value!r}")

    def connect(self, *arguments: Any) -> bool:
        """Connect a slot: `connect("clicked(bool)", slot)`, or "clicked()" for a slot without arguments."""
        signature, slot = arguments
        match = re.fullmatch(r"(\w+)\((.*)\)", signature)
        if match is None:
            raise ValueError(f"Not a signal's signature: {signature!r}")
        name, types = match.groups()
        meta = self._object.metaObject()
        signals = {
            bytes(meta.method(index).name()).decode()
            for index in range(meta.methodCount())
            if meta.method(index).methodType() == QtCore.QMetaMethod.MethodType.Signal
        }
        if name not in signals:
            raise ValueError(f"{self.className()} has no signal {signature!r}")
        self._connect(name, slot, len([argument for argument in types.split(",") if argument.strip()]))
        return True

    def disconnect(self, *arguments: Any) -> bool:
        signature, slot = arguments
        self._disconnect(signature.split("(")[0], slot)
        return True

    def _connect(self, name: str, slot: Callable[..., Any], count: int | None) -> None:
        accepted = _arity(slot)
        passed = accepted if count is None else min(count, accepted)

        # PySide6 chooses between the overloads of a signal by the number of parameters of the slot
        def without_argument() -> None:
            slot()

        def with_one(first: Any) -> None:
            slot(wrap(first))

        def with_two(first: Any, second: Any) -> None:
            slot(wrap(first), wrap(second))

        call = (without_argument, with_one, with_two)[min(passed, _max_arguments(self._object, name), 2)]
        getattr(self._object, name).connect(call)
        _slots(self._object).append((name, slot, call))

    def _disconnect(self, name: str, slot: Callable[..., Any]) -> None:
        for entry in list(_slots(self._object)):
            if entry[0] == name and entry[1] == slot:
                getattr(self._object, name).disconnect(entry[2])
                _slots(self._object).remove(entry)
                return
        raise ValueError(f"Not connected: {name}")


def _max_arguments(qobject: Any, name: str) -> int:
    meta = qobject.metaObject()
    methods = (meta.method(index) for index in range(meta.methodCount()))
    return max(method.parameterCount() for method in methods if bytes(method.name()).decode() == name)


def _is_function(attribute: Any) -> bool:
    return callable(attribute) and not inspect.isclass(attribute)


def _wrap_function(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: wrap(function(*(unwrap(argument) for argument in arguments)))


def _slots(qobject: Any) -> list[Any]:
    if not hasattr(qobject, "_python_slots"):
        qobject._python_slots = []
    return qobject._python_slots


def _arity(slot: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return 99
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 99
    return sum(
        parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD} for parameter in parameters
    )


class Class:
    """The class of a QObject in `qt`, `ctk` or `slicer`: calling it returns an `Instance`; enums and statics work."""

    def __init__(self, qclass: type) -> None:
        self._class = qclass

    def __call__(self, *arguments: Any) -> Instance:
        return Instance(self._class(*(unwrap(argument) for argument in arguments)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(self._class, name)
        return _wrap_function(attribute) if _is_function(attribute) else attribute

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(unwrap(instance), self._class)
