"""Sixteen nodes side by side in single precision: layouts against the NumPy indexing that they are."""

import numpy as np
import pytest
from numba import njit

from usadel_fem.kernels import single
from usadel_fem.kernels.tiles import (
    NODES,
    WHOLE,
    about_x,
    about_y,
    about_z,
    get_blocks,
    get_tile,
    mixed,
    put_blocks,
    put_tile,
    turn_over,
)
from usadel_fem.kernels.vectors import load, store

COUNTS = [1, 15, 16, 17, 47, 50]
"""Nodes, few of them whole tiles."""


def singles(*shape, seed=4):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@njit(error_model="numpy")
def turn(x, out):
    turn_over(x, 0, out, 0)


@njit(error_model="numpy")
def blocks_of(rows, tiles):
    ee, eh, he, hh = get_blocks(rows, 0, WHOLE)
    put_tile(tiles, 0, ee)
    put_tile(tiles, 128, eh)
    put_tile(tiles, 256, he)
    put_tile(tiles, 384, hh)


@njit(error_model="numpy")
def rows_of(tiles, rows):
    ee, eh = get_tile(tiles, 0, WHOLE), get_tile(tiles, 128, WHOLE)
    put_blocks(rows, 0, ee, eh, get_tile(tiles, 256, WHOLE), get_tile(tiles, 384, WHOLE))


@njit(error_model="numpy")
def of_lines(a, b, out):
    x, y = load(a, 0, WHOLE), load(b, 0, WHOLE)
    store(out, 0, mixed(x, y))
    store(out, 32, about_x(x))
    store(out, 64, about_y(x))
    store(out, 96, about_z(x))


def test_sixteen_rows_become_columns():
    x = singles(16, 16)
    turn(x.reshape(-1), out := np.empty(256, np.float32))
    assert np.array_equal(out.reshape(16, 16), x.T)


def test_blocks_of_rows_and_back():
    """A row has 16 real parts, then 16 imaginary parts; a tile the parts of its entries in turn."""
    x = singles(NODES, 2, 4, 4)  # node, part, block, entry
    blocks_of(x.reshape(-1), tiles := np.empty(512, np.float32))
    assert np.array_equal(tiles.reshape(4, 4, 2, NODES), x.transpose(2, 3, 1, 0))
    rows_of(tiles, back := np.full(512, np.nan, np.float32))
    assert np.array_equal(back.reshape(x.shape), x)


def test_components_of_a_row():
    a, b = singles(2, 2, 4, 4)  # of both parts, on 1, σ_x, σ_y, σ_z
    of_lines(a.reshape(-1), b.reshape(-1), out := np.empty(128, np.float32))
    one, *rest = out.reshape(4, 2, 4, 4)
    assert np.array_equal(one, np.concatenate([a[:, :1], b[:, 1:]], axis=1))
    epsilon = np.zeros((3, 3, 3))
    for k in range(3):
        epsilon[k, (k + 1) % 3, (k + 2) % 3], epsilon[k, (k + 2) % 3, (k + 1) % 3] = 1, -1
    for axis, found in enumerate(rest):
        assert np.array_equal(found[:, 1:], np.einsum("bc,pbk->pck", epsilon[:, axis], a[:, 1:]))
        assert not found[:, 0].any()


@pytest.mark.parametrize("count", COUNTS)
def test_tiles_of_unknowns_and_back(count):
    rng = np.random.default_rng(count)
    w = rng.normal(size=(count, 16))
    tiles = -(-count // NODES)
    single.pack(w.reshape(-1), WHOLE, packed := np.full(256 * tiles, np.nan, np.float32))
    expected = np.zeros((NODES * tiles, 16), np.float32)
    expected[:count] = w
    assert np.array_equal(packed.reshape(tiles, 16, NODES), expected.reshape(tiles, NODES, 16).swapaxes(1, 2))
    single.unpack(packed, WHOLE, back := np.full(16 * count + 3, np.nan)[: 16 * count])
    assert np.array_equal(back.reshape(count, 16), w.astype(np.float32))
    beyond = back.base[16 * count :]
    assert np.isnan(beyond).all()


@pytest.mark.parametrize("floats", [16, 32])
def test_two_groups_of_eight_nodes_become_a_tile(floats):
    lanes = np.random.default_rng(1).normal(size=(6, floats, 8))
    single.narrow(lanes.reshape(-1), floats, np.arange(floats), out := np.empty(lanes.size, np.float32))
    expected = lanes.astype(np.float32).reshape(3, 2, floats, 8).swapaxes(1, 2).reshape(3, floats, NODES)
    assert np.array_equal(out.reshape(3, floats, NODES), expected)


@pytest.mark.parametrize("count", COUNTS)
def test_rows_in_another_order_with_real_parts_first(count):
    rng = np.random.default_rng(count)
    x, order = rng.normal(size=(count + 5, 16, 2)), rng.integers(count + 5, size=count)
    single.halves(x.reshape(-1), order, WHOLE, out := np.empty(32 * count, np.float32))
    assert np.array_equal(out.reshape(count, 2, 16), x[order].swapaxes(1, 2).astype(np.float32))
