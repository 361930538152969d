"""Names inside result.h5, and how a case is kept there."""

from __future__ import annotations

import json
import re
from typing import Any

from usadel_fem.case import Case

FORMAT = "usadel_fem_result"
FORMAT_VERSION = 1
SUMMARY = "summary"
CASE_TEXT = "case/text"
CASE_VALUES = "case/values"
PROVENANCE = "provenance"
MESH = "mesh"
ENERGIES = "energies"
REPORTS = "reports"
KEPT = "kept"
ORDER = "order"
GREEN = "green_function"
DISTRIBUTION = "distribution"
OBSERVABLES = "observables"
STATE = "state"
SERIES = "series"

NODES_PER_CHUNK = 32768


def escaped(name: str) -> str:
    """A name without the slash, which means a group to HDF5.

    >>> escaped("S/N"), unescaped(escaped("S/N"))
    ('S%2FN', 'S/N')
    """
    return name.replace("%", "%25").replace("/", "%2F")


def unescaped(name: str) -> str:
    """The name that `escaped` was given."""
    return name.replace("%2F", "/").replace("%25", "%")


def case_text(case: Case) -> str:
    """The text of the case file; empty for a case built in Python."""
    return str(case.source.text)


def case_values(case: Case) -> str:
    """The resolved case as JSON, which `Case.model_validate_json` reads back."""
    return str(case.model_dump_json(by_alias=True, exclude_defaults=True))


def deciding(values: str) -> dict[str, Any]:
    """The part of the resolved case that the numbers of a result depend on."""
    return {key: value for key, value in json.loads(values).items() if key not in ("case", "output", "sweep")}


def reason(error: OSError) -> str:
    """The first line of what the system or HDF5 says; HDF5 wraps what the system said.

    >>> reason(OSError("Unable to open file (errno = 13, error message = 'Permission denied')"))
    'Permission denied'
    """
    said = (error.strerror or str(error)).strip().splitlines()[0]
    system = re.search("error message = '([^']*)'", said)
    return system[1] if system else said
