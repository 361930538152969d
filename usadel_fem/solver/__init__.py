"""Newton on the manifold ǧ² = 1, its linear solvers, sweeps over energies, self-consistency."""
