"""`python -m usadel_fem` is the command line."""

from usadel_fem.cli import main

if __name__ == "__main__":
    main(prog_name="usadel-fem")
