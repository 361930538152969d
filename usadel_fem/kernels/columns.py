"""The frames around the scalar inverse: forces of a residual as its 16 columns, w of those it returns.

The columns are the blocks ee, eh, he, hh of the nodal matrices in turn, four numbers each: one column after
the other, for a factorisation, or node after node, for products of sparse and dense matrices.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import kernel
from usadel_fem.kernels.lanes import WIDTH, spread
from usadel_fem.kernels.matrices import get_columns, get_rows, put_columns, put_rows, turned_over
from usadel_fem.kernels.tangents import BLOCK, FRAME, ROW, change, gather, scatter, turned

SHORT = 2 * WIDTH
"""Floats of a column of eight nodes."""


@kernel
def columns_of(frames, places, residual, by_column, out):
    """−½ of δǧ for the transposed residual (n, 16 floats), in columns (16, n) or rows (n, 16) of numbers."""
    n, rows, unknowns = places.size, np.empty(ROW * BLOCK), np.empty(16 * BLOCK)
    half = spread(0.5)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        gather(residual, places, first, count, 16, unknowns)
        for k in range(0, count, WIDTH):
            he = turned_over(get_rows(unknowns, 16 * k, 16)) * half
            eh = turned_over(get_rows(unknowns, 16 * k + 8, 16)) * half
            ee, eh, he, hh = change(frames, (first + k) * FRAME // WIDTH, eh, he)
            if not by_column:
                at = ROW * k
                put_rows(rows, at, ROW, ee)
                put_rows(rows, at + 8, ROW, eh)
                put_rows(rows, at + 16, ROW, he)
                put_rows(rows, at + 24, ROW, hh)
                continue
            whole = k + WIDTH <= count
            x, at, stride = (out, 2 * (first + k), 2 * n) if whole else (rows, 0, SHORT)
            put_columns(x, at, stride, ee)
            put_columns(x, at + 4 * stride, stride, eh)
            put_columns(x, at + 8 * stride, stride, he)
            put_columns(x, at + 12 * stride, stride, hh)
            if not whole:
                for c in range(16):
                    for i in range(2 * (count - k)):
                        out[2 * (first + k + n * c) + i] = rows[SHORT * c + i]
        if not by_column:
            scatter(rows, places, first, count, ROW, out)


@kernel
def unknowns_of(frames, places, columns, by_column, out):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM, (n, 16 floats), for δǧ in columns or rows."""
    n, rows, unknowns = places.size, np.zeros(ROW * BLOCK), np.empty(16 * BLOCK)
    half = spread(0.5)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        if not by_column:
            gather(columns, places, first, count, ROW, rows)
        for k in range(0, count, WIDTH):
            if by_column:
                whole = k + WIDTH <= count
                if not whole:
                    for c in range(16):
                        for i in range(2 * (count - k)):
                            rows[SHORT * c + i] = columns[2 * (first + k + n * c) + i]
                x, at, stride = (columns, 2 * (first + k), 2 * n) if whole else (rows, 0, SHORT)
                ee, eh = get_columns(x, at, stride), get_columns(x, at + 4 * stride, stride)
                he, hh = get_columns(x, at + 8 * stride, stride), get_columns(x, at + 12 * stride, stride)
            else:
                at = ROW * k
                ee, eh = get_rows(rows, at, ROW), get_rows(rows, at + 8, ROW)
                he, hh = get_rows(rows, at + 16, ROW), get_rows(rows, at + 24, ROW)
            eh, he = turned(frames, (first + k) * FRAME // WIDTH, ee, eh, he, hh)
            put_rows(unknowns, 16 * k, 16, -(eh * half))
            put_rows(unknowns, 16 * k + 8, 16, he * half)
        scatter(unknowns, places, first, count, 16, out)
