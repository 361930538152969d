"""How Sphinx builds these pages: `make docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

import usadel_fem  # noqa: E402

project = "usadel_fem"
version = release = usadel_fem.__version__
copyright = "the usadel_fem developers"
language = "en"
smartquotes = False

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docs.tools.extension"]
exclude_patterns = ["_build", "README.md", "generated/templates.md"]
source_suffix = {".md": "myst-nb"}

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "furo"
html_title = f"usadel_fem {release}"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_copy_source = False
pygments_style = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
default_role = "literal"
napoleon_use_ivar = True
napoleon_use_rtype = False
