import numpy as np
import pytest
from scipy.stats import unitary_group

from usadel_fem.solver import eigen
from usadel_fem.solver.eigen import rightmost


def matrix(size: int, seed: int) -> np.ndarray:
    """Complex, not normal, eigenvalues real and crowded at the right end."""
    rng = np.random.default_rng(seed)
    turn = unitary_group.rvs(size, random_state=seed)
    values = np.diag(1.7 - np.linspace(0, 1.3, size) ** 0.7)
    triangle = values + 0.02 * np.triu(rng.normal(size=(size, size)), 1)
    return turn @ triangle @ turn.conj().T


@pytest.mark.parametrize("size", [1, 2, 5, 39, 40, 41, 150])
def test_it_is_the_rightmost_of_all_eigenvalues(size, monkeypatch):
    m = matrix(size, 3)
    values, vectors = np.linalg.eig(m)
    best = int(np.argmax(values.real))
    accuracies = []

    def apply(x, accuracy):
        accuracies.append(accuracy)
        return m @ x

    value, vector = rightmost(apply, np.ones(size, dtype=complex), 1e-11)
    assert abs(value - values[best]) < 1e-9
    assert abs(abs(np.vdot(vector, vectors[:, best])) - 1) < 1e-9
    assert max(accuracies) <= eigen.LOOSEST
    assert accuracies[0] == pytest.approx(1e-12)


def test_restarts_lead_to_the_same(monkeypatch):
    m = matrix(120, 5)
    monkeypatch.setattr(eigen, "SIZE", 9)
    monkeypatch.setattr(eigen, "KEPT", 4)
    products = []

    def apply(x, accuracy):
        products.append(0)
        return m @ x

    value, vector = rightmost(apply, np.ones(120, dtype=complex), 1e-11)
    assert len(products) > 3 * 9
    assert abs(value - np.linalg.eigvals(m).real.max()) < 1e-9
    assert np.linalg.norm(m @ vector - value * vector) < 2e-11 * abs(value)


def test_products_may_be_as_wrong_as_they_are_allowed_to_be():
    m, rng = matrix(150, 7), np.random.default_rng(1)
    exact = np.linalg.eigvals(m).real.max()

    def apply(x, accuracy):
        y, off = m @ x, rng.normal(size=150) + 1j * rng.normal(size=150)
        return y + accuracy * np.linalg.norm(y) / np.linalg.norm(off) * off

    assert abs(rightmost(apply, np.ones(150, dtype=complex), 1e-8)[0] - exact) < 1e-7


def test_a_start_that_is_an_eigenvector_needs_one_product():
    found = rightmost(lambda x, accuracy: 0.7j * x, np.ones(6, dtype=complex), 1e-9, most=1)
    assert found[0] == pytest.approx(0.7j)


def test_what_is_not_found_is_said():
    with pytest.raises(ArithmeticError, match="after 3 products"):
        rightmost(lambda x, accuracy: matrix(80, 2) @ x, np.ones(80, dtype=complex), 1e-12, most=3)
