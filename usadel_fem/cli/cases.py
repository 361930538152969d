"""Commands about a case file that solve nothing: check, material, schema, cite."""

from __future__ import annotations

from pathlib import Path

import click

from usadel_fem.cli.common import CASE, PATH, SET, load, plain_errors
from usadel_fem.cli.completion import files
from usadel_fem.errors import CaseError, Problem


@click.command()
@CASE
@SET
def check(case_file: Path, settings: tuple[str, ...]) -> None:
    """Validate a case and its mesh and print both; solve nothing."""
    with plain_errors(case_file):
        case = load(case_file, settings)
        from usadel_fem.describe import describe

        click.echo(describe(case))


@click.command()
@click.argument(
    "case_file",
    metavar="[CASE]",
    type=PATH,
    required=False,
    shell_complete=files(".toml"),
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@SET
@click.option("--impurities", metavar="TABLE", help="Parameters instead of a case: '{p_F = 13.6, m = ...}'.")
@click.option("--energy-unit", help="Unit of energy of the parameters, such as meV.")
@click.option("--length-unit", help="Unit of length of the parameters, such as nm.")
def material(
    case_file: Path | None,
    names: tuple[str, ...],
    settings: tuple[str, ...],
    impurities: str | None,
    energy_unit: str | None,
    length_unit: str | None,
) -> None:
    """Print what follows from the impurities of a case's materials, and check the regime of the theory."""
    with plain_errors(case_file):
        if case_file is not None:
            if impurities or energy_unit or length_unit:
                rule = "must not stand beside a case, which has its own"
                raise CaseError([Problem("", rule, file="--impurities, --energy-unit, --length-unit")])
            case = load(case_file, settings)
            from usadel_fem.material_report import reports_of

            reports = reports_of(case, names)
        elif impurities is None or settings:
            rule = "must have a CASE" + (" to --set keys of" if settings else ", or --impurities TABLE")
            raise CaseError([Problem("", rule, "nothing", file="material")])
        else:
            from usadel_fem.material_report import report_of_table

            reports = [report_of_table(impurities, energy_unit, length_unit)]
    click.echo("\n\n".join(map(str, reports)))
    for warning in (line for report in reports for line in report.warnings):
        click.echo(f"warning: {warning}", err=True)


@click.command()
def schema() -> None:
    """Print the JSON schema of the case file, for completion in editors."""
    import json

    from usadel_fem.case import case_schema

    click.echo(json.dumps(case_schema(), indent=2))


@click.command()
@CASE
@SET
@click.option("--bibtex", is_flag=True, help="Print BibTeX entries.")
def cite(case_file: Path, settings: tuple[str, ...], bibtex: bool) -> None:
    """Name the papers that what a case uses rests on."""
    with plain_errors(case_file):
        case = load(case_file, settings)
        from usadel_fem.citations import as_bibtex, as_text

        click.echo(as_bibtex(case) if bibtex else as_text(case))
