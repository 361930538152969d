"""Whatever stands in a case, it is either a case or a list of plain problems."""

import copy
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from usadel_fem.case import Case
from usadel_fem.errors import CaseError

GOOD = tomllib.loads("""
case = {title = "a", references = ["b"]}
units = {energy = "meV", length = "nm"}
mesh = {shape = "wire", length = 3, elements = 4, axes = ["x"], order = 1}
region = {wire = "S"}
terminal.left = {Delta = 1, phase = "pi", contact = {conductance = 1, polarisation = [0, 0, 0.5]}}
terminal.right = {normal = true, exchange = [0, 0, 1], contact = "transparent"}
interface.a = {conductance = 0.3, spin_mixing = [0, 0, 1]}
field = {B = [0, 0, "1 mT"], gauge = "symmetric"}
vortex = [{at = [0, 0], winding = 1}]
solve = {kind = "spectrum", energies = {start = 0, stop = 1, num = 3}, tolerance = 1e-8, broadening = 0.1}
output = {fields = ["dos"], formats = ["vtu"], at = {p = [0.1], l = {from = [0], to = [1], num = 3}}}
[material.S]
D = "5 cm^2/s"
exchange = ["x", 0, 0]
Delta = {abs = 0.83, phase = "phi"}
tau_so = "0.3 ps"
""")

junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["5 nm", "1 K", "x", "transparent", "a.msh", "spectrum", "wire", "box", 0, 1, -1.0]),
        st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(node, here=()):
    if here:
        yield here
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*here, key))


def test_the_starting_point_is_good():
    assert Case.model_validate(GOOD).material["S"].tau_so > 0


@given(st.sampled_from(list(places(GOOD))), junk, st.text(max_size=6))
def test_one_value_replaced(place, value, name):
    table = copy.deepcopy(GOOD)
    node = table
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    if isinstance(node, dict) and name:
        node[name] = value
    a_case_or_problems(table)


@given(st.dictionaries(st.sampled_from([*GOOD, "sweep", "source", "x"]), junk))
def test_any_sections(table):
    a_case_or_problems(table)


def a_case_or_problems(table):
    try:
        case = Case.model_validate(table)
    except CaseError as caught:
        problems = caught.problems
    else:
        problems = ()
        assert case == Case.model_validate_json(case.model_dump_json(by_alias=True))
        assert hash(case) == hash(copy.deepcopy(case))
    assert all(problem.rule and len(str(problem).splitlines()) == 1 for problem in problems)
