// Typesets the formulas of closedform fences; the text of each is `\(...\)` or `\[...\]`.
for (const element of document.querySelectorAll(".arithmatex")) {
  const text = element.textContent.trim();
  katex.render(text.slice(2, -2), element, { displayMode: text.startsWith("\\[") });
}
