// Names what Datasette's own pages leave without a name for those who hear a page: the controls of filters, wide tables,
// the SQL editor; folds the meanings of columns. The pages work without it.
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
// A page begins with its rows: what the columns mean is behind a click.
for (const list of document.querySelectorAll("dl.column-descriptions")) {
  const details = document.createElement("details");
  details.append(Object.assign(document.createElement("summary"), { textContent: "What the columns mean" }));
  list.replaceWith(details);
  details.append(list);
}
// Datasette makes the editor when the page has loaded.
addEventListener("load", () =>
  setTimeout(() => document.querySelector(".CodeMirror textarea")?.setAttribute("aria-label", "SQL query")),
);
