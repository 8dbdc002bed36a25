"""Settings of Sphinx. The sources are not read where they lie: `docs/build.py` gathers them first."""

from __future__ import annotations

from embench._version import __version__
from embench.hub import about
from embench.web.palette import DARK, LIGHT

project = "embench"
author = "The embench developers"
copyright = f"{author}, {about.LICENCE.upper()} licence"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
# Links such as page.md#a-heading are checked down to headings of this level.
myst_heading_anchors = 4
# The notebooks carry their outputs: tests/docs/test_notebooks.py runs them and compares, and nothing else does.
nb_execution_mode = "off"
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
# What annotations and docstrings name that is no part of the reference: other libraries, aliases of types, and modules
# inside the house. A name of a page or of the public interface that is wrong is still an error.
nitpick_ignore_regex = [(r"py:.*", r"(?!embench\.(Dataset|Entry|Evaluation|Fold|Protocol|errors\.)).*")]

html_theme = "furo"
html_title = f"embench {__version__}"
html_static_path = ["_static"]
html_css_files = ["embench.css"]
html_favicon = "_static/favicon.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": LIGHT["--accent"], "color-brand-content": LIGHT["--accent"]},
    "dark_css_variables": {"color-brand-primary": DARK["--accent"], "color-brand-content": DARK["--accent"]},
}
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

linkcheck_timeout = 20
linkcheck_workers = 4
# Publishers answer programs with an error, and the repository is not public before the release.
linkcheck_ignore = [r"https://doi\.org/.*", rf"{about.CODE_URL}.*", r"https://colab\.research\.google\.com/.*"]
