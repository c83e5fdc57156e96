// Reads a JSON list of formulas, typesets each with KaTeX in strict mode, prints what it refuses.
import { readFileSync } from "node:fs";
import katex from "katex";

const formulas = JSON.parse(readFileSync(0, "utf8"));
const refused = [];
for (const [place, formula] of formulas) {
  try {
    katex.renderToString(formula, { displayMode: true, strict: "error", throwOnError: true });
  } catch (error) {
    refused.push([place, formula, String(error.message)]);
  }
}
console.log(JSON.stringify({ checked: formulas.length, refused }));
