"""A project that uses the directive."""

project = "Costs"
extensions = ["closedform.integrations.sphinx", "sphinx.ext.mathjax"]
html_theme = "basic"
html_show_copyright = False
html_show_sphinx = False
