"""JSON schema of the case file, for editors."""

from __future__ import annotations

from typing import Any

from .models import Case

__all__ = ["case_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def case_schema() -> dict[str, Any]:
    """JSON schema of a case file, every key with its description.

    >>> "exchange" in case_schema()["$defs"]["Material"]["properties"]
    True
    """
    schema = Case.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    definitions["MeshSpec"] = _mesh(definitions["MeshSpec"], definitions)
    for name, key in (("PairPotential", "abs"), ("Contact", "conductance"), ("Point", "at")):
        _allow_shorthand(definitions, name, key)
    schema = _without_null(schema)
    return {
        "$schema": _DIALECT,
        "title": "usadel_fem case",
        **{k: v for k, v in schema.items() if k != "title"},
    }


def _mesh(spec: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A file, or one shape with its keys beside those every mesh has."""
    common = {key: value for key, value in spec["properties"].items() if key not in ("file", "shape")}
    union = next(item for item in spec["properties"]["shape"]["anyOf"] if item != {"type": "null"})
    shapes = [definitions[item["$ref"].rsplit("/", 1)[1]] for item in union["oneOf"]]
    from_file = {"properties": {"file": spec["properties"]["file"]}, "required": ["file"], "title": "file"}
    variants = [
        {
            "type": "object",
            "title": variant["title"],
            "additionalProperties": False,
            "properties": {**variant["properties"], **common},
            "required": variant.get("required", []),
        }
        for variant in (from_file, *shapes)
    ]
    return {"description": spec.get("description", ""), "anyOf": variants}


def _allow_shorthand(definitions: dict[str, Any], name: str, key: str) -> None:
    table = definitions[name]
    short = {
        k: v for k, v in table["properties"][key].items() if k not in ("title", "default", "description")
    }
    definitions[name] = {"description": table.get("description", ""), "anyOf": [short, table]}


def _without_null(node: Any) -> Any:
    """TOML has no null: an absent key is absent."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    inner = {key: _without_null(item) for key, item in node.items() if item is not None}
    if isinstance(inner.get("anyOf"), list) and len(inner["anyOf"]) == 1:
        inner = {**inner.pop("anyOf")[0], **inner}
    return inner
