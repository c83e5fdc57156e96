"""What a user may choose by name. Nothing heavy is imported here: `--help` reads it."""

FORMS = ("shortest", "expanded", "factored", "grouped", "parts")
STAGES = ("sum", "each")
LANGUAGES = ("en", "zh")

# Measures that need no convention, and those that need the type of elements.
COUNTED = (
    *("params", "trainable", "active", "non_embedding", "buffers", "cache", "masked"),
    *("reads", "loads", "writes", "kept", "peak", "depth"),
)
IN_BYTES = (
    *("weight_bytes", "gradient_bytes", "cache_bytes"),
    *("read_bytes", "written_bytes", "moved_bytes"),
)

# The width of a column, in points of TeX, as the classes of journals and conferences set it.
COLUMNS = {
    "ieee": 252.0,  # IEEEtran, two columns
    "acm": 241.1,  # acmart with sigconf, two columns
    "lncs": 347.1,  # llncs
    "neurips": 397.4,  # the style of NeurIPS: 5.5 in
}
