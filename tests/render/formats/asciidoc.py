"""A format of another package, in one file: AsciiDoc, with what a format can have.

`closedform.formats` is the group of its entry point; in the folder of the formats of closedform
the same file is one of them.
"""

from __future__ import annotations

import re

from closedform.render.formulas.latex import latex
from closedform.render.language import number
from closedform.render.markup.format import Format, Site
from closedform.render.markup.latex import STEPS, definition, display
from closedform.render.markup.templating import Markup

SPECIAL = re.compile(r"[\\`*_#+^~|<>&\[\]{}$:\"']")

LINKS = """\
<% if report.links %>

<% for link in report.links %><< linked(link.text, link.href) >><% if not loop.last %> / <% endif %><% endfor %>

<% endif %>
"""  # noqa: E501  # links stand in a line

FORMULAS = """\
<% for row in report.formulas %>

*<< row.heading >>*<< _(": {says}", says=row.says) >>

<< block(display(row.label, row.formula.node)) >>
<% if row.value is not none %>

<< _("At {preset}: ", preset=report.preset) >>*<< number(row.value, report.lang) >>*
<% endif %>
<% endfor %>
<% for row in report.where %>

<< inline(definition(row.symbol.node, row.formula.node)) >>
<% endfor %>
"""

CLOSING = """\

== << report.closing.title >>
<% for row in report.assumptions %>

* << inline(row.condition.text) >><< _(": {reason}", reason=row.because) >>
<% endfor %>
<% for remark in [report.closing.axes, report.closing.nothing, report.closing.convention, report.closing.omitted] if remark %>

<< prose(remark.sentence) >>
<% endfor %>
"""  # noqa: E501  # the remarks stand in a line

REPORT = f"""\
= << report.title >>
:stem: latexmath
{LINKS}
<% if report.about %>

<< prose(report.about) >>
<% endif %>

== << _("Closed forms") >>
{FORMULAS}
<% if report.presets %>

|===
| << _("preset") >><% for row in report.formulas %> | << row.heading >><% endfor %>

<% for row in report.presets %>

| << row.title >><% for value in row["values"] %> | << number(value, report.lang) >><% endfor %>

<% endfor %>
|===
<% endif %>
{CLOSING}"""

DERIVATION = f"""\
= << _("{{name}}: {{measure}}, step by step", name=report.report.title, measure=report.measure) >>
:stem: latexmath
{LINKS}
<% for passage in report.passages %>

== << _("{{title}} ({{place}})", title=passage.title, place=passage.place) >>
<% for part in passage.parts %>

*<< part.name >>*<< _(" ({{lines}})", lines=part.lines) >> << inline(shapes(part.outputs)) >>

<< block(steps(part.steps)) >>
<% endfor %>
<% if passage.uses %>

<< _("With the sizes put in:") >>

<< block(steps(passage.uses)) >>
<% endif %>

<< _("Together, for each:") if passage.several else _("Together:") >>

<< block(steps(passage.steps)) >>
<% endfor %>
<% for lines in report.numbers %>

<< block(steps(lines)) >>
<% endfor %>
<% with report = report.report %>
{CLOSING}<% endwith %>
"""

INDEX = """\
= << _("Models") >>

<< linked(_("Closed forms"), report.forms) >>
<% for entry in report.models + report.blocks %>

* << linked(entry.title, entry.href) >> (<< linked(_("derivation of {measure}", measure=report.derived), entry.derivation) >>)
<% endfor %>
"""  # noqa: E501  # a model is a line

CLOSED_FORMS = """\
= << _("Closed forms") >>
:stem: latexmath
<% for entry in report.models + report.blocks %>

== << linked(entry.title, entry.href) >>
<% for row in entry.formulas %>

<< block(display(row.label, row.formula.node)) >>
<% endfor %>
<% endfor %>
"""


def escape(text: str) -> str:
    """Any text as text of a document: what could be markup is written by its number."""
    return SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)


def typed(text: str) -> str:
    return f"`{escape(text)}`"


def linked(text: str, address: str) -> str:
    return f"link:{address}[{escape(text)}]"


def inline(formula: str) -> str:
    return "stem:[" + formula.replace("]", r"\]") + "]"


def block(formula: str) -> str:
    return f"[stem]\n++++\n{formula}\n++++"


ASCIIDOC = Markup(
    escape,
    latex,
    {
        "display": display,
        "definition": definition,
        "number": number,
        "typed": typed,
        "linked": linked,
        "inline": inline,
        "block": block,
    },
)
FORMAT = Format(
    report=ASCIIDOC.text(REPORT),
    suffixes=(".adoc", ".asciidoc"),
    derivation=ASCIIDOC.having(STEPS).text(DERIVATION),
    template=ASCIIDOC,
    site=Site(
        suffix=".adoc",
        index=ASCIIDOC.text(INDEX),
        closed_forms=ASCIIDOC.text(CLOSED_FORMS),
        comment=("// ", ""),
        link=("link:", "["),
    ),
)
