"""What `usadel-fem check` says of a case: mesh, materials, terminals, work ahead; nothing is solved."""

from __future__ import annotations

from usadel_fem.case import Case
from usadel_fem.case.given import given
from usadel_fem.device import Device, build_device
from usadel_fem.fem.mesh import summary
from usadel_fem.fem.mesh_report import mesh_lines
from usadel_fem.fem.reduction import in_words
from usadel_fem.material_report import device_reports
from usadel_fem.requests import check_request, rule_of
from usadel_fem.solver.symmetry import symmetry_of
from usadel_fem.solver.window import edges


def describe(case: Case) -> str:
    """The resolved case and its mesh, line by line.

    Raises:
        CaseError: the case and its mesh do not fit.
    """
    device = build_device(case)
    check_request(device)
    lines = [case.info.title or "untitled case", *_mesh(device), *_materials(device), *_solve(device)]
    return "\n".join(lines)


def _mesh(device: Device) -> list[str]:
    info, space = summary(device.mesh), device.space
    shape = "curved " if info["curved"] else ""
    lines = [
        f"mesh: {info['dimension']}D, {info['elements']} {shape}elements, "
        f"edges {info['h_min']:.4g} to {info['h_max']:.4g}, coordinates {', '.join(info['axes'])}",
        f"  {space.size} nodes of order {space.order}, {_unknowns(device)}",
    ]
    roles = {name: "terminal" if name in device.case.terminal else "vacuum" for name in info["boundaries"]}
    for name, side in info["interfaces"].items():
        roles[name] = "tunnel barrier" if side["split"] else "transparent"
    return [*lines, *mesh_lines(info, roles)]


def _unknowns(device: Device) -> str:
    """How many there are at an energy, and by which symmetry."""
    found = symmetry_of(device)
    if found is None:
        return "no ǧ to solve for"
    unknowns = found["unknowns_per_node"] * device.space.size
    return f"{unknowns} complex unknowns at each energy\n  {in_words(found)}"


def _materials(device: Device) -> list[str]:
    case, lines = device.case, []
    for region, name in case.region.items():
        lines.append(f"region {region} = {name}: {given(case.material[name])}")
    for report in device_reports(device):
        lines.append(f"{report.key}: {report.brief()}")
        lines += [f"  warning: {warning}" for warning in report.warnings]
    for kind in ("terminal", "interface"):
        for name, value in getattr(case, kind).items():
            lines.append(f"{kind} {name}: {given(value)}")
    return lines


def _solve(device: Device) -> list[str]:
    solve = device.case.solve
    if solve.kind == "spectrum":
        energies = solve.energies or ()
        lines = [f"solve: spectrum, number of energies {len(energies)}, broadening {device.broadening:.4g}"]
    elif solve.time is not None:
        times = solve.time.times
        lines = [
            f"solve: charge and spin in time from {solve.time.start} to t = {solve.time.stop:.6g}, "
            f"{times.size} times kept, tolerance {solve.time.tolerance:.1e}"
        ]
    elif solve.kind == "nonequilibrium" and device.normal:
        lines = [
            f"solve: nonequilibrium at T = {solve.temperature:.6g}, normal: all energies by one linear solve"
        ]
    elif solve.kind == "nonequilibrium":
        window = edges(device)
        lines = [
            f"solve: nonequilibrium at T = {solve.temperature:.6g}, broadening {device.broadening:.4g}, "
            f"energies up to {window[-1]:.4g} on a grid that refines itself to {solve.energy_tolerance:.1e}"
        ]
    else:
        rule = rule_of(device)
        lines = [
            f"solve: equilibrium at T = {solve.temperature:.6g}, {rule.frequencies.size} frequencies, "
            f"relative error of test sums {rule.error:.1e}"
        ]
    if device.self_consistent:
        lines.append("  pair potential self-consistent")
    return lines
