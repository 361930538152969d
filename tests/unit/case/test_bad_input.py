"""Every mistake gives exactly one problem: the right key, the rule, what was received."""

import pytest

from usadel_fem.case import load_case
from usadel_fem.device import build_device
from usadel_fem.errors import CaseError

GOOD = {
    "mesh": '[mesh]\nfile = "a.msh"',
    "material": "[material.S]\nD = 1.3\nDelta = 0.83\n[material.F]\nD = 0.7",
    "region": '[region]\nlead = "S"\nlayer = "F"',
    "solve": '[solve]\nkind = "spectrum"\nenergies = [0.1, 0.4]',
}


def ferromagnet(line):
    return {"material": f"{GOOD['material']}\n{line}"}


def with_d(value):
    return {"material": f"[material.S]\nD = 1.3\nDelta = 0.83\n[material.F]\nD = {value}"}


def with_units(line):
    return {"units": '[units]\nenergy = "meV"\nlength = "nm"', **ferromagnet(line)}


def spectrum(energies, *lines):
    return {"solve": "\n".join(['[solve]\nkind = "spectrum"', f"energies = {energies}", *lines])}


def solve(*lines):
    return {"solve": "\n".join(["[solve]", *lines])}


def extra_solve(*lines):
    return {"solve": "\n".join([GOOD["solve"], *lines])}


def also(text):
    return {"more": text}


def mesh(text):
    return {"mesh": f"[mesh]\n{text}"}


UNITS = '[units]\nenergy = "meV"\nlength = "nm"'


def impurities(table=None, line="", **changes):
    """A third material given by impurities, with some parameters changed or left out."""
    given = {"p_F": 7.3, "v_F": 0.83, "n_im": 0.11, "a": 0.137, "lambda": 0.013, **changes}
    inline = ", ".join(f"{key} = {value}" for key, value in given.items() if value is not None)
    text = f"[material.N]\n{line}\nimpurities = {table or '{' + inline + '}'}"
    return {"material": f"{GOOD['material']}\n{text}"}


SELF_CONSISTENT = extra_solve("self_consistent = true", "temperature = 0.1")
EXCHANGE = "material.F.exchange"
FIRST = "material.F.exchange[0]"


def exchange(expression):
    return ferromagnet(f"exchange = ['{expression}', 0, 0]")


