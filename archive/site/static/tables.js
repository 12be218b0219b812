// Names what Datasette's own pages leave without a name for those who hear a page: the controls of filters, wide tables,
// the SQL editor. The pages work without it.
"use strict";
const NAMES = {
  _filter_column: "Column to filter by",
  _filter_op: "Comparison",
  _filter_value: "Value to compare with",
  _sort: "Sort by",
};
for (const control of document.querySelectorAll(".filter-row select, .filter-row input[type=text]")) {
  const [, kind, place] = /^(_[a-z_]+?)(?:_(\d+))?$/.exec(control.name) ?? [];
  if (kind in NAMES) control.setAttribute("aria-label", place ? `${NAMES[kind]}, filter ${place}` : NAMES[kind]);
}
for (const wrapper of document.querySelectorAll(".table-wrapper")) {
  wrapper.tabIndex = 0;
  wrapper.setAttribute("role", "region");
  wrapper.setAttribute("aria-label", document.querySelector("h1")?.textContent.trim() || "Rows");
}
// Datasette makes the editor when the page has loaded.
addEventListener("load", () =>
  setTimeout(() => document.querySelector(".CodeMirror textarea")?.setAttribute("aria-label", "SQL query")),
);
