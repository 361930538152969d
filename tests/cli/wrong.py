"""A good case file, and what can be wrong with it: (old text, new text), and what the message must say."""

from __future__ import annotations

CASE = """\
[case]
title = "a trilayer"

[units]
energy = "meV"
length = "nm"

[mesh]
file = "trilayer.msh"
axes = ["x", "y"]

[region]
S = "Nb"
F = "CuNi"
N = "Pt"

[material.Nb]
D = "3 cm^2/s"
Tc = "9 K"

[material.CuNi]
D = 300.0
exchange = ["3*cos(x)", "3*sin(x)", "0 meV"]

[material.Pt]
D = 500.0
theta = 0.1
kappa = 0.2
tau_so = "0.3 ps"

[terminal.right]
normal = true
contact = 30.0

[interface.SF]
conductance = 40.0
polarisation = [0.0, 0.0, 0.3]

[solve]
kind = "equilibrium"
temperature = "4 K"
self_consistent = true

[output]
fields = ["singlet", "triplet"]
"""

MESH_CASE = CASE[CASE.index("[mesh]") : CASE.index("[region]")]
SOLVE = CASE[CASE.index("[solve]") : CASE.index("[output]")]
CONTACTS = CASE[CASE.index("normal") : CASE.index("kind")]
SPECTRUM = '[solve]\nkind = "spectrum"\nself_consistent = true\ntemperature = "4 K"\nenergies = '

PT = CASE[CASE.index("D = 500.0") : CASE.index("\n[terminal.right]")].rstrip()
METAL = 'p_F = 9.0, m = "1 m_e", n_im = 2.0'

Edit = tuple[str, str]

