"""What notebooks show of a solution and of a case: well formed, complete, nothing taken for markup."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from tests.samples import wire_case, wire_solution


def rows(page: str) -> list[list[str]]:
    """The cells of all tables, which are read as XML."""
    tree = ElementTree.fromstring(page)
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


def test_a_solution() -> None:
    page = wire_solution()._repr_html_()
    assert page.startswith('<div><b>a wire</b>: <b style="color:#00724d">converged</b>')
    found = rows(page)
    assert ["mesh", "9 nodes, 4 line3, regions: wire"] in found
    assert ["energies", "3, 0.4+0.02j to 0.9+0.02j energy"] in found
    assert ["dos", "3 energy × 9 node", "2 N_F", "density of states"] in found
    assert ["terminal_current_left", "0.37", "energy", ""] in found
    assert ["gap", "null", "energy", ""] in found
    assert ["total_spin", "[0.1, 0.2, 0.3]", "", ""] in found


def test_a_solution_that_failed() -> None:
    solution = replace(wire_solution(failed=1), summary={"converged": False, "notes": ["too <coarse>"]})
    page = solution._repr_html_()
    assert "not converged" in page
    assert ["note", "too <coarse>"] in rows(page)
    assert any(row[0] == "failed" and "refine the mesh" in row[1] for row in rows(page))


def test_a_case() -> None:
    page = wire_case(case={"title": "a <b>wire</b> & more"})._repr_html_()
    found = dict(rows(page))
    assert "<b>a &lt;b&gt;wire&lt;/b&gt; &amp; more</b>" in page
    assert found["material.N"] == 'D = 0.83, exchange = [0, 0, "0.3*cos(x)"]'
    assert found["region.wire"] == "N"
    assert found["terminal.left"] == "Delta = 0.83"
    assert "kind = spectrum" in found["solve"]
    assert "units" not in found
