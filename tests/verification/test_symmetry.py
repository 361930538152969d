"""Symmetries of the equation, kept to solver tolerance by devices with every term on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.observables.points import charge_and_spin, nodal_balance, terminal_currents
from usadel_fem.physics.nambu import at_minus_frequency
from usadel_fem.physics.spectral import density_of_states, singlet, triplet
from usadel_fem.solver.energies import DeviceSolver

X = np.kron([[0, -1j], [1j, 0]], [[0, -1j], [1j, 0]])
"""τ₂σ_y."""
REAL, IMAGINARY = 0.43 + 0.0j, 0.31j
SAME = 1e-9
UNTURNED = np.eye(3)
ANY = Rotation.from_rotvec([0.4, -0.7, 1.1]).as_matrix()


def junction(
    *,
    spin=UNTURNED,
    phase=0.0,
    spin_orbit=True,
    theta=0.3,
    axes=None,
    names=("S", "F", "N"),
    order=2,
    energies=(REAL.real,),
):
    """S | spin-active barrier | F, N, a spin-active contact; h turns in space.

    Args:
        spin: rotation matrix of every exchange field, polarisation and spin mixing.
        phase: added to all phases.
        axes: of the mesh plane; expressions use its two coordinates u and v.
        names: of the three regions.
    """
    u, v = ("xyz"[k] for k in (axes or (0, 1)))

    def turned(*vector):
        return (spin @ np.array(vector)).tolist()

    def field(*components):
        rows = spin.tolist()
        return ["+".join(f"({c!r})*({f})" for c, f in zip(row, components, strict=True)) for row in rows]

    on = {"theta": theta, "kappa": -0.25} if spin_orbit else {}
    s, f, n = names
    face = "|".join((s, f))
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "order": order,
                "distortion": 0.5,
                "width": 0.8,
                "axes": None if axes is None else ["xyz"[k] for k in axes],
                "layers": [
                    {"region": s, "length": 0.6, "elements": 2, "slant": 0.2},
                    {"region": f, "length": 0.5, "elements": 2},
                    {"region": n, "length": 0.7, "elements": 2},
                ],
            },
            material={
                "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": f"{phase!r} + 0.3*{u}"}},
                "F": {
                    "D": 0.8,
                    "N_F": 1.4,
                    "exchange": field(f"0.6*cos({u})", f"0.4 + 0.2*sin({v})", f"0.5*sin({u})"),
                    "tau_so": 1.7,
                    **on,
                },
                "N": {"D": 2.1, "N_F": 0.9, "dynes": 0.07, **({"kappa": 0.4} if spin_orbit else {})},
            },
            region={s: "S", f: "F", n: "N"},
            terminal={
                "left": {"Delta": 0.83, "phase": 0.3 + phase, "exchange": turned(0.1, 0, 0.2)},
                "right": {
                    "Delta": 0.6,
                    "phase": -0.8 + phase,
                    "contact": {
                        "conductance": 0.7,
                        "polarisation": turned(0.3, 0, 0.4),
                        "spin_mixing": turned(0, 0.3, 0.2),
                    },
                },
            },
            interface={
                face: {
                    "conductance": 1.3,
                    "polarisation": turned(0, 0.5, 0.3),
                    "spin_mixing": turned(0.2, -0.1, 0.4),
                }
            },
            solve={"kind": "spectrum", "energies": list(energies), "broadening": 0.05, "tolerance": 1e-12},
        )
    )


def observed(device, energy=REAL):
    """Density of states, |f₀|, f₀*f (3), terminal currents of charge and spin."""
    solver = DeviceSolver(device)
    g, report = solver.solve(energy)
    assert report.ok, report
    flows = terminal_currents(device, g, solver.source(energy), energy)
    charge, spin = zip(*(charge_and_spin(flows[n]) for n in sorted(flows)), strict=True)
    f = singlet(g)
    return {
        "dos": density_of_states(g),
        "singlet": np.abs(f),
        "triplet": f.conj()[:, None] * triplet(g),
        "charge": np.array(charge),
        "spin": np.array(spin),
    }


def assert_same(one, other, spin=UNTURNED):
    """Equal but for a rotation of the spin vectors."""
    for name in ("dos", "singlet", "charge"):
        assert np.abs(one[name] - other[name]).max() < SAME, name
    for name in ("triplet", "spin"):
        assert np.abs(one[name] @ spin.T - other[name]).max() < SAME, name
        assert np.abs(one[name]).max() > 1e-3


@pytest.mark.parametrize("energy", [REAL, IMAGINARY])
@pytest.mark.parametrize("order", [1, 2])
def test_rotation_of_all_spins(order, energy):
    """θ = κ = 0: h, polarisations and spin mixing turn together, by any angle."""
    plain = {"spin_orbit": False, "order": order}
    assert_same(observed(junction(**plain), energy), observed(junction(spin=ANY, **plain), energy), ANY)


def test_rotation_of_spins_about_the_normal_of_the_plane():
    """In two dimensions only σ·n enters the divergence and the torque: θ and κ are on."""
    turn = Rotation.from_rotvec([0, 0, 0.9]).as_matrix()
    assert_same(observed(junction()), observed(junction(spin=turn)), turn)
    assert np.abs(observed(junction(spin=ANY))["dos"] - observed(junction())["dos"]).max() > 1e-5


@pytest.mark.parametrize("axes", [(1, 2), (2, 0)])
def test_the_plane_of_the_mesh_and_all_vectors_turned_together(axes):
    """x, y, z → y, z, x: θ and κ are on, coordinates, spins and the axes of the mesh turn."""
    turn = np.roll(np.eye(3), axes[0], axis=0)
    assert_same(observed(junction()), observed(junction(spin=turn, axes=axes)), turn)


@pytest.mark.parametrize("energy", [REAL, IMAGINARY])
def test_a_common_phase_changes_nothing(energy):
    assert_same(observed(junction(), energy), observed(junction(phase=1.23), energy))


def test_names_and_sides_mean_nothing():
    """Side 1 of a barrier is the region whose name comes first."""
    assert_same(observed(junction(names=("A", "B", "C"))), observed(junction(names=("Z", "B", "A"))))


def test_conjugation_of_matsubara_functions():
    """ǧ(ω) = −Xǧ(ω)*X where every coefficient is real in the sense of hermitian Hamiltonians."""
    device = junction()
    g, report = DeviceSolver(device).solve(IMAGINARY)
    assert report.ok
    assert np.abs(g + X @ g.conj() @ X).max() < SAME


@pytest.mark.parametrize(("theta", "allowed"), [(0.0, 1e-9), (0.3, 1e-3)])
def test_negative_frequencies(theta, allowed):
    """−τ₃ǧ(ω)†τ₃ solves the problem of −ω; with θ the adjoint of its form has ǧ on the other side of ∂ǧ∂ǧ,
    which makes a difference where ǧ² = 1 is only interpolated.
    """
    device = junction(theta=theta)
    solver = DeviceSolver(device)
    g, report = solver.solve(IMAGINARY)
    assert report.ok
    mirrored = {name: at_minus_frequency(value) for name, value in device.reservoirs(IMAGINARY).items()}
    omega = action.source(device.forms, -IMAGINARY, None, mirrored)
    held = np.concatenate(list(device.forms.pinned.values()))
    balance = nodal_balance(device, at_minus_frequency(g), omega)
    inside = np.delete(balance, held, axis=0)
    assert np.abs(inside).max() < allowed * np.abs(balance[held]).max()
    wrong = action.source(device.forms, IMAGINARY, None, device.reservoirs(IMAGINARY))
    assert np.abs(np.delete(nodal_balance(device, at_minus_frequency(g), wrong), held, axis=0)).max() > 1e-3


def test_negative_energies():
    """ǧ^R(−ε) = −Xǧ^R(ε)*X, Γ included."""
    device = junction(energies=(REAL.real, -REAL.real))
    solver = DeviceSolver(device)
    (g, one), (mirror, two) = (solver.solve(e) for e in (REAL, -REAL))
    assert one.ok
    assert two.ok
    assert np.abs(mirror + X @ g.conj() @ X).max() < SAME
