"""The base of every model of a case: frozen, and all its mistakes reported together in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from ..errors import CaseError, Problem, did_you_mean, show

__all__ = ["Broken", "FrozenDict", "Model", "broken_rule", "dotted"]

Location = tuple[str | int, ...]
_DEPTH: ContextVar[int] = ContextVar("validation_depth", default=0)
_RULE = "case_rule"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

_WORDS = {
    "missing": "is required",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "union_tag_not_found": "is required",
}
_BOUNDS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}


class Broken(NamedTuple):
    """A broken rule between keys, placed relative to the model that knows the rule."""

    where: Location
    rule: str
    received: str = ""
    hint: str = ""


class FrozenDict(dict[str, Any]):
    """A dictionary that cannot be changed, is hashable when its values are, and can be pickled.

    >>> table = FrozenDict({"a": 1})
    >>> table["a"], hash(table) == hash(FrozenDict({"a": 1}))
    (1, True)
    """

    def _refuse(self, *args: object, **kwargs: object) -> Any:
        raise TypeError("a case is frozen: build a new one instead of changing it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


def broken_rule(rule: str, received: str = "", hint: str = "") -> PydanticCustomError:
    """The error to raise in a validator: a rule, what was received instead, a suggestion."""
    return PydanticCustomError(_RULE, "{rule}", {"rule": rule, "received": received, "hint": hint})


def dotted(location: Location) -> str:
    """A key as one would type it in a case file.

    >>> dotted(("region", "left lead")), dotted(("vortex", 0, "at"))
    ('region."left lead"', 'vortex[0].at')
    """
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else show(part))
    return text


class Model(BaseModel):
    """Frozen, closed to unknown keys, raising `CaseError` with every mistake found.

    Subclasses may add `_shorthand` (other ways to write the same), `_rules` (which keys go together; sees the
    raw input, so that it speaks even when some value is wrong) and `_relations` (sees the finished model).
    Both yield `Broken` rules. `_complete` fills in what depends on the whole model.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )

    _SYNONYMS: ClassVar[Mapping[str, str]] = {}
    _LATER: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        return data

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        return ()

    def _relations(self) -> Iterable[Broken]:
        return ()

    def _complete(self) -> None:
        return None

    @classmethod
    def _reading(cls, data: Mapping[str, Any]) -> AbstractContextManager[Any]:
        return nullcontext()

    @classmethod
    def keys(cls) -> list[str]:
        """The keys a user may write."""
        return [field.alias or name for name, field in cls.model_fields.items() if not field.exclude]

    @model_validator(mode="wrap")
    @classmethod
    def _validated(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        depth = _DEPTH.get()
        token = _DEPTH.set(depth + 1)
        try:
            return cls._checked(data, handler)
        except ValidationError as exc:
            if depth:
                raise
            raise CaseError(_problem(error) for error in exc.errors()) from None
        finally:
            _DEPTH.reset(token)

    @classmethod
    def _checked(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return data
        data = cls._shorthand(data)
        if not isinstance(data, Mapping):
            refused = _errors([Broken((), "must be a table", show(data))], data)
            raise ValidationError.from_exception_data(cls.__name__, refused)
        errors = _errors(cls._rules(data), data)
        model: Self | None = None
        try:
            with cls._reading(data):
                model = handler(data)
        except ValidationError as exc:
            named = {error["loc"] for error in errors}
            errors += [cls._in_words(error) for error in exc.errors() if error["loc"] not in named]
        if model is not None and not errors:
            errors = _errors(model._relations(), data)
        if errors or model is None:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        model._complete()
        return model

    @classmethod
    def _in_words(cls, error: ErrorDetails) -> InitErrorDetails:
        location = error["loc"]
        kind = error["type"]
        if kind == _RULE:
            return {"type": broken_rule(**error["ctx"]), "loc": location, "input": error["input"]}
        rule, received, hint = _words(error)
        if kind == "extra_forbidden" and len(location) == 1:
            key = str(location[0])
            hint = cls._LATER.get(key) or did_you_mean(key, cls.keys(), cls._SYNONYMS) or _listed(cls.keys())
        return {"type": broken_rule(rule, received, hint), "loc": location, "input": error["input"]}


def _errors(broken: Iterable[Broken], data: Any) -> list[InitErrorDetails]:
    return [{"type": broken_rule(*item[1:]), "loc": item.where, "input": data} for item in broken]


def _words(error: ErrorDetails) -> tuple[str, str, str]:
    kind, context = error["type"], error.get("ctx", {})
    received = show(error["input"])
    if kind == "missing":
        return "is required", "nothing", ""
    if kind == "extra_forbidden":
        return "is not a known key", received, ""
    if kind == "literal_error":
        return f"must be {context['expected']}", received, _closest(error["input"], context["expected"])
    if kind == "union_tag_invalid":
        return (
            f"must be one of {context['expected_tags']}",
            show(context["tag"]),
            _closest(context["tag"], context["expected_tags"]),
        )
    if kind in _BOUNDS:
        name, sign = _BOUNDS[kind]
        return f"must be {sign} {context[name]:g}", received, ""
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        return f"must have {'at least' if kind == 'too_short' else 'at most'} {bound} entries", received, ""
    return _WORDS.get(kind, error["msg"].removeprefix("Value error, ")), received, ""


def _closest(word: object, quoted: str) -> str:
    return did_you_mean(str(word), re.findall(r"'([^']*)'", quoted))


def _listed(names: Iterable[str]) -> str:
    return "known keys: " + ", ".join(names)


def _problem(error: ErrorDetails) -> Problem:
    if error["type"] == _RULE:
        context = error["ctx"]
        return Problem(dotted(error["loc"]), context["rule"], context["received"], context["hint"])
    rule, received, hint = _words(error)
    return Problem(dotted(error["loc"]), rule, received, hint)
