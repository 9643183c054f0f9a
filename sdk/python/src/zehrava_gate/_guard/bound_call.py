"""One call of a guarded function, as the list of arguments that docs/guard.md makes keys of."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass, field
from typing import Any, Callable

from .._wire.canonical import canonical_json, copy_of
from ..errors import GateOptionError

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class BoundCall:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def arguments(self) -> list[Any]:
        """The arguments by the function's parameters: positional ones, then one dict of the keyword-only and collected
        ones, if there is any. Defaults are filled in, and a method's `self` or `cls` is left out.

        Raises `TypeError`, as the function itself would, for arguments that it doesn't take.
        """
        signature = inspect.signature(self.function)
        bound = signature.bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        listed: list[Any] = []
        named: dict[str, Any] = {}
        for at, (name, parameter) in enumerate(signature.parameters.items()):
            value = bound.arguments[name]
            if parameter.kind in _POSITIONAL:
                if at > 0 or name not in ("self", "cls"):
                    listed.append(value)
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                listed.extend(value)
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                named.update(value)
            else:
                named[name] = value
        return [*listed, named] if named else listed

    def copied(self) -> BoundCall:
        """The same call with a copy of its arguments: what runs is what was approved."""
        skipped = 1 if self._is_method() else 0
        kept, copied = self.args[:skipped], self.args[skipped:]
        return BoundCall(self.function, (*kept, *copy_of(copied)), copy_of(self.kwargs))

    def __call__(self) -> Any:
        return self.function(*self.args, **self.kwargs)

    def _is_method(self) -> bool:
        names = list(inspect.signature(self.function).parameters)
        return bool(self.args) and names[:1] in (["self"], ["cls"])


def arguments_key(destination: str, action: str | None, arguments: list[Any]) -> str:
    """The key of a call under `key="arguments"`. Raises `GateOptionError` that names the argument without JSON."""
    # First alone, so that the message names the argument's place.
    canonical = canonical_json(arguments, "arguments")
    named = canonical_json([destination, action or destination], "destination")
    text = f"{named[:-1]},{canonical}]"
    return f"arguments:{hashlib.sha256(text.encode()).hexdigest()}"


def check_function(function: Any) -> None:
    """Raises `GateOptionError` for what can't be run once and be done."""
    if not callable(function):
        raise GateOptionError(f"guard takes a function, not a value of type {type(function).__name__}")
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        raise GateOptionError(
            "guard takes a function whose parameters can be read", remedy="Wrap it in a `def`."
        ) from None
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise GateOptionError(
            "guard takes no generator function: its body would run after the report", remedy="Return a list."
        )
