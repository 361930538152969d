"""The equation of the paper, as the stationarity of a holomorphic action of nodal matrices.

    S[ǧ] = ∫ N_F Tr{ D/4 (∂̃_kǧ)² + Ωǧ − (1/16τ_so) σ^aǧσ^aǧ
                     + (Dθ/4) ε_{ija} σ^aǧ ∂_iǧ ∂_jǧ − i(Dκ/4) ε_{ija} σ^a ∂_iǧ ∂_jǧ },   ǧ² = 1

δS = 0 under δǧ = [W, ǧ] is Eq. (1) with the torque T of Eq. (3) and the part ½(J_k − ǧJ_kǧ) of the
current of Eq. (2) that anticommutes with ǧ.  Below F_i = ∂S/∂ǧ_i, dS = Σ_i Tr F_i dǧ_i: one line
for each form of `fem/forms.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from usadel_fem.fem.forms import Forms, SpinHall
from usadel_fem.fem.links import LinkedMatrix, adjoint, apply, block_diagonal, left_right, spin_matrix
from usadel_fem.physics.channels import Channels
from usadel_fem.physics.frames import (
    Frames,
    along,
    both_sides,
    by_entry,
    from_spin_blocks,
    multiply,
    on_diagonal,
    parts,
    round_trip,
    second_order,
    spin_blocks,
    tangents,
)
from usadel_fem.physics.nambu import (
    SIGMA,
    Complex,
    Real,
    commutator,
    local,
    sigma_left,
    sigma_right,
    spin_dot_sigma,
    tau3_signs,
    trace,
)

BLOCK = 512
"""Matrices handled at once: three times faster than all together, which would live in main memory."""


def source(
    forms: Forms,
    energy: complex,
    delta: Complex | None = None,
    reservoirs: Mapping[str, Complex] | None = None,
    extra: float = 0.0,
    channels: Channels | None = None,
) -> Complex:
    """The part of F_i that does not depend on ǧ: Ω_i and the tunnel contacts, (N, 4, 4).

    Ω_i = i(ε ω_i + iΓ_i + h_i·σ)τ₃ − iΔ̌_i, each weighted by ∫ N_F φ_i(…); a contact adds −½ G_i Γǧ_resΓ.

    Args:
        energy: real ε (the Dynes Γ is added here) or iω.
        delta: self-consistent Δ_p on `forms.pairing`, (P,).
        reservoirs: ǧ of each terminal, (4, 4).
        extra: imaginary energy to add.
        channels: in which the result is to be, (C·N, 2, 2).
    """
    weights = forms.potentials(energy)
    gap = weights.delta
    if delta is not None and weights.pairing is not None:
        gap = gap + weights.pairing @ delta
    scalar = (energy + 1j * extra) * weights.weight + 1j * weights.dynes * is_real(energy)
    h = weights.exchange
    omega = local(scalar, spin_dot_sigma(h) if channels is None else channels.along(h), gap)
    for contact in forms.contacts:
        g = contact.filter @ (reservoirs or {})[contact.terminal] @ contact.filter
        seen = g if channels is None else channels.project(g[None])[:, None]
        omega -= 0.5 * contact.weight[:, None, None] * seen
    return omega.reshape(-1, *omega.shape[-2:])


def is_real(energy: complex) -> bool:
    """Real energies carry the Dynes Γ; Matsubara energies iω do not."""
    energy = complex(energy)
    return energy.real != 0.0 or energy.imag == 0.0


def quadratic(forms: Forms, g: Complex, uniform: Complex | None = None, beyond: bool = False) -> Complex:
    """F_i of the terms quadratic in ǧ: diffusion, spin relaxation, swapping, transverse fields, tunnels.

    Args:
        uniform: a part of ǧ on which the stiffness gives nothing.
        beyond: only of the terms that `forms.coupling` leaves out.
    """
    force: Complex = np.zeros_like(g)
    if forms.linked or not beyond:
        force += 0.5 * apply(forms.stiffness, g if uniform is None else g - uniform)
        if forms.spin_relaxation is not None:
            force -= 0.125 * sigma_sandwich(apply(forms.spin_relaxation, g))
        for a, matrix in forms.swapping:
            bent = apply(matrix, g)
            force -= 0.25j * (sigma_right(bent, a) - sigma_left(a, bent))
        if forms.precession is not None:
            force += 0.5 * apply(forms.precession, g)
    for field in forms.transverse:
        force -= field.left @ apply(field.matrix, g) @ field.right
    for tunnel in forms.tunnels:
        if forms.linked or tunnel.filtered or not beyond:
            force -= 0.5 * tunnel.filter @ apply(tunnel.matrix, g) @ tunnel.filter
    return force


def sigma_sandwich(g: Complex) -> Complex:
    """σ^aǧσ^a = 2 Tr_σ ǧ − ǧ on every Nambu block."""
    out = -g
    for i in (0, 2):
        for j in (0, 2):
            singlet = 2 * (g[:, i, j] + g[:, i + 1, j + 1])
            out[:, i, j] += singlet
            out[:, i + 1, j + 1] += singlet
    return out


def blocks(total: int) -> list[slice]:
    """Slices of a size whose 4×4 matrices stay in the processor's cache."""
    return [slice(start, start + BLOCK) for start in range(0, total, BLOCK)]


