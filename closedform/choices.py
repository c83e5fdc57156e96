"""What a user may choose by name. Nothing heavy is imported here: `--help` reads it."""

FORMS = ("shortest", "expanded", "factored", "grouped")
STAGES = ("sum", "each")
FORMATS = ("md", "mkdocs", "notebook", "tex", "fragment", "macros", "text", "html", "json")
LANGUAGES = ("en", "zh")
SITES = ("html", "md", "mkdocs")
