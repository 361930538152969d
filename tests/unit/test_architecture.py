"""The house rules that a machine can check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "usadel_fem"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
IDENTITIES = [path.relative_to(PACKAGE).as_posix() for path in FILES]

# a module may import from its own folder and from lower numbers
LAYERS = {
    "allocator": 0,
    "errors": 0,
    "interrupts": 0,
    "outcomes": 0,
    "labelled": 0,
    "series": 0,
    "parallel": 1,
    "progress": 1,
    "fieldmesh": 1,
    "case": 1,
    "kernels": 1,
    "templates": 1,
    "citations": 2,
    "physics": 2,
    "materials": 3,
    "material_table": 3,
    "fem": 3,
    "action": 4,
    "gauge": 5,
    "keldysh": 5,
    "linearise": 5,
    "angles": 5,
    "normal": 6,
    "device": 6,
    "material_report": 7,
    "observables": 7,
    "solver": 7,
    "io": 7,
    "requests": 8,
    "solution": 8,
    "nonequilibrium": 8,
    "transient": 8,
    "convert": 8,
    "run": 9,
    "sweeping": 10,
    "ahead": 11,
    "describe": 10,
    "plot": 10,
    "cli": 11,
    "__main__": 12,
}
LONGEST = 400
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


def room(path: Path) -> str:
    """The file or folder of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, those from a package with the name behind."""
    package = ["usadel_fem", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=IDENTITIES)
def test_imports_point_downwards(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # only names what it hands out when asked
    mine = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "usadel_fem" or len(parts) == 1 or parts[1] in (mine, "__version__"):
            continue
        assert LAYERS[parts[1]] < LAYERS[mine], f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=IDENTITIES)
def test_files_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{lines} lines"


@pytest.mark.parametrize("path", FILES, ids=IDENTITIES)
def test_no_text_is_run_as_code(path: Path) -> None:
    assert not FORBIDDEN_MODULES & {name.split(".")[0] for name in imported(path)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno}"


def test_every_room_has_a_layer() -> None:
    assert {room(path) for path in FILES} - {"__init__"} <= set(LAYERS)
