"""VTU files as ParaView sees them."""

from pathlib import Path
from typing import Any

from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader


def read(path: Path) -> Any:
    """What VTK's own reader makes of a file."""
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader.GetOutput()
