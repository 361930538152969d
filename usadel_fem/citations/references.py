"""Papers, books and programs that a case may rest on: data only."""

from __future__ import annotations

from dataclasses import dataclass

import usadel_fem

PRB, PRL, RMP = "Phys. Rev. B", "Phys. Rev. Lett.", "Rev. Mod. Phys."
NAMES = {PRB: "Physical Review B", PRL: "Physical Review Letters", RMP: "Reviews of Modern Physics"}


@dataclass(frozen=True)
class Reference:
    """A source.

    Attributes:
        key: of the BibTeX entry.
        authors: "A. B. Name" each.
        title: in full.
        year: of publication.
        journal: abbreviated; empty for books and software.
        volume, pages: of the journal.
        doi: where there is one.
        publisher: of a book.
        version: of software.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int | None = None
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""
    publisher: str = ""
    version: str = ""

    def __str__(self) -> str:
        where = f"{self.journal} {self.volume}, {self.pages}" if self.journal else self.title
        details = [where, self.version and f"version {self.version}", self.publisher]
        year = f" ({self.year})" if self.year else ""
        doi = f", doi:{self.doi}" if self.doi else ""
        return ", ".join(filter(None, [*self.authors, *details])) + year + doi

    def bibtex(self) -> str:
        """The BibTeX entry."""
        kind = "article" if self.journal else "book" if self.publisher else "software"
        fields = {
            "author": " and ".join(map(_author, self.authors)),
            "title": "{" + _latex(self.title) + "}",
            "journal": NAMES.get(self.journal, self.journal),
            "volume": self.volume,
            "pages": self.pages,
            "publisher": self.publisher,
            "version": self.version,
            "year": str(self.year or ""),
            "doi": self.doi,
        }
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
        return f"@{kind}{{{self.key},\n{lines}\n}}"


_IN_LATEX = {"ö": r"{\"o}", "ä": r"{\"a}", "σ": r"$\sigma$", "_": r"\_"}


def _author(name: str) -> str:
    """A group's name in braces, which keep BibTeX from taking it apart."""
    group = name[0].islower() and name != "others"
    return "{" + _latex(name) + "}" if group else _latex(name)


def _latex(text: str) -> str:
    return "".join(_IN_LATEX.get(char, char) for char in text)


