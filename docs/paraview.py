"""The picture of docs/paraview.md: supercurrents in crossed nanowires, drawn by VTK from our own file.

python docs/paraview.py

The case is solved and written as fields.vtkhdf; a child process, which may crash without harm, reads that
with VTK's own reader (the one of ParaView) and draws off screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASE = HERE.parent / "cases" / "06_cross3d.toml"
PICTURE = HERE / "paraview.png"


def main() -> int:
    """Solve, write, and draw; the exit status of the child."""
    import usadel_fem as uf

    solution = uf.solve(uf.load_case(CASE), progress=True)
    with tempfile.TemporaryDirectory() as folder:
        [file] = solution.to_vtkhdf(folder)
        command = [sys.executable, __file__, str(file), str(PICTURE)]
        status = subprocess.run(command, check=False, env=_without_a_screen()).returncode
    print(PICTURE if status == 0 else f"drawing ended with status {status}; {PICTURE} is as it was")
    return status


def _without_a_screen() -> dict[str, str]:
    """Where there is no display, VTK is told not to look for one."""
    if sys.platform != "linux" or os.environ.get("DISPLAY"):
        return dict(os.environ)
    return {"VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow", **os.environ}


def draw(file: str, picture: str) -> None:
    """|f| of the singlets on the surface, arrows of the current inside."""
    import vtk

    reader = vtk.vtkHDFReader()
    reader.SetFileName(file)
    size = vtk.vtkArrayCalculator()
    size.SetInputConnection(reader.GetOutputPort())
    size.AddScalarArrayName("singlet_re")
    size.AddScalarArrayName("singlet_im")
    size.SetFunction("sqrt(singlet_re^2 + singlet_im^2)")
    size.SetResultArrayName("singlet")
    surface = vtk.vtkDataSetSurfaceFilter()
    surface.SetNonlinearSubdivisionLevel(2)  # cells of second order have curved sides
    surface.SetInputConnection(size.GetOutputPort())
    renderer = vtk.vtkRenderer()
    renderer.SetBackground(1, 1, 1)
    skin, colours = _skin(surface), _blues()
    skin.GetMapper().SetLookupTable(colours)
    skin.GetMapper().UseLookupTableScalarRangeOn()
    surface.Update()
    colours.SetTableRange(*surface.GetOutput().GetPointData().GetArray("singlet").GetRange())
    renderer.AddActor(skin)
    renderer.AddActor(_arrows(reader))
    renderer.AddViewProp(_bar(colours))
    camera = renderer.GetActiveCamera()
    camera.SetPosition(-2.5, -4.5, 6.0)
    camera.SetViewUp(0, 0, 1)
    renderer.ResetCamera()
    camera.Zoom(1.35)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(8)
    window.SetSize(1100, 760)
    window.AddRenderer(renderer)
    window.Render()
    image = vtk.vtkWindowToImageFilter()
    image.SetInput(window)
    writer = vtk.vtkPNGWriter()
    writer.SetFileName(picture)
    writer.SetInputConnection(image.GetOutputPort())
    writer.Write()


def _skin(surface: Any) -> Any:
    import vtk

    mapper = vtk.vtkDataSetMapper()
    mapper.SetInputConnection(surface.GetOutputPort())
    mapper.SetScalarModeToUsePointFieldData()
    mapper.SelectColorArray("singlet")
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetOpacity(0.35)
    return actor


def _arrows(reader: Any) -> Any:
    """Currents at the centres of the cells, in one colour."""
    import vtk

    centres = vtk.vtkCellCenters()
    centres.SetInputConnection(reader.GetOutputPort())
    some = vtk.vtkMaskPoints()
    some.SetInputConnection(centres.GetOutputPort())
    some.SetOnRatio(2)
    arrows = vtk.vtkGlyph3D()
    arrows.SetInputConnection(some.GetOutputPort())
    arrow = vtk.vtkArrowSource()
    arrows.SetSourceConnection(arrow.GetOutputPort())
    arrows.SetInputArrayToProcess(1, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "charge_current")
    arrows.SetVectorModeToUseVector()
    arrows.SetScaleModeToScaleByVector()
    reader.Update()
    largest = reader.GetOutput().GetCellData().GetArray("charge_current").GetRange(-1)[1]
    arrows.SetScaleFactor(0.45 / largest)
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(arrows.GetOutputPort())
    mapper.ScalarVisibilityOff()
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(0.80, 0.20, 0.07)
    return actor


def _blues() -> Any:
    """Dark blue to yellow, told apart by all eyes."""
    import vtk

    stops = [(0.0, 0.13, 0.30), (0.34, 0.38, 0.47), (0.65, 0.61, 0.46), (1.0, 0.91, 0.27)]
    ramp = vtk.vtkColorTransferFunction()
    for k, colour in enumerate(stops):
        ramp.AddRGBPoint(k / (len(stops) - 1), *colour)
    table = vtk.vtkLookupTable()
    table.SetNumberOfTableValues(256)
    for k in range(256):
        table.SetTableValue(k, *ramp.GetColor(k / 255), 1.0)
    return table


def _bar(colours: Any) -> Any:
    import vtk

    bar = vtk.vtkScalarBarActor()
    bar.SetLookupTable(colours)
    bar.SetTitle("singlet pair amplitude")
    bar.SetNumberOfLabels(4)
    bar.SetMaximumWidthInPixels(90)
    bar.SetPosition(0.87, 0.1)
    bar.SetHeight(0.6)
    bar.UnconstrainedFontSizeOn()
    for text, size in ((bar.GetTitleTextProperty(), 15), (bar.GetLabelTextProperty(), 14)):
        text.SetColor(0, 0, 0)
        text.SetFontSize(size)
        text.ItalicOff()
        text.BoldOff()
    return bar


if __name__ == "__main__":
    if len(sys.argv) == 3:
        draw(*sys.argv[1:])
    else:
        sys.exit(main())
