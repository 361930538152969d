"""VTU and VTKHDF files as ParaView sees them."""

from pathlib import Path
from typing import Any

from vtkmodules.vtkIOHDF import vtkHDFReader
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader


def read(path: Path) -> Any:
    """What VTK's own reader makes of a file."""
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader.GetOutput()


def hdf_reader(path: Path) -> Any:
    """VTK's reader of a VTKHDF file, its first step read; `UpdateTimeStep` reads another."""
    reader = vtkHDFReader()
    assert reader.CanReadFile(str(path))
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader
