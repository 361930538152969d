"""The schema of the case file describes every key, and nothing a user cannot write."""

import json

import pytest

from usadel_fem.case import Case, case_schema


def tables(node):
    if isinstance(node, list):
        for item in node:
            yield from tables(item)
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node["properties"].keys() - {
            "start",
            "stop",
            "num",
            "imaginary",
        }:
            yield node["properties"]
        for item in node.values():
            yield from tables(item)


def test_every_key_is_described():
    keys = {name: key for table in tables(case_schema()) for name, key in table.items()}
    assert {"exchange", "energies", "winding", "layers", "from"} <= keys.keys()
    assert [name for name, key in keys.items() if not key.get("description", "").strip()] == []


def test_it_is_plain_json_without_null():
    text = json.dumps(case_schema())
    assert "null" not in text
    assert "source" not in case_schema()["properties"]


@pytest.mark.parametrize("section", Case.keys())
def test_every_section_is_there(section):
    assert section in case_schema()["properties"]


def test_a_mesh_is_a_file_or_one_shape():
    variants = {variant["title"]: variant for variant in case_schema()["$defs"]["MeshSpec"]["anyOf"]}
    assert variants["file"]["required"] == ["file"]
    assert {"length", "order", "axes"} <= variants["Wire"]["properties"].keys()
    assert "file" not in variants["Wire"]["properties"]
