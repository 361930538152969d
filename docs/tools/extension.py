"""The Sphinx extension of these pages: what is generated before they are read; formulas without scripts."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import MathError, tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from docs.tools.case_reference import case_reference
from docs.tools.cli_reference import cli_reference
from docs.tools.gallery import gallery
from docs.tools.keeping import digest, version
from docs.tools.validation import validation

log = logging.getLogger(__name__)

DOCTEST = re.compile(r"\s*(>>>|\.\.\.)")
ACCENT = re.compile(r"(\\(?:check|hat|tilde) ?\\?[A-Za-z]+?)(?=_)")
"""An accented letter with an index, which docutils would write below it."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("builder-inited", generate)
    app.connect("autodoc-process-docstring", plain_docstring)
    app.add_html_math_renderer("mathml", (inline_math, None), (block_math, None))
    tools = sorted(Path(__file__).parent.glob("*.py"))
    state = digest(version(), *(path.read_bytes() for path in tools))
    # pages, and notebooks, are read again when the program or these tools have changed
    return {"env_version": int(state, 16), "parallel_read_safe": True, "parallel_write_safe": True}


def generate(app: Sphinx) -> None:
    """Write the generated pages; what takes long is kept from one build to the next."""
    case_reference()
    cli_reference()
    try:
        with ThreadPoolExecutor(1) as beside:  # it waits for a process of its own
            numbers = beside.submit(validation, log.info)
            gallery(log.info)
            numbers.result()
    except (RuntimeError, ValueError) as error:
        raise ExtensionError(str(error)) from error


def plain_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text: |Δ| is a modulus and x_ a name; examples stay as they are."""
    shown = False
    for number, line in enumerate(lines):
        shown = bool(DOCTEST.match(line)) or (shown and bool(line.strip()))
        if not shown:
            lines[number] = escaped_names(line)


def escaped_names(line: str) -> str:
    """Bars, asterisks and ends of names, outside of backticks."""
    parts = line.split("`")
    parts[::2] = [re.sub(r"(?<!\\)\||(?<=\w)_(?=\W|$)|\*+", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


def inline_math(self: HTML5Translator, node: nodes.math) -> None:
    """MathML, which browsers show without a script."""
    self.body.append(formula(node, as_block=False))
    raise nodes.SkipNode


def block_math(self: HTML5Translator, node: nodes.math_block) -> None:
    """The same for a formula of its own."""
    self.body.append(f'<div class="math">{formula(node, as_block=True)}</div>')
    raise nodes.SkipNode


def formula(node: nodes.Node, as_block: bool) -> str:
    """MathML of a formula; one that cannot be read is a warning, and shown as it stands."""
    text = node.astext()
    try:
        found = str(tex2mathml(ACCENT.sub(r"{\1{}}", text), as_block=as_block))
    except MathError as error:
        log.warning("formula: %s in %s", error, text, location=node)
        return f"<code>{html.escape(text)}</code>"
    # braces of anticommutators are as tall as letters, like the other brackets without \\left and \\right
    return re.sub(r"<mo>([{}])</mo>", r'<mo stretchy="false">\1</mo>', found)
