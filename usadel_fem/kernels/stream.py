"""A Krylov step in one pass each way through memory.

Forth, w becomes δǧ, its spin Hall form, the forces of H w, and these go down a multigrid cycle; back, what
comes up the cycle becomes w. Each part follows the one before while what that has left is in the cache; how
far each gets in a turn says `kernels.schedule`. What only the next part reads stands in rings, row i at
i & mask.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import kernel
from usadel_fem.kernels.multigrid import ascend, descend
from usadel_fem.kernels.single import change, hessian, unknowns
from usadel_fem.kernels.single_hall import bend


@kernel
def forth(turns, coupling, hall, frames, diagonal, w, rings, mask, begin, end, like, descent, few, forces):
    """From w to what a cycle has on its way down, in rows; see above.

    turns: of `Schedule.forth`; coupling, frames, diagonal, w, begin, end: see `single.hessian`; hall: what
    `single_hall.bend` takes up to g, or None; rings: of δǧ and of what is added to its force, zeros before
    and after; descent, few: of `multigrid.descend`.
    """
    x, start = rings
    free = w.size // (len(like) // 2)
    for turn in range(1, turns.shape[0]):
        last, now = turns[turn - 1], turns[turn]
        change(frames, w, last[0], now[0], like, x, mask)
        if hall is not None:
            bend(*hall, last[1], now[1], x, mask, free, like, start)
        hessian(coupling, frames, diagonal, w, x, start, mask, begin, end, last[2], now[2], like, forces)
        descend(*descent, few, like, forces, last[3], now[3])


@kernel
def back(turns, ascent, few, x, frames, splitting, split, like, w):
    """From what a cycle has at its coarsest level to w.

    turns: of `Schedule.back`; ascent, few: of `multigrid.ascend`; x: the rows of the cycle; frames,
    splitting, split: of `single.unknowns`.
    """
    for turn in range(1, turns.shape[0]):
        last, now = turns[turn - 1], turns[turn]
        ascend(*ascent, few, like, x, now[0], last[0])
        unknowns(frames, x, splitting, split, now[1], last[1], like, w)
