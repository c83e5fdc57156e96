"""What a user may choose by name. Nothing heavy is imported here: `--help` reads it."""

FORMS = ("shortest", "expanded", "factored", "grouped", "parts")
STAGES = ("sum", "each")
LANGUAGES = ("en", "zh")
