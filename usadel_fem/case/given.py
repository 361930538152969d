"""The keys of a model that were given, in the words of a case file."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from .base import Model
from .expressions import Expression

__all__ = ["case_page", "given"]


def given(model: Model) -> str:
    """The keys of a model that differ from their defaults.

    >>> from usadel_fem.case.physical import Material
    >>> given(Material(D=1.3, exchange=[0, 0, "0.4*cos(x)"]))
    'D = 1.3, exchange = [0, 0, "0.4*cos(x)"]'
    """
    parts = []
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if value != field.get_default(call_default_factory=True):
            parts.append(f"{field.alias or key} = {_text(value)}")
    return ", ".join(parts) or "defaults"


def _text(value: Any) -> str:
    if isinstance(value, Expression):
        return f'"{value.text}"'
    if isinstance(value, Model):
        return "{" + given(value) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {_text(v)}" for k, v in value.items()) + "}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def case_page(title: str, sections: Mapping[str, Any]) -> str:
    """HTML for a notebook: a row for every section, or for every entry of a section of named ones."""
    rows = []
    for name, value in sections.items():
        if isinstance(value, Model):
            rows.append((name, given(value)))
        elif isinstance(value, Mapping):
            rows += [
                (f"{name}.{key}", given(item) if isinstance(item, Model) else _text(item))
                for key, item in value.items()
            ]
        elif value:
            rows.append((name, _text(value)))
    style = ' style="text-align:left"'
    lines = (f"<tr><td{style}>{escape(a)}</td><td{style}>{escape(b)}</td></tr>" for a, b in rows)
    return f"<div><b>{escape(title or 'untitled case')}</b><table>{''.join(lines)}</table></div>"