BAD = {
    # sections and keys
    "unknown section": (also("[materal.N]\nD = 1"), "materal", "did you mean 'material'"),
    "unknown key": (ferromagnet("exchnge = [0, 0, 1]"), "material.F.exchnge", "did you mean 'exchange'"),
    "key of another name": (ferromagnet("h = [0, 0, 1]"), "material.F.h", "did you mean 'exchange'"),
    "unknown key without likeness": (ferromagnet("qqq = 1"), "material.F.qqq", "known keys: D, N_F"),
    "unknown solver key": (extra_solve("maxiter = 3"), "solve.maxiter", "did you mean 'max_iterations'"),
    "no mesh": ({"mesh": ""}, "mesh", "is required"),
    "no material": ({"material": "[material]", "region": '[region]\na = "S"'}, None, "must"),
    "no region": ({"region": ""}, "region", "is required"),
    "empty region": ({"region": "[region]"}, "region", "at least 1"),
    "no solve": ({"solve": ""}, "solve", "is required"),
    "section is a number": ({"solve": "solve = 3"}, "solve", "must be a table"),
    "terminal is a string": (also('[terminal]\nleft = "S"'), "terminal.left", "must be a table"),
    "vortex is a table": (also("[vortex]\nat = [0, 0]\nwinding = 1"), "vortex", "must be a list"),
    "source": (also('[source]\ntext = "x"'), "source", "is not a known key"),
    "sweep over a number": (also("[sweep]\nsolve.tolerance = 3"), "sweep", "must be a list of values or"),
    "sweep over no values": (also("[sweep]\nsolve.tolerance = []"), "sweep", "must be a list of values or"),
    "sweep of a word": (also('[sweep]\n"material.F.D" = "many"'), "sweep", "must be a list of values or"),
    "sweep without num": (also('[sweep]\n"material.F.D" = {start = 0.3, stop = 2}'), "sweep", "with num ≥ 2"),
    "sweep misspelt": (
        also('[sweep]\n"material.F.D" = {start = 0.3, stop = 2, nun = 3}'), "sweep", "did you mean 'num'?"
    ),
    "sweep of two units": (
        also('[sweep]\n"solve.temperature" = {start = "1 K", stop = "2 meV", num = 3}'), "sweep", "same unit"
    ),
    "sweep of the output": (also('[sweep]\n"output.directory" = ["a"]'), "sweep", "that change the result"),
    "sweep of too many": (
        also('[sweep]\n"material.F.D" = {start = 0.3, stop = 2, num = 200000}'), "sweep", "at most 100000"
    ),
    "title of a number": (also("[case]\ntitle = 3"), "case.title", "must be a string"),
    # numbers
    "negative D": (with_d("-1.0"), "material.F.D", "must be > 0; received -1.0"),
    "zero D": (with_d("0"), "material.F.D", "must be > 0; received 0"),
    "D is true": (with_d("true"), "material.F.D", "must be a number > 0 or an expression"),
    "D is nan": (with_d("nan"), "material.F.D", "must be a finite number"),
    "D is infinite": (with_d("inf"), "material.F.D", "must be a finite number"),
    "D is a list": (with_d("[1, 2]"), "material.F.D", "must be a number"),
    "D is empty": (with_d('""'), "material.F.D", "it is empty"),
    "D is huge": (with_d("1" + "0" * 400), "material.F.D", "must be a finite number"),
    "no D": (
        {"material": GOOD["material"] + "\n[material.N]"}, "material.N.D", "is required; received nothing"),
    "zero N_F": (ferromagnet("N_F = 0.0"), "material.F.N_F", "must be > 0"),
    "zero tau_so": (ferromagnet("tau_so = 0"), "material.F.tau_so", "must be > 0"),
    "negative tau_so": (ferromagnet("tau_so = -2"), "material.F.tau_so", "must be > 0"),
    "negative Tc": ({**ferromagnet("Tc = -1.0"), **SELF_CONSISTENT}, "material.F.Tc", "must be > 0"),
    "negative Gamma": (ferromagnet("dynes = -0.1"), "material.F.dynes", "must be >= 0"),
    "negative Delta": (ferromagnet("Delta = -0.5"), "material.F.Delta.abs", "must be >= 0"),
    "Delta without abs": (ferromagnet("Delta = {phase = 1}"), "material.F.Delta.abs", "is required"),
    "Delta and Tc": (
        {**ferromagnet("Delta = 1\nTc = 0.5"), **SELF_CONSISTENT},
        "material.F.Tc", "must not stand beside Delta"),
    "rashba varies": (ferromagnet('rashba = "x"'), "material.F.rashba", "cannot depend on position"),
    # impurities
    "impurities beside D": (impurities(line="D = 1"), "material.N.D", "must not stand beside impurities"),
    "impurities beside theta": (impurities(line="theta = 0"), "material.N.theta", "beside impurities"),
    "impurities beside kappa": (impurities(line="kappa = 0.1"), "material.N.kappa", "beside impurities"),
    "impurities beside tau_so": (impurities(line="tau_so = 3"), "material.N.tau_so", "beside impurities"),
    "impurities of a number": (impurities("3"), "material.N.impurities", "must be a table"),
    "mass and velocity": (impurities(m=2), "material.N.impurities.v_F", "must not stand beside m"),
    "no mass": (impurities(v_F=None), "material.N.impurities", "must have m or v_F"),
    "two couplings": (impurities(B=2), "material.N.impurities.B", "must not stand beside lambda"),
    "no coupling": (impurities(**{"lambda": None}), "material.N.impurities", "must have lambda or B"),
    "no p_F": (impurities(p_F=None), "material.N.impurities.p_F", "is required"),
    "no n_im": (impurities(n_im=None), "material.N.impurities.n_im", "is required"),
    "no a": (impurities(a=None), "material.N.impurities.a", "is required"),
    "a of 0": (impurities(a=0), "material.N.impurities.a", "must be other than 0; received 0"),
    "a is nan": (impurities(a="nan"), "material.N.impurities.a", "must be a number; received nan"),
    "a of a word": (impurities(a='"strong"'), "material.N.impurities.a", "'strong' is not one"),
    "n_im of 0": (impurities(n_im=0), "material.N.impurities.n_im", "must be > 0"),
    "n_im is infinite": (impurities(n_im="inf"), "material.N.impurities.n_im", "must be a finite number"),
    "negative lambda": (impurities(**{"lambda": -1}), "material.N.impurities.lambda", "must be >= 0"),
    "negative p_F": (impurities(p_F=-1), "material.N.impurities.p_F", "must be > 0"),
    "p_F varies": (impurities(p_F='"1+x"'), "material.N.impurities.p_F", "cannot depend on position"),
    "kF": (impurities(kF=1), "material.N.impurities.kF", "did you mean 'p_F'"),
    "k_F": (impurities(k_F=1), "material.N.impurities.k_F", "did you mean 'p_F'"),
    "density": (impurities(density=1), "material.N.impurities.density", "did you mean 'n_im'"),
    "mass": (impurities(mass=1), "material.N.impurities.mass", "did you mean 'm'"),
    "scattering_length": (
        impurities(scattering_length=1), "material.N.impurities.scattering_length", "did you mean 'a'"),
    "lambda_so": (impurities(lambda_so=1), "material.N.impurities.lambda_so", "did you mean 'lambda'"),
    "vertex": (impurities(vertex=1), "material.N.impurities.vertex", "did you mean 'B'"),
    "impurity in the singular": (
        ferromagnet("impurity = {p_F = 1}"), "material.F.impurity", "did you mean 'impurities'"),
    "length for a mass": (
        {"units": UNITS, **impurities(v_F=None, m='"2 nm"')},
        "material.N.impurities.m", 'must be a mass, such as "0.9 m_e"'),
    "area for a density": (
        {"units": UNITS, **impurities(n_im='"2 cm^-2"')},
        "material.N.impurities.n_im", 'must be a number density, such as "1e19 cm^-3"'),
    "energy for a vertex": (
        {"units": UNITS, **impurities(B='"2 meV"', **{"lambda": None})},
        "material.N.impurities.B", 'must be a vertex, such as'),
    # vectors
    "h of two components": (ferromagnet("exchange = [0, 1]"), EXCHANGE, "a list of 3 numbers"),
    "h of four components": (ferromagnet("exchange = [0, 1, 2, 3]"), EXCHANGE, "4 given"),
    "h is a number": (ferromagnet("exchange = 0.3"), EXCHANGE, "components along x, y and z"),
    "h holds a boolean": (
        ferromagnet("exchange = [0, 0, true]"), "material.F.exchange[2]", "must be a number"),
    # units
    "unit without units": (with_d('"5 cm^2/s"'), "material.F.D", "add a [units] table"),
    "unknown unit": (with_units('tau_so = "0.3 picas"'), "material.F.tau_so", "must be a time"),
    "unit of nothing": (with_units('tau_so = "0.3 foo"'), "material.F.tau_so", "'foo' is not one"),
    "misspelt unit": (with_units('dynes = "0.3 mev"'), "material.F.dynes", "did you mean 'meV'"),
    "length for a diffusion constant": (
        {"units": '[units]\nenergy = "meV"\nlength = "nm"', **with_d('"5 nm"')},
        "material.F.D", 'must be a diffusion constant, such as "5 cm^2/s"; received "5 nm"'),
    "energy for a time": (with_units('tau_so = "1 meV"'), "material.F.tau_so", "must be a time"),
    "unit on a pure number": (with_units('theta = "1 nm"'), "material.F.theta", "without a unit"),
    "unit expression": (with_units('tau_so = "0.3 ps*x"'), "material.F.tau_so", "takes no unit"),
    "unit tower": (with_units('tau_so = "3 ps**999999"'), "material.F.tau_so", "is no unit"),
    "celsius": ({**with_units('Tc = "20 degC"'), **SELF_CONSISTENT}, "material.F.Tc", "write kelvin"),
    "wrong energy unit": (
        also('[units]\nenergy = "nm"\nlength = "nm"'), "units.energy", "must be a unit of energy"),
    "unknown length unit": (
        also('[units]\nenergy = "meV"\nlength = "foo"'), "units.length", "must be a unit of length"),
    "no length unit": (also('[units]\nenergy = "meV"'), "units.length", "is required"),
    # names
    "unknown material": (
        {"region": '[region]\nlead = "S"\nlayer = "FF"'}, "region.layer", "did you mean 'F'"),
    "region is a number": ({"region": '[region]\nlead = "S"\nlayer = 3'}, "region.layer", "must be a string"),
    # terminals, interfaces
    "normal and superconducting": (
        also("terminal.left = {normal = true, Delta = 1}"), "terminal.left.Delta", "normal = true"),
    "neither": (
        also("terminal.left = {exchange = [0, 0, 1]}"),
        "terminal.left", "either normal = true or have a Delta"),
    "not normal": (
        also("terminal.left = {normal = false}"), "terminal.left", "either normal = true or have a Delta"),
    "normal with phase": (
        also("terminal.left = {normal = true, phase = 1}"), "terminal.left.phase", "no phase"),
    "normal is 1": (also("terminal.left = {normal = 1, Delta = 1}"), "terminal.left.normal", "true or false"),
    "gap below zero": (also("terminal.left = {Delta = -1}"), "terminal.left.Delta", "must be >= 0"),
    "voltage": (
        also("terminal.left = {normal = true, voltage = 1}"), "terminal.left.voltage", "in equilibrium"),
    "spin voltage": (
        also("terminal.left = {Delta = 1, spin_voltage = [0, 0, 1]}"),
        "terminal.left.spin_voltage", 'beside kind = "nonequilibrium"'),
    "warm terminal": (
        also("terminal.left = {Delta = 1, temperature = 0.2}"),
        "terminal.left.temperature", "nonequilibrium"),
    "voltage on a superconductor": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {Delta = 1, voltage = 0.1}"),
        "terminal.left.voltage", "not stationary"),
    "spin voltage across the exchange field": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {Delta = 1, exchange = [0, 0, 0.2], spin_voltage = [0.1, 0, 0.1]}"),
        "terminal.left.spin_voltage", "precess"),
    "floating at a voltage": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {normal = true, floating = true, voltage = 1}\nterminal.right = {Delta = 1}"),
        "terminal.left.floating", "without a voltage"),
    "all floating": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {normal = true, floating = true}"), "terminal", "leave one terminal"),
    "floating in equilibrium": (
        also("terminal.left = {normal = true, floating = true}\nterminal.right = {Delta = 1}"),
        "terminal.left.floating", "nonequilibrium"),
    "cold terminal": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {Delta = 1, temperature = 0}"),
        "terminal.left.temperature", "> 0"),
    "spin voltage of two": (
        solve('kind = "nonequilibrium"', "temperature = 0.1")
        | also("terminal.left = {Delta = 1, spin_voltage = [0, 1]}"),
        "terminal.left.spin_voltage", "list of 3 numbers"),
    "contact of zero": (
        also("terminal.left = {Delta = 1, contact = 0}"), "terminal.left.contact.conductance", "> 0"),
    "contact of a word": (
        also('terminal.left = {Delta = 1, contact = "tunnel"}'),
        "terminal.left.contact.conductance", "known names"),
    "polarisation above 1": (
        also("interface.a = {conductance = 1, polarisation = [1, 1, 0]}"),
        "interface.a.polarisation", "norm <= 1"),
    "polarisation alone": (
        also("interface.a = {polarisation = [0, 0, 0.5]}"),
        "interface.a.polarisation", "beside a conductance"),
    "polarisation of one": (
        also("interface.a = {conductance = 1, polarisation = 0.5}"), "interface.a.polarisation", "[0, 0, P]"),
    "negative conductance": (
        also("interface.a = {conductance = -1}"), "interface.a.conductance", "must be > 0"),
    # field and vortex
    "empty field": (also("[field]"), "field", "must have B or vector_potential"),
    "two fields": (
        also("[field]\nB = 1\nvector_potential = [0, 0, 0]"), "field.vector_potential", "beside B"),
    "field of two": (also("[field]\nB = [1, 2]"), "field.B", "list of 3 numbers"),
    "field varies": (also('[field]\nB = "x"'), "field.B", "cannot depend on position"),
    "gauge": (also('[field]\nB = 1\ngauge = "landau"'), "field.gauge", "did you mean 'landau_"),
    "B without normal": (
        {**mesh('file = "a.msh"\naxes = ["x"]'), **also("[field]\nB = 1")},
        "field.B", "only a two-dimensional mesh"),
    "no winding": (also("[[vortex]]\nat = [0, 0]\nwinding = 0"), "vortex[0].winding", "must not be 0"),
    "half a vortex": (also("[[vortex]]\nat = [0, 0]\nwinding = 0.5"), "vortex[0].winding", "whole number"),
    "vortex in a normal metal": (
        {"material": "[material.S]\nD = 1\n[material.F]\nD = 1",
         **also("[[vortex]]\nat = [0, 0]\nwinding = 1"),
         **spectrum("[0.1]", "broadening = 0.1")}, "vortex", "no material superconducts"),
    # what to solve
    "unknown kind": (solve('kind = "spectra"'), "solve.kind", "did you mean 'spectrum'"),
    "nonequilibrium without temperature": (
        solve('kind = "nonequilibrium"'), "solve.temperature", "is required by kind"),
    "energy below zero out of equilibrium": (
        solve('kind = "nonequilibrium"', "temperature = 1", "energies = [1, -1]"),
        "solve.energies", ">= 0 out of equilibrium"),
    "imaginary energy out of equilibrium": (
        solve('kind = "nonequilibrium"', "temperature = 1", "energies = {imaginary = [1]}"),
        "solve.energies", "must be real"),
    "free energy out of equilibrium": (
        solve('kind = "nonequilibrium"', "temperature = 1", "free_energy = true"),
        "solve.free_energy", 'kind = "equilibrium"'),
    "relaxation of a spectrum": (extra_solve("relaxation = 0.1"), "solve.relaxation", "nonequilibrium"),
    "negative relaxation": (
        solve('kind = "nonequilibrium"', "temperature = 1", "relaxation = -1"), "solve.relaxation", ">= 0"),
    "no energies": (solve('kind = "spectrum"'), "solve.energies", "is required"),
    "empty energies": (spectrum("[]"), "solve.energies", "at least one"),
    "repeated energies": (spectrum("[0.2, 0.1, 0.2]"), "solve.energies", "0.2 more than once"),
    "energy is a word": (spectrum('[0.1, "low"]'), "solve.energies[1]", "'low' is not one"),
    "energy is nan": (spectrum("[0.1, nan]"), "solve.energies[1]", "finite"),
    "energies of a number": (spectrum("0.4"), "solve.energies", "must be a list of energies"),
    "imaginary zero": (spectrum("{imaginary = [0.0, 0.1]}"), "solve.energies[0]", "must be > 0"),
    "imaginary negative": (spectrum("{imaginary = [-0.3]}"), "solve.energies[0]", "must be > 0"),
    "imaginary and grid": (spectrum("{imaginary = [0.3], start = 0}"), "solve.energies", "two cases"),
    "no num": (spectrum("{start = 0, stop = 1}"), "solve.energies.num", "is required"),
    "misspelt num": (
        spectrum("{start = 0, stop = 1, num = 3, points = 3}"),
        "solve.energies.points", "did you mean 'num'"),
    "num of one": (spectrum("{start = 0, stop = 1, num = 1}"), "solve.energies.num", "whole number from 2"),
    "num is a float": (spectrum("{start = 0, stop = 1, num = 3.0}"), "solve.energies.num", "whole number"),
    "empty interval": (
        spectrum("{start = 1, stop = 1, num = 3}"), "solve.energies.stop", "must differ from start"),
    "broadening 0": (extra_solve("broadening = 0"), "solve.broadening", "must be > 0 at real energies"),
    "negative broadening": (extra_solve("broadening = -0.1"), "solve.broadening", "must be >= 0"),
    "dynes 0": (ferromagnet("dynes = 0"), "material.F.dynes", "must be > 0 at real energies"),
    "no gap to broaden": (
        {"material": "[material.S]\nD = 1\n[material.F]\nD = 1"},
        "solve.broadening", "is required at real energies"),
    "no temperature": (solve('kind = "equilibrium"'), "solve.temperature", "is required"),
    "temperature 0": (solve('kind = "equilibrium"', "temperature = 0.0"), "solve.temperature", "must be > 0"),
    "negative temperature": (
        solve('kind = "equilibrium"', "temperature = -1"), "solve.temperature", "must be > 0"),
    "energies in equilibrium": (
        solve('kind = "equilibrium"', "temperature = 1", "energies = [1]"),
        "solve.energies", 'kind = "spectrum"'),
    "Tc alone": (ferromagnet("Tc = 1.0"), "solve.self_consistent", "must be true when a material has Tc"),
    "self-consistency without Tc": (
        extra_solve("self_consistent = true", "temperature = 1"),
        "solve.self_consistent", "no material has Tc"),
    "self-consistency without T": (
        {**ferromagnet("Tc = 1.0"), **extra_solve("self_consistent = true")},
        "solve.temperature", "is required"),
    "phase fixed alone": (extra_solve("fixed_phase = true"), "solve.fixed_phase", "self_consistent = true"),
    "free energy of a spectrum": (extra_solve("free_energy = true"), "solve.free_energy", "equilibrium"),
    "tolerance 0": (extra_solve("tolerance = 0"), "solve.tolerance", "must be > 0"),
    "negative tolerance": (extra_solve("tolerance = -1e-9"), "solve.tolerance", "must be > 0"),
    "tolerance above 1": (extra_solve("tolerance = 2"), "solve.tolerance", "< 1"),
    "no iterations": (extra_solve("max_iterations = 0"), "solve.max_iterations", "must be >= 1"),
    "iterations of a word": (extra_solve('max_iterations = "many"'), "solve.max_iterations", "whole number"),
    "method": (extra_solve('method = "Newton"'), "solve.method", "did you mean 'newton'"),
    "no axis": (extra_solve("quantisation_axis = [0, 0, 0]"), "solve.quantisation_axis", "zero vector"),
    "yes": (extra_solve('free_energy = "yes"'), "solve.free_energy", "must be true or false"),
    # mesh
    "no file and no shape": (mesh("order = 1"), "mesh", "must have a file or a shape"),
    "file and shape": (
        mesh('file = "a.msh"\nshape = "wire"\nlength = 1\nelements = 4'),
        "mesh.file", "must not stand beside a shape"),
    "unknown shape": (mesh('shape = "rectangel"'), "mesh.shape", "did you mean 'rectangle'"),
    "shape without length": (mesh('shape = "wire"\nelements = 4'), "mesh.length", "is required"),
    "key of no shape": (
        mesh('shape = "wire"\nlength = 1\nelements = 4\nlenght = 2'), "mesh.lenght", "did you mean 'length'"),
    "misspelt order": (
        mesh('shape = "wire"\nlength = 1\nelements = 4\nordr = 1'), "mesh.ordr", "did you mean 'order'"),
    "negative length": (mesh('shape = "wire"\nlength = -1\nelements = 4'), "mesh.length", "must be > 0"),
    "order 3": (mesh('file = "a.msh"\norder = 3'), "mesh.order", "must be 1 or 2; received 3"),
    "axis twice": (mesh('file = "a.msh"\naxes = ["x", "x"]'), "mesh.axes", "must not repeat an axis"),
    "unknown axis": (mesh('file = "a.msh"\naxes = ["x", "w"]'), "mesh.axes[1]", 'must be "x", "y" or "z"'),
    "no axes": (mesh('file = "a.msh"\naxes = []'), "mesh.axes", "must name 1 to 3 axes"),
    "negative refine": (mesh('file = "a.msh"\nrefine = -1'), "mesh.refine", "must be >= 0"),
    # output
    "unknown format": (also('[output]\nformats = ["vtx"]'), "output.formats[0]", "must be 'vtu'"),
    "short line": (also("[output.at]\na = {from = [0, 0], to = [0, 0]}"), "output.at.a.to", "must differ"),
    "crooked line": (
        also("[output.at]\na = {from = [0, 0], to = [1]}"), "output.at.a.to", "as many coordinates"),
    "endless line": (also("[output.at]\na = {from = [0, 0]}"), "output.at.a.to", "is required"),
    "probe of a word": (also('[output.at]\na = "here"'), "output.at.a.at", "a list of 1 to 3 numbers"),
    # expressions
    "import": (exchange('__import__("os")'), FIRST, "must"),
    "attribute": (exchange("x.real"), FIRST, "Attribute is not allowed"),
    "method of an array": (exchange("x.tofile(1)"), FIRST, "known functions only"),
    "dunder": (exchange("(1).__class__"), FIRST, "Attribute is not allowed"),
    "lambda": (exchange("lambda: 1"), FIRST, "Lambda is not allowed"),
    "comprehension": (exchange("[i for i in x]"), FIRST, "ListComp is not allowed"),
    "list": (exchange("[0]*10**9"), FIRST, "must be arithmetic"),
    "subscript": (exchange("x[0]"), FIRST, "Subscript is not allowed"),
    "walrus": (exchange("(y := 3)"), FIRST, "NamedExpr is not allowed"),
    "two statements": (exchange("1; 2"), FIRST, "must be an expression"),
    "assignment": (exchange("x = 2"), FIRST, "must be an expression"),
    "string": (exchange('"a"*10'), FIRST, "is not a real number"),
    "format string": (exchange('f"{x}"'), FIRST, "JoinedStr is not allowed"),
    "eval": (exchange('eval("1")'), FIRST, "'eval' is not one"),
    "open": (exchange('open("f")'), FIRST, "'open' is not one"),
    "tower": (exchange("9**9**9"), FIRST, "must be a finite real number"),
    "tower of position": (exchange("x*1" + "0" * 400), FIRST, "too large"),
    "division by zero": (exchange("1/0"), FIRST, "must be a finite real number"),
    "root of -1": (exchange("sqrt(-1)"), FIRST, "must be a finite real number"),
    "complex": (exchange("1j*x"), FIRST, "is not a real number"),
    "unknown name": (exchange("xx + 1"), FIRST, "did you mean 'x'"),
    "upper case": (exchange("X + 1"), FIRST, "did you mean 'x'"),
    "unknown function": (exchange("sinn(x)"), FIRST, "did you mean 'sin'"),
    "function unused": (exchange("sin + 1"), FIRST, "'sin' is not one"),
    "too many arguments": (exchange("sin(x, y)"), FIRST, "1 argument"),
    "keyword argument": (exchange("sin(x=1)"), FIRST, "1 argument"),
    "starred argument": (exchange("sin(*x)"), FIRST, "Starred is not allowed"),
    "long": (exchange("x+" * 600 + "x"), FIRST, "at most 1000 characters"),
    "missing sign": (exchange("2 x"), FIRST, "invalid syntax"),
    "missing sign before a function": (exchange("2 sin(x)"), FIRST, "invalid syntax"),
    "deep": (exchange("(" * 99 + "x" + "+1)" * 99), FIRST, "nested more than"),
    "parentheses": (exchange("(" * 450 + "x" + ")" * 450), FIRST, "must be an expression"),
    "minus signs": (exchange("-" * 900 + "x"), FIRST, "must be"),
    "caret": (exchange("x^2"), FIRST, "a power is written **"),
    "comma": (exchange("0,3"), FIRST, "take a point"),
    "unclosed": (exchange("sin(x"), FIRST, "'(' was never closed"),
    "boolean": (exchange("True"), FIRST, "is not a real number"),
    "not a number": (ferromagnet('kappa = "high"'), "material.F.kappa", "'high' is not one"),
}  # fmt: skip


