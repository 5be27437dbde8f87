"""How Sphinx lays the site out. ``tools/site/build.py`` stages the pages and calls it.

Nothing on a page comes from another host: the theme's own fonts and scripts are local, formulas
become MathML while the site is built, and search is Sphinx's own, which needs no server.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import hpotutor

project = "hpotutor"
author = "the hpotutor developers"
project_copyright = "the hpotutor developers"
version = release = hpotutor.__version__
language = "en"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
exclude_patterns = ["_*.md"]  # pieces of other pages


# Lessons are shown as they are stored, and never run.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signature stays readable; types stand with the parameters
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False
toc_object_entries_show_parents = "hide"
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "pydata_sphinx_theme"
html_title = "hpotutor"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/logo.svg"
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options: dict[str, Any] = {
    "logo": {
        "text": "hpotutor",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
        "alt_text": "",
    },
    "header_links_before_dropdown": 6,
    "navbar_align": "content",
    "navbar_persistent": ["search-button"],
    "show_prev_next": True,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["license-link"],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "playground": []},
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Pages that have none below or beside them: a list of neighbors would be empty.
_ALONE = ["index", "playground", "glossary", "gallery", "claims", "instructors", "install"]
_ALONE += ["package", "scaling", "architecture", "contributing", "changes", "license"]
html_sidebars: dict[str, list[str]] = {page: [] for page in _ALONE}


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="hpt-math">{tex2mathml(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Register what turns formulas into MathML, which every browser draws and reads aloud."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