@dataclass(frozen=True)
class SpinHallState:
    """ǧ (Q, 4, 4) and ∂_kǧ at the quadrature points where θ ≠ 0, and the form's forces there.

    σ^a stands on both sides of ǧ, ½{σ^a, ǧ}: the discrete form then keeps ǧ^A = −τ₃ǧ^R†τ₃ to rounding.

    Attributes:
        form: the assembled form.
        g, gradient: the field; in `change` and `matrix` what stands to the left of the varied factor.
        right: the field to the right of it, where that is another one (ǧ^A for a Keldysh component).
    """

    form: SpinHall
    g: Complex
    gradient: tuple[Complex, ...]
    right: SpinHallState | None = None

    def force(self) -> Complex:
        """F_i of ¼ ∫ N_F Dθ ε_{kla} Tr σ^aǧ ∂_kǧ ∂_lǧ."""
        by_value = np.zeros_like(self.g)
        by_gradient = [np.zeros_like(self.g) for _ in self.gradient]
        for k, l, a, w in self._planes():
            dk, dl, sg = self.gradient[k], self.gradient[l], _both_sides(a, self.g)
            by_value += w * _both_sides(a, commutator(dk, dl))
            by_gradient[k] += w * commutator(dl, sg)
            by_gradient[l] -= w * commutator(dk, sg)
        return self._collect(by_value, by_gradient)

    def change(self, dg: Complex, frozen: bool = False) -> Complex:
        """dF_i for dǧ_i; frozen: the undifferentiated ǧ of the form is held fixed (Picard).

        In spin blocks along σ^a, where ½{σ^a, x} are the blocks ±x_ss.
        """
        at, other = self.form.at, self.right
        varied = [apply(matrix, dg) for matrix in (at.value, *at.gradient)]
        total = [np.empty_like(self.g) for _ in varied]
        for part in blocks(self.g.shape[0]):
            y, *d = (spin_blocks(x[part]) for x in varied)
            lefts = self._at(part)
            rights = lefts if other is None else other._at(part)
            by_value, *by_gradient = (np.zeros_like(y) for _ in varied)
            for k, l, a, weight in self._planes():
                w, ek, el, sy = weight[part, 0, 0], along(a, d[k]), along(a, d[l]), both_sides(along(a, y))
                lk, ll, ls = left = _plane(lefts, k, l, a)
                rk, rl, rs = left if other is None else _plane(rights, k, l, a)
                by_k = multiply(el, rs) - multiply(ls[:, None], el)
                by_l = multiply(ek, rs) - multiply(ls[:, None], ek)
                if not frozen:
                    bent = round_trip(ek, rl) - round_trip(ll, ek) + round_trip(lk, el) - round_trip(el, rk)
                    by_value += along(a, on_diagonal(w * bent), back=True)
                    by_k += multiply(ll, sy) - multiply(sy[:, None], rl)
                    by_l += multiply(lk, sy) - multiply(sy[:, None], rk)
                by_gradient[k] += along(a, w * by_k, back=True)
                by_gradient[l] -= along(a, w * by_l, back=True)
            for out, x in zip(total, (by_value, *by_gradient), strict=True):
                out[part] = from_spin_blocks(x)
        return self._collect(total[0], total[1:])

    def matrix(self, frozen: bool = False) -> sparse.csr_matrix:
        """`change` as a matrix on flattened nodal matrices, (16N, 16N)."""
        at, other, size = self.form.at, self.right or self, self.g.shape[-1]
        value, gradient = spin_matrix(at.value, size), [spin_matrix(m, size) for m in at.gradient]
        transposed = [spin_matrix(adjoint(m), size) for m in (at.value, *at.gradient)]
        total = sparse.csr_matrix((value.shape[1],) * 2, dtype=complex)
        for k, l, a, w in self._planes():
            left, right = ((x.gradient[k], x.gradient[l], _both_sides(a, x.g)) for x in (self, other))
            by_k, by_l, by_s = (
                left_right(x, None) - left_right(None, y) for x, y in zip(left, right, strict=True)
            )
            sides = np.eye(size**2)
            if size == 4:
                sides = 0.5 * (left_right(SIGMA[a], None) + left_right(None, SIGMA[a]))
            parts = [(k + 1, gradient[l], -by_s), (l + 1, gradient[k], by_s)]
            if not frozen:
                parts += [
                    (0, gradient[k], -sides @ by_l),
                    (0, gradient[l], sides @ by_k),
                    (k + 1, value, by_l @ sides),
                    (l + 1, value, -by_k @ sides),
                ]
            for row, column, block in parts:
                total = total + transposed[row] @ block_diagonal(w * block) @ column
        return total

    def value(self) -> complex:
        """The form itself."""
        total = 0.0 + 0.0j
        for k, l, a, w in self._planes():
            integrand = trace(_both_sides(a, self.g), commutator(self.gradient[k], self.gradient[l]))
            total += complex(np.sum(w[:, 0, 0] * integrand))
        return total

    def _at(self, part: slice) -> list[Complex]:
        """∂_kǧ and, at the end, ǧ at some of the points, in spin blocks."""
        return [spin_blocks(x[part]) for x in (*self.gradient, self.g)]

    def _planes(self) -> Iterator[tuple[int, int, int, Real]]:
        for k, l, a, sign in self.form.planes:
            yield k, l, a, 0.25 * sign * self.form.weight[:, None, None]

    def _collect(self, by_value: Complex, by_gradient: list[Complex]) -> Complex:
        value, *gradient = self.form.transposed
        force = apply(value, by_value)
        for matrix, part in zip(gradient, by_gradient, strict=True):
            force += apply(matrix, part)
        return force


