"""Case files: text in, frozen models in reduced units out, every mistake reported at once."""

from .checks import check_fields, check_names, check_values
from .expressions import Expression, evaluate
from .loader import load_case, varied
from .models import (
    Case,
    Contact,
    Field,
    Impurities,
    Info,
    Interface,
    Line,
    Material,
    MeshSpec,
    Output,
    PairPotential,
    Point,
    Probe,
    Scalar,
    Solve,
    Source,
    Terminal,
    Units,
    Vortex,
)
from .schema import case_schema
from .sweeping import grid

__all__ = [
    "Case",
    "Contact",
    "Expression",
    "Field",
    "Impurities",
    "Info",
    "Interface",
    "Line",
    "Material",
    "MeshSpec",
    "Output",
    "PairPotential",
    "Point",
    "Probe",
    "Scalar",
    "Solve",
    "Source",
    "Terminal",
    "Units",
    "Vortex",
    "case_schema",
    "check_fields",
    "check_names",
    "check_values",
    "evaluate",
    "grid",
    "load_case",
    "varied",
]