def write(folder, sections):
    """Stray dotted keys first: after a table header they would belong to it."""
    texts = [*(text for text in sections.values() if not text.startswith("[")), *(
        text for text in sections.values() if text.startswith("["))]  # fmt: skip
    path = folder / "case.toml"
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def problems_of(path, overrides=None):
    with pytest.raises(CaseError) as caught:
        load_case(path, overrides or {})
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return caught.value.problems


def test_the_starting_point_is_good(tmp_path):
    assert load_case(write(tmp_path, GOOD)).solve.broadening == pytest.approx(0.0083)


def test_there_are_many():
    assert len(BAD) >= 100


@pytest.mark.parametrize(("changes", "key", "fragment"), BAD.values(), ids=BAD.keys())
def test_one_clear_problem(tmp_path, changes, key, fragment):
    problems = problems_of(write(tmp_path, {**GOOD, **changes}))
    if key is not None:
        assert [problem.key for problem in problems] == [key]
        assert str(problems[0]).startswith(f"{tmp_path / 'case.toml'}: {key}: ")
    assert fragment in str(problems[0])
    assert all("\n" not in str(problem) and len(str(problem)) < 500 for problem in problems)


UNSOLVABLE = {
    "lambda at resonance": (impurities(a="inf"), "give B instead of lambda"),
    "lambda at negative resonance": (impurities(a="-inf"), "received -inf"),
    "lambda somewhere at resonance": (impurities(a='"inf"', **{"lambda": '"0.1*x"'}), "give B"),
}


@pytest.mark.parametrize(("changes", "fragment"), UNSOLVABLE.values(), ids=UNSOLVABLE.keys())
def test_what_is_read_but_not_solved(tmp_path, changes, fragment):
    """One clear problem as soon as a device is wanted, before the mesh, which is missing, is looked for."""
    case = load_case(write(tmp_path, {**GOOD, **changes}))
    with pytest.raises(CaseError) as caught:
        build_device(case)
    [problem] = caught.value.problems
    assert problem.key == "material.N.impurities.a"
    assert fragment in str(problem)
    assert len(str(problem)) < 500
