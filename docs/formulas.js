// Typesets the formulas of closedform fences; the text of each is `\(...\)` or `\[...\]`.
for (const element of document.querySelectorAll(".arithmatex")) {
  const text = element.textContent.trim();
  katex.render(text.slice(2, -2), element, { displayMode: text.startsWith("\\[") });
}
// Whoever uses no mouse reaches what can be scrolled, and is told what the parts of a page are.
for (const element of document.querySelectorAll("pre, table, .arithmatex, .closedform > div")) {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
}
const roles = { ".navbar": "banner", ".bs-sidebar": "navigation", footer: "contentinfo" };
for (const [name, role] of Object.entries(roles)) {
  document.querySelector(name)?.setAttribute("role", role);
}
