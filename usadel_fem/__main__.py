"""`usadel-fem` and `python -m usadel_fem` are the command line."""

from usadel_fem.interrupts import at_once


def main() -> None:
    """The command line, which is imported where Ctrl-C leaves no traceback."""
    with at_once():
        from usadel_fem.cli import main as command

        command(prog_name="usadel-fem")


if __name__ == "__main__":
    main()
