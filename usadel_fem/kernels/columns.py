"""The frames around the scalar inverse: forces of a residual as its 16 columns, w of those it returns.

The columns are the blocks ee, eh, he, hh of the nodal matrices in turn, four numbers each. They stand one
after the other, for a factorisation, or in rows of `kernels.multigrid` in single precision, for its sweeps.
Frames are those of eight nodes at a time; so are rows, and residuals and w but for the last nodes.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import WIDTH, spread
from usadel_fem.kernels.matrices import turned_over
from usadel_fem.kernels.storage import get_columns, get_halves, get_rows, put_columns, put_halves, put_rows
from usadel_fem.kernels.tangents import FRAME, change, fetch, turned

UNKNOWNS = 16
"""Floats of a node's residual or w."""

SINGLES = 32
"""Floats of a node's row."""

AHEAD = 4
"""Groups ahead that are asked for."""

SHORT = 2 * WIDTH
"""Floats of a column of eight nodes."""


@inline
def _force(frames, group, residual, at):
    """−½ of δǧ for the transposed residual of a group of eight nodes."""
    half = spread(0.5)
    he = turned_over(get_rows(residual, at, UNKNOWNS)) * half
    eh = turned_over(get_rows(residual, at + 8, UNKNOWNS)) * half
    return change(frames, group * FRAME, eh, he)


@inline
def _put_unknowns(frames, group, ee, eh, he, hh, out, at):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM."""
    half = spread(0.5)
    eh, he = turned(frames, group * FRAME, ee, eh, he, hh)
    put_rows(out, at, UNKNOWNS, -(eh * half))
    put_rows(out, at + 8, UNKNOWNS, he * half)


@part
def _to_rows(frames, first, count, residual, rows):
    """Some groups; those of the residual begin at 0."""
    for group in range(first, first + count):
        row = SINGLES * WIDTH * group
        at = UNKNOWNS * WIDTH * (group - first)
        fetch(frames, FRAME * (group + AHEAD), FRAME)
        fetch(residual, at + UNKNOWNS * WIDTH * AHEAD, UNKNOWNS * WIDTH)
        ee, eh, he, hh = _force(frames, group, residual, at)
        put_halves(rows, row, SINGLES, ee, eh)
        put_halves(rows, row + 8, SINGLES, he, hh)


@part
def _from_rows(frames, first, count, rows, out):
    for group in range(first, first + count):
        row = SINGLES * WIDTH * group
        fetch(frames, FRAME * (group + AHEAD), FRAME)
        fetch(rows, row + SINGLES * WIDTH * AHEAD, SINGLES * WIDTH)
        ee, eh = get_halves(rows, row, SINGLES)
        he, hh = get_halves(rows, row + 8, SINGLES)
        _put_unknowns(frames, group, ee, eh, he, hh, out, UNKNOWNS * WIDTH * (group - first))


@part
def _to_columns(frames, first, count, residual, stride, out):
    """Some groups, from 0 on in the residual and in columns of `stride` floats."""
    for group in range(first, first + count):
        at = SHORT * (group - first)
        ee, eh, he, hh = _force(frames, group, residual, UNKNOWNS * WIDTH * (group - first))
        put_columns(out, at, stride, ee)
        put_columns(out, at + 4 * stride, stride, eh)
        put_columns(out, at + 8 * stride, stride, he)
        put_columns(out, at + 12 * stride, stride, hh)


@part
def _from_columns(frames, first, count, columns, stride, out):
    for group in range(first, first + count):
        at = SHORT * (group - first)
        ee, eh = get_columns(columns, at, stride), get_columns(columns, at + 4 * stride, stride)
        he, hh = get_columns(columns, at + 8 * stride, stride), get_columns(columns, at + 12 * stride, stride)
        _put_unknowns(frames, group, ee, eh, he, hh, out, UNKNOWNS * WIDTH * (group - first))


@kernel
def rows_of(frames, residual, rows):
    """Rows of a residual (n, 16 floats)."""
    n = residual.size // UNKNOWNS
    whole = n // WIDTH
    _to_rows(frames, 0, whole, residual, rows)
    if whole * WIDTH < n:
        last = np.zeros(UNKNOWNS * WIDTH)
        last[: residual.size - UNKNOWNS * WIDTH * whole] = residual[UNKNOWNS * WIDTH * whole :]
        _to_rows(frames, whole, 1, last, rows)


@kernel
def of_rows(frames, rows, out):
    """w (n, 16 floats) of rows."""
    n = out.size // UNKNOWNS
    whole = n // WIDTH
    _from_rows(frames, 0, whole, rows, out)
    if whole * WIDTH < n:
        last = np.empty(UNKNOWNS * WIDTH)
        _from_rows(frames, whole, 1, rows, last)
        out[UNKNOWNS * WIDTH * whole :] = last[: out.size - UNKNOWNS * WIDTH * whole]


@kernel
def columns_of(frames, residual, out):
    """Columns (16, n) of a residual (n, 16 floats)."""
    n = residual.size // UNKNOWNS
    whole = n // WIDTH
    _to_columns(frames, 0, whole, residual, 2 * n, out)
    if whole * WIDTH < n:
        last, columns = np.zeros(UNKNOWNS * WIDTH), np.empty(16 * SHORT)
        last[: residual.size - UNKNOWNS * WIDTH * whole] = residual[UNKNOWNS * WIDTH * whole :]
        _to_columns(frames, whole, 1, last, SHORT, columns)
        for c in range(16):
            for i in range(2 * n - SHORT * whole):
                out[2 * n * c + SHORT * whole + i] = columns[SHORT * c + i]


@kernel
def unknowns_of(frames, columns, out):
    """w (n, 16 floats) of columns."""
    n = out.size // UNKNOWNS
    whole = n // WIDTH
    _from_columns(frames, 0, whole, columns, 2 * n, out)
    if whole * WIDTH < n:
        last, short = np.empty(UNKNOWNS * WIDTH), np.zeros(16 * SHORT)
        for c in range(16):
            for i in range(2 * n - SHORT * whole):
                short[SHORT * c + i] = columns[2 * n * c + SHORT * whole + i]
        _from_columns(frames, whole, 1, short, SHORT, last)
        out[UNKNOWNS * WIDTH * whole :] = last[: out.size - UNKNOWNS * WIDTH * whole]
