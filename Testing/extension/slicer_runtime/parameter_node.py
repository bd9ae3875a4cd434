"""The part of slicer.parameterNodeWrapper that the extension uses: strings, numbers, booleans and nodes."""

from __future__ import annotations

import typing
import weakref
from typing import Any

import vtk


class WithinRange:
    """Annotation: the value is within two bounds."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum


class Default:
    """Annotation: the value of a parameter that has not been set."""

    def __init__(self, value: Any) -> None:
        self.value = value


def parameterNodeWrapper(cls: type) -> type:
    """Turn the annotated attributes of a class into properties that are stored in a parameter node."""
    types = typing.get_type_hints(cls, include_extras=True)
    defaults = {name: getattr(cls, name, None) for name in types}
    for name, annotated in types.items():
        setattr(cls, name, _property(name, annotated, defaults[name]))

    def initialize(self: Any, parameter_node: Any) -> None:
        self.parameterNode = parameter_node
        self._nodes = {}
        reference = weakref.ref(self)
        tag = parameter_node.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda *_: reference() is not None and reference()._nodes.clear()
        )
        weakref.finalize(self, parameter_node.RemoveObserver, tag)
        for name in types:
            setattr(self, name, getattr(self, name))  # store the default of a parameter that has not been set

    cls.__init__ = initialize  # type: ignore[misc]
    cls.AddObserver = lambda self, event, callback, priority=0.0: self.parameterNode.AddObserver(  # type: ignore[attr-defined]
        event, callback, priority
    )
    cls.RemoveObserver = lambda self, tag: self.parameterNode.RemoveObserver(tag)  # type: ignore[attr-defined]
    cls.StartModify = lambda self: self.parameterNode.StartModify()  # type: ignore[attr-defined]
    cls.EndModify = lambda self, was: self.parameterNode.EndModify(was)  # type: ignore[attr-defined]
    cls.Modified = lambda self: self.parameterNode.Modified()  # type: ignore[attr-defined]
    return cls


def _property(name: str, annotated: Any, default: Any) -> property:
    kind, checks = annotated, ()
    if typing.get_origin(annotated) is typing.Annotated:
        kind, *checks = typing.get_args(annotated)

    if isinstance(kind, type) and issubclass(kind, vtk.vtkObject):

        def read_node(self: Any) -> Any:
            # as in Slicer, cached until the parameter node is modified, even while the scene reports its removal
            return self._nodes.setdefault(name, self.parameterNode.GetNodeReference(name))

        def write_node(self: Any, value: Any) -> None:
            if value is not None and not isinstance(value, kind):
                raise ValueError(f"{name} takes a {kind.__name__}")
            self.parameterNode.SetNodeReferenceID(name, value.GetID() if value is not None else None)
            self._nodes[name] = value

        return property(read_node, write_node)

    if kind not in (str, float, int, bool):
        raise TypeError(f"The stand-in has no serializer for {name}: {annotated}")
    initial = default if default is not None else kind()

    def read(self: Any) -> Any:
        text = self.parameterNode.GetParameter(name)
        if not self.parameterNode.GetParameterCount() or name not in self.parameterNode.GetParameterNames():
            return initial
        return text == "True" if kind is bool else kind(text)

    def write(self: Any, value: Any) -> None:
        if not isinstance(value, (int, float) if kind is float else kind):
            raise TypeError(f"{name} takes {kind.__name__}, not {value!r}")
        for check in checks:
            if isinstance(check, WithinRange) and not check.minimum <= value <= check.maximum:
                raise ValueError(f"{name} is not within {check.minimum} and {check.maximum}")
        self.parameterNode.SetParameter(name, str(value))

    return property(read, write)
