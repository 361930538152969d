"""What the speed claims rest on: `make bench`, or one subject alone with `python -m benchmarks.NAME`.

A subject is a module of this folder with

    def measure(large: bool) -> dict[str, Figure]

and `run(measure, __doc__)` under `__main__`; the first line of its docstring is the title of its table in
docs/performance.md.  `large` asks for the sizes that take many minutes or gigabytes.
"""