WRONG: dict[str, tuple[Edit, str]] = {
    # the file itself
    "unclosed string": (('"a trilayer"', '"a trilayer'), "must be valid TOML; received line 2"),
    "unclosed table": (("[material.Pt]", "[material.Pt"), "must be valid TOML; received line 25"),
    "key twice": (("theta = 0.1", "theta = 0.1\ntheta = 0.2"), "must be valid TOML"),
    "table twice": (("[material.Pt]", "[material.CuNi]"), "must be valid TOML"),
    "no equals sign": (("theta = 0.1", "theta 0.1"), "must be valid TOML"),
    "bare word": (("normal = true", "normal = yes"), "must be valid TOML"),
    "comma for a point": (("theta = 0.1", "theta = 0,1"), "must be valid TOML"),
    # sections and keys
    "section misspelt": (("[solve]", "[solv]"), "did you mean 'solve'?"),
    "section in the plural": (("[material.Pt]", "[materials.Pt]"), "did you mean 'material'?"),
    "key misspelt": (("theta = 0.1", "tehta = 0.1"), "material.Pt.tehta: is not a known key"),
    "key of a friend": (("exchange =", "h ="), "did you mean 'exchange'?"),
    "key of another kind": (
        ("normal = true", 'normal = true\nvoltage = "1 mV"'),
        "terminal.right.voltage",
    ),
    "sweep": (
        ("[output]", '[sweep]\n"solve.temperature" = 3\n\n[output]'),
        "sweep: must be a list of values",
    ),
    "no solve section": ((SOLVE, ""), "solve: is required"),
    "no mesh section": ((MESH_CASE, ""), "mesh: is required"),
    # numbers and units
    "negative D": (("D = 300.0", "D = -300.0"), "material.CuNi.D: must be > 0; received -300.0"),
    "zero tau_so": (('tau_so = "0.3 ps"', "tau_so = 0"), "material.Pt.tau_so: must be > 0; received 0"),
    "D is a list": (("D = 300.0", "D = [300, 300]"), "material.CuNi.D: must be a number > 0"),
    "D is not a number": (("D = 300.0", "D = nan"), "material.CuNi.D: must be a finite number"),
    "no D": (("D = 300.0\n", ""), "material.CuNi.D: is required"),
    "wrong dimension": (('"3 cm^2/s"', '"3 cm/s"'), "must be a diffusion constant"),
    "temperature of a length": (('"9 K"', '"9 nm"'), "material.Nb.Tc: must be a temperature"),
    "unit misspelt": (('"0.3 ps"', '"0.3 pss"'), "material.Pt.tau_so: "),
    "unit of another system": (('temperature = "4 K"', 'temperature = "4 degC"'), "write kelvin"),
    "unit without a number": (('"0.3 ps"', '"ps"'), "material.Pt.tau_so: "),
    "unit of a pure number": (("kappa = 0.2", 'kappa = "0.2 nm"'), "material.Pt.kappa: "),
    "energy unit is a length": (
        ('energy = "meV"', 'energy = "nm"'),
        "units.energy: must be a unit of energy",
    ),
    "length unit unknown": (
        ('length = "nm"', 'length = "parrots"'),
        "units.length: must be a unit of length",
    ),
    "units with strings but no table": (
        ('[units]\nenergy = "meV"\nlength = "nm"\n', ""),
        "add a [units] table",
    ),
    # impurities
    "impurities without a coupling": ((PT, f"impurities = {{{METAL}, a = 0.05}}"), "must have lambda or B"),
    "lambda at resonance": (
        (PT, f"impurities = {{{METAL}, a = inf, lambda = 0.01}}"),
        "material.Pt.impurities.a: must be finite beside lambda",
    ),
    "lambda at a resonance of the other sign": (
        (PT, f'impurities = {{{METAL}, a = -inf, lambda = "0.01 nm"}}'),
        "received -inf (give B instead of lambda)",
    ),
    "lambda at resonance in a material of no region": (
        (
            "[terminal.right]",
            f"[material.W]\nimpurities = {{{METAL}, a = inf, lambda = 1}}\n\n[terminal.right]",
        ),
        "material.W.impurities.a: must be finite beside lambda",
    ),
    "a passes through 0": (
        (PT, f'impurities = {{{METAL}, a = "x - 3.51", B = 0.1}}'),
        "material.Pt.impurities.a: must keep its sign within a region",
    ),
    "a far too large": (
        (PT, f"impurities = {{{METAL}, a = 1e300, lambda = 1e10}}"),
        "material.Pt.impurities: must give finite numbers D > 0",
    ),
    "n_im below 0 on the mesh": (
        (PT, f"impurities = {{{METAL.replace('2.0', chr(34) + 'x - 3' + chr(34))}, a = 0.05, B = 0.1}}"),
        "material.Pt.impurities.n_im: must be > 0 everywhere",
    ),
    "impurities and theta": (
        (PT, f"impurities = {{{METAL}, a = 0.05, B = 0.1}}\ntheta = 0"),
        "material.Pt.theta: must not stand beside impurities",
    ),
    # vectors and expressions
    "h of two components": ((', "0 meV"]', "]"), "material.CuNi.exchange: must be a list of 3 numbers"),
    "h is a number": (('["3*cos(x)", "3*sin(x)", "0 meV"]', "3.0"), "components along x, y and z"),
    "unknown function": (("3*cos(x)", "3*cosine(x)"), "material.CuNi.exchange[0]: "),
    "unknown variable": (("3*cos(x)", "3*cos(t)"), "material.CuNi.exchange[0]: "),
    "import": (("3*cos(x)", "__import__('os').getcwd()"), "material.CuNi.exchange[0]: "),
    "attribute": (("3*cos(x)", "x.__class__"), "Attribute is not allowed"),
    "endless power": (("3*cos(x)", "9**9**9**9"), "material.CuNi.exchange[0]: "),
    "caret": (("3*cos(x)", "x^2"), "a power is written **"),
    "infinite on the mesh": (
        ("3*cos(x)", "1/(x - 2)"),
        "must be a finite real number everywhere in its region",
    ),
    "undefined on the mesh": (("D = 300.0", 'D = "sqrt(x - 2.5)"'), "material.CuNi.D: must be"),
    "out of bounds on the mesh": (("D = 300.0", 'D = "x - 2.5"'), "must be > 0 everywhere in its region"),
    # names, in the case and in the mesh
    "unknown material": (('F = "CuNi"', 'F = "CuNI"'), "region.F: must name a material of the case"),
    "region without material": (('N = "Pt"\n', ""), "must give every region of the mesh a material"),
    "region not in the mesh": (
        ('N = "Pt"', 'N = "Pt"\nM = "Pt"'),
        "region.M: must name a region of the mesh",
    ),
    "region is a boundary": (('N = "Pt"', 'N = "Pt"\nleft = "Pt"'), "write terminal.left"),
    "boundary not in the mesh": (("[terminal.right]", "[terminal.rigth]"), "did you mean 'right'?"),
    "terminal on an interface": (("[terminal.right]", "[terminal.FN]"), "terminal.FN: "),
    "interface not in the mesh": (("[interface.SF]", "[interface.FS]"), "interface.FS: "),
    "interface on a boundary": (("[interface.SF]", "[interface.left]"), "interface.left: "),
    # terminals and interfaces
    "two kinds of terminal": (
        ("normal = true", "normal = true\nDelta = 1.0"),
        "terminal.right.Delta: must not stand",
    ),
    "no kind of terminal": (("normal = true\n", ""), "either normal = true or have a Delta"),
    "phase of a normal terminal": (("normal = true", "normal = true\nphase = 1.0"), "terminal.right.phase: "),
    "negative conductance": (
        ("conductance = 40.0", "conductance = -40.0"),
        "interface.SF.conductance: must be > 0",
    ),
    "too much polarisation": (("[0.0, 0.0, 0.3]", "[0.0, 0.9, 0.9]"), "must have a norm <= 1"),
    "polarisation of one number": (("[0.0, 0.0, 0.3]", "0.3"), "[0, 0, P]"),
    # field and vortices
    "field of two components": (("[output]", "[field]\nB = [0, 1]\n\n[output]"), "field.B: "),
    "two fields": (
        ("[output]", '[field]\nB = "1 T"\nvector_potential = ["y", 0, 0]\n\n[output]'),
        "must not stand beside B",
    ),
    "empty field": (("[output]", "[field]\n\n[output]"), "field: must have B or vector_potential"),
    "vortex without a winding": (
        ("[output]", "[[vortex]]\nat = [1, 1]\n\n[output]"),
        "vortex[0].winding: is required",
    ),
    "vortex in space": (
        ("[output]", "[[vortex]]\nat = [1, 1, 1]\nwinding = 1\n\n[output]"),
        "vortex[0].at: ",
    ),
    # what to solve
    "unknown kind": (('"equilibrium"', '"equilibirum"'), "did you mean 'equilibrium'?"),
    "kind in the singular": (('"equilibrium"', '"nonequilibria"'), "did you mean 'nonequilibrium'?"),
    "no temperature": (('temperature = "4 K"\n', ""), "solve.temperature: is required"),
    "temperature 0": (('temperature = "4 K"', "temperature = 0"), "solve.temperature: must be > 0"),
    "Delta and Tc": (('Tc = "9 K"', 'Tc = "9 K"\nDelta = 1.0'), "must not stand beside Delta"),
    "Tc left unsolved": (
        ("self_consistent = true", "self_consistent = false"),
        "must be true when a material has Tc",
    ),
    "nothing self-consistent": (('Tc = "9 K"', "Delta = 1.0"), "must stand beside a material with Tc"),
    "energies in equilibrium": (
        ("self_consistent = true", "self_consistent = true\nenergies = [1.0]"),
        "solve.energies: ",
    ),
    "no energies": ((SOLVE, SPECTRUM.replace("energies = ", "")), "solve.energies: is required"),
    "energies of a word": ((SOLVE, SPECTRUM + '"all"\n'), "must be a list of energies"),
    "energies without num": (
        (SOLVE, SPECTRUM + "{start = 0, stop = 1}\n"),
        "solve.energies.num: is required",
    ),
    "negative frequency": ((SOLVE, SPECTRUM + "{imaginary = [-0.3]}\n"), "solve.energies[0]: must be > 0"),
    "tolerance 0": (("self_consistent", "tolerance = 0\nself_consistent"), "solve.tolerance: must be > 0"),
    "half a step": (("self_consistent", "max_iterations = 0.5\nself_consistent"), "solve.max_iterations: "),
    "unknown method": (("self_consistent", 'method = "bisection"\nself_consistent'), "solve.method: must be"),
    "yes for true": (("[output]", 'free_energy = "yes"\n\n[output]'), "must be true or false"),
    "T_c beside a superconducting terminal": (
        (CONTACTS, "Delta = 1.0\n\n[solve]\ncritical_temperature = true\n"),
        "solve.critical_temperature: needs terminals",
    ),
    # mesh and output
    "mesh file missing": (("trilayer.msh", "trialyer.msh"), "mesh.file: names a file that does not exist"),
    "mesh file is a folder": (("trilayer.msh", "."), "mesh.file: "),
    "mesh file is the case": (("trilayer.msh", "case.toml"), "which begins with $MeshFormat"),
    "no mesh file and no shape": (('file = "trilayer.msh"\n', ""), "mesh: must have a file or a shape"),
    "file and shape": (
        ('axes = ["x", "y"]', 'shape = "rectangle"\nlength = 1\nwidth = 1\nresolution = 0.5'),
        "must not stand beside a shape",
    ),
    "three axes for two": (('["x", "y"]', '["x", "y", "z"]'), "mesh.axes: "),
    "axis twice": (('["x", "y"]', '["x", "x"]'), "mesh.axes: must not repeat an axis"),
    "third order": (("axes =", "order = 3\naxes ="), "mesh.order: must be 1 or 2"),
    "refined to death": (("axes =", "refine = 99\naxes ="), "mesh.refine: must be <= 8"),
    "unknown field": (('"triplet"]', '"tripelt"]'), "output.fields[1]: must name a field"),
    "unknown format": (('fields = ["singlet", "triplet"]', 'formats = ["png"]'), "output.formats[0]: "),
    "line without an end": (("[output]", "[output]\nat.a = {from = [0, 0]}"), "output.at.a.to: is required"),
}