def _plane(fields: list[Complex], k: int, l: int, a: int) -> tuple[Complex, Complex, Complex]:
    """∂_kǧ, ∂_lǧ and the diagonal of ½{σ^a, ǧ} between the eigenstates of σ^a."""
    return along(a, fields[k]), along(a, fields[l]), both_sides(along(a, fields[-1]))


def _both_sides(a: int, x: Complex) -> Complex:
    """½{σ^a, x}; the sign of one channel is in the weight of its form."""
    return x if x.shape[-1] == 2 else 0.5 * (sigma_left(a, x) + sigma_right(x, a))


def spin_hall_state(forms: Forms, g: Complex) -> SpinHallState | None:
    """The spin Hall form at ǧ, or None where θ = 0 everywhere."""
    if forms.spin_hall is None:
        return None
    at = forms.spin_hall.at
    return SpinHallState(forms.spin_hall, apply(at.value, g), tuple(apply(m, g) for m in at.gradient))


def uniform_part(forms: Forms, g: Complex) -> Complex | None:
    """ǧ of the first node of each copy, everywhere: K without links takes it to zero.

    Left out of Kǧ it spares the rounding that drowns weak terms where ǧ is nearly uniform: in a thin film
    behind a barrier K exceeds them by 10⁷.  In channels of spin it holds more than K.
    """
    if isinstance(forms.stiffness, LinkedMatrix) or g.shape[-1] == 2:
        return None
    first = g[: forms.copies]
    return first if forms.copies == 1 else np.tile(first, (g.shape[0] // forms.copies, 1, 1))


def force(forms: Forms, g: Complex, omega: Complex, state: SpinHallState | None) -> Complex:
    """F_i = ∂S/∂ǧ_i, (N, 4, 4); the equation reads [ǧ_i, F_i] = 0 at every free node.

    Args:
        omega: from `source`.
        state: from `spin_hall_state(forms, g)`.
    """
    total = omega + quadratic(forms, g, uniform_part(forms, g))
    return total if state is None else total + state.force()


def action(forms: Forms, g: Complex, omega: Complex) -> complex:
    """S[ǧ]: Tr of a term of degree n in ǧ is 1/n Tr ǧF of it."""
    total = complex(np.sum(trace(omega, g)) + 0.5 * np.sum(trace(g, quadratic(forms, g))))
    state = spin_hall_state(forms, g)
    return total if state is None else total + state.value()


@dataclass(frozen=True)
class Linearisation:
    """Gradient and Hessian of S at ǧ_i = M_iτ₃M_i⁻¹ for M_i → M_i(1 + w_i), w off-diagonal in Nambu.

    δǧ = M(−2τ₃w + 2τ₃w²)M⁻¹.  Unknowns and residuals are (N, 2, s, s): the eh and he blocks of w, and
    the residual ordered so that dS = Σ w·r; the Hessian is then complex symmetric.  s = 2, or 1 for the
    channels of spin that `fem/reduction.py` makes of a collinear problem.
    """

    forms: Forms
    m: Complex
    inverse: Complex
    g: Complex
    local: Complex
    frozen: bool = False

    @classmethod
    def at(
        cls, forms: Forms, m: Complex, inverse: Complex, g: Complex, omega: Complex, frozen: bool = False
    ) -> Linearisation:
        """At ǧ with its frames M, M⁻¹ from `nambu.frame`, each (N, 2s, 2s)."""
        total = force(forms, g, omega, spin_hall_state(forms, g))
        return cls(forms, m, inverse, g, inverse @ total @ m * tau3_signs(m.shape[-1]), frozen)

    @cached_property
    def state(self) -> SpinHallState | None:
        return spin_hall_state(self.forms, self.g)

    @cached_property
    def frames(self) -> Frames:
        return Frames.of(self.m, self.inverse)

    @cached_property
    def nodal(self) -> tuple[Complex, Complex]:
        """Blocks ee and hh of `local`, (s, s, N)."""
        s = self.local.shape[-1] // 2
        return by_entry(self.local[:, :s, :s]), by_entry(self.local[:, s:, s:])

    def gradient(self) -> Complex:
        """r_α = Tr F_iE_i^α, E^α = −2Mτ₃e^αM⁻¹."""
        return pair(-2 * self.local)

    def change_of_g(self, w: Complex) -> Complex:
        """δǧ = −2Mτ₃wM⁻¹ to first order."""
        out = np.empty_like(self.m)
        for part in parts(w.shape[0]):
            out[part] = np.moveaxis(self.frames[part].change(*by_entry(w[part])), -1, 0)
        return out

    def hessian(self, w: Complex) -> Complex:
        """H w: the change of r, with the nodal term 2 Tr M⁻¹FMτ₃w² of second order."""
        dg = self.change_of_g(w)
        df = quadratic(self.forms, dg)
        if self.state is not None:
            df += self.state.change(dg, self.frozen)
        out = np.empty_like(w)
        for part in parts(w.shape[0]):
            w_eh, w_he = by_entry(w[part])
            ee, hh = (block[..., part] for block in self.nodal)
            eh, he = self.frames[part].turned(by_entry(df[part]))
            eh += multiply(ee, w_eh) + multiply(w_eh, hh)
            he -= multiply(hh, w_he) + multiply(w_he, ee)
            out[part, 0], out[part, 1] = -2 * he.transpose(2, 1, 0), 2 * eh.transpose(2, 1, 0)
        return out

    def matrix(self) -> sparse.csr_matrix:
        """The Hessian assembled, (2s²N, 2s²N) complex: the reference and the fallback, not the default."""
        basis = tangents(self.m, self.inverse)
        n, entries, unknowns = basis.shape
        size = math.isqrt(entries)
        transposed = basis.reshape(n, size, size, unknowns).transpose(0, 3, 2, 1)
        linear = quadratic_matrix(self.forms, size)
        if self.state is not None:
            linear = linear + self.state.matrix(self.frozen)
        e, et = block_diagonal(basis), block_diagonal(transposed.reshape(n, unknowns, entries))
        return sparse.csr_matrix(et @ linear @ e + block_diagonal(second_order(self.local)))


def pair(x: Complex) -> Complex:
    """Blocks he and eh of x, transposed: the coefficients of Tr xw by the entries of w_eh and w_he."""
    s = x.shape[-1] // 2
    out = np.empty((x.shape[0], 2, s, s), dtype=complex)
    out[:, 0] = x[:, s:, :s].swapaxes(1, 2)
    out[:, 1] = x[:, :s, s:].swapaxes(1, 2)
    return out


def quadratic_matrix(forms: Forms, size: int = 4) -> sparse.csr_matrix:
    """`quadratic` as a matrix on flattened nodal matrices, (size² N, size² N)."""
    total = 0.5 * spin_matrix(forms.stiffness, size)
    if forms.spin_relaxation is not None:
        sandwich = sum(np.kron(s, s.T) for s in SIGMA)
        total = total - 0.125 * sparse.kron(forms.spin_relaxation, sandwich)
    for a, matrix in forms.swapping:
        total = total + 0.25j * sparse.kron(sparse.identity(forms.size), _ad(SIGMA[a])) @ spin_matrix(matrix)
    if forms.precession is not None:
        total = total + 0.5 * spin_matrix(forms.precession)
    for field in forms.transverse:
        total = total - sparse.kron(field.matrix, np.kron(field.left, field.right.T))
    for tunnel in forms.tunnels:
        total = total - 0.5 * sparse.kron(tunnel.matrix, np.kron(tunnel.filter, tunnel.filter.T))
    return sparse.csr_matrix(total)


def _ad(s: Complex) -> Complex:
    """x → [s, x] on flattened matrices."""
    return np.kron(s, np.eye(4)) - np.kron(np.eye(4), s.T)