SOFTWARE = Reference(
    "usadel_fem", ("the usadel_fem developers",), "usadel_fem", version=usadel_fem.__version__
)
USADEL = Reference(
    "Usadel1970", ("K. D. Usadel",), "Generalized diffusion equation for superconducting alloys",
    1970, PRL, "25", "507", "10.1103/PhysRevLett.25.507",
)  # fmt: skip
HUANG = Reference(
    "Huang2018", ("C. Huang", "I. V. Tokatly", "F. S. Bergeret"),
    "Extrinsic spin-charge coupling in diffusive superconducting systems",
    2018, PRB, "98", "144515", "10.1103/PhysRevB.98.144515",
)  # fmt: skip
SIGMA_MODEL = Reference(
    "Virtanen2021", ("P. Virtanen", "F. S. Bergeret", "I. V. Tokatly"),
    "Magnetoelectric effects in superconductors due to spin-orbit scattering: Nonlinear σ-model description",
    2021, PRB, "104", "064515", "10.1103/PhysRevB.104.064515",
)  # fmt: skip
SPIN_HALL = Reference(
    "Dyakonov1971", ("M. I. D'yakonov", "V. I. Perel'"),
    "Current-induced spin orientation of electrons in semiconductors",
    1971, "Phys. Lett. A", "35", "459", "10.1016/0375-9601(71)90196-4",
)  # fmt: skip
SWAPPING = Reference(
    "Lifshits2009", ("M. B. Lifshits", "M. I. Dyakonov"),
    "Swapping spin currents: Interchanging spin and flow directions",
    2009, PRL, "103", "186601", "10.1103/PhysRevLett.103.186601",
)  # fmt: skip
SPIN_RELAXATION = Reference(
    "Abrikosov1962", ("A. A. Abrikosov", "L. P. Gor'kov"),
    "Spin-orbit interaction and the Knight shift in superconductors",
    1962, "Sov. Phys. JETP", "15", "752",
)  # fmt: skip
TRIPLETS = Reference(
    "Bergeret2005", ("F. S. Bergeret", "A. F. Volkov", "K. B. Efetov"),
    "Odd triplet superconductivity and related phenomena in superconductor-ferromagnet structures",
    2005, RMP, "77", "1321", "10.1103/RevModPhys.77.1321",
)  # fmt: skip
FERROMAGNETS = Reference(
    "Buzdin2005", ("A. I. Buzdin",), "Proximity effects in superconductor-ferromagnet heterostructures",
    2005, RMP, "77", "935", "10.1103/RevModPhys.77.935",
)  # fmt: skip
GAUGE_FIELDS = Reference(
    "Bergeret2014", ("F. S. Bergeret", "I. V. Tokatly"),
    "Spin-orbit coupling as a source of long-range triplet proximity effect in "
    "superconductor-ferromagnet hybrid structures",
    2014, PRB, "89", "134517", "10.1103/PhysRevB.89.134517",
)  # fmt: skip
DYNES = Reference(
    "Dynes1978", ("R. C. Dynes", "V. Narayanamurti", "J. P. Garno"),
    "Direct measurement of quasiparticle-lifetime broadening in a strong-coupled superconductor",
    1978, PRL, "41", "1509", "10.1103/PhysRevLett.41.1509",
)  # fmt: skip
TUNNELLING = Reference(
    "Kuprianov1988", ("M. Yu. Kuprianov", "V. F. Lukichev"),
    "Influence of boundary transparency on the critical current of dirty SS'S structures",
    1988, "Sov. Phys. JETP", "67", "1163",
)  # fmt: skip
SPIN_FILTER = Reference(
    "Bergeret2012", ("F. S. Bergeret", "A. Verso", "A. F. Volkov"),
    "Electronic transport through ferromagnetic and superconducting junctions with spin-filter barriers",
    2012, PRB, "86", "214516", "10.1103/PhysRevB.86.214516",
)  # fmt: skip
POLARISED = Reference(
    "Eschrig2015", ("M. Eschrig", "A. Cottet", "W. Belzig", "J. Linder"),
    "General boundary conditions for quasiclassical theory of superconductivity in the diffusive limit: "
    "application to strongly spin-polarized systems",
    2015, "New J. Phys.", "17", "083037", "10.1088/1367-2630/17/8/083037",
)  # fmt: skip
SPIN_MIXING = Reference(
    "Cottet2009", ("A. Cottet", "D. Huertas-Hernando", "W. Belzig", "Y. V. Nazarov"),
    "Spin-dependent boundary conditions for isotropic superconducting Green's functions",
    2009, PRB, "80", "184511", "10.1103/PhysRevB.80.184511",
)  # fmt: skip
KELDYSH = Reference(
    "Belzig1999", ("W. Belzig", "F. K. Wilhelm", "C. Bruder", "G. Schön", "A. D. Zaikin"),
    "Quasiclassical Green's function approach to mesoscopic superconductivity",
    1999, "Superlattices Microstruct.", "25", "1251", "10.1006/spmi.1999.0710",
)  # fmt: skip
SPIN_SPLIT = Reference(
    "Bergeret2018", ("F. S. Bergeret", "M. Silaev", "P. Virtanen", "T. T. Heikkilä"),
    "Colloquium: Nonequilibrium effects in superconductors with a spin-splitting field",
    2018, RMP, "90", "041001", "10.1103/RevModPhys.90.041001",
)  # fmt: skip
RICCATI = Reference(
    "Schopohl1995", ("N. Schopohl", "K. Maki"),
    "Quasiparticle spectrum around a vortex line in a d-wave superconductor",
    1995, PRB, "52", "490", "10.1103/PhysRevB.52.490",
)  # fmt: skip
SUMS = Reference(
    "Monien2010", ("H. Monien",), "Gaussian quadrature for sums: A rapidly convergent summation scheme",
    2010, "Math. Comp.", "79", "857",
)  # fmt: skip
STEPS = Reference(
    "Hairer1996", ("E. Hairer", "G. Wanner"),
    "Solving ordinary differential equations II: Stiff and differential-algebraic problems",
    1996, publisher="Springer",
)  # fmt: skip
GMSH = Reference(
    "Geuzaine2009", ("C. Geuzaine", "J.-F. Remacle"),
    "Gmsh: A 3-D finite element mesh generator with built-in pre- and post-processing facilities",
    2009, "Int. J. Numer. Methods Eng.", "79", "1309", "10.1002/nme.2579",
)  # fmt: skip
SCIKIT_FEM = Reference(
    "Gustafsson2020", ("T. Gustafsson", "G. D. McBain"),
    "scikit-fem: A Python package for finite element assembly",
    2020, "J. Open Source Softw.", "5", "2369", "10.21105/joss.02369",
)  # fmt: skip
PYAMG = Reference(
    "Bell2023", ("N. Bell", "L. N. Olson", "J. Schroder", "B. Southworth"),
    "PyAMG: Algebraic multigrid solvers in Python",
    2023, "J. Open Source Softw.", "8", "5495", "10.21105/joss.05495",
)  # fmt: skip
NUMPY = Reference(
    "Harris2020", ("C. R. Harris", "K. J. Millman", "others"), "Array programming with NumPy",
    2020, "Nature", "585", "357", "10.1038/s41586-020-2649-2",
)  # fmt: skip
SCIPY = Reference(
    "Virtanen2020", ("P. Virtanen", "R. Gommers", "others"),
    "SciPy 1.0: Fundamental algorithms for scientific computing in Python",
    2020, "Nat. Methods", "17", "261", "10.1038/s41592-019-0686-2",
)  # fmt: skip
