// Keeps the list of a dossier in this browser, so that each comment that is marked joins those before it. The page works
// without it: the list stands in its address.
"use strict";
const KEY = "dossier";
const query = new URLSearchParams(location.search);
const parse = (text) => {
  const lines = text.split("\n").map((line) => /^#?(\d{1,15})\s*(.*)$/.exec(line.trim()));
  return new Map(lines.filter(Boolean).map(([, number, note]) => [number, note]));
};
const write = (marks) => [...marks].map(([number, note]) => `${number} ${note}`.trim()).join("\n");
const read = () => {
  try {
    return parse(localStorage.getItem(KEY) ?? "");
  } catch {
    return new Map(); // a browser that keeps nothing
  }
};
const keep = (marks) => {
  try {
    localStorage.setItem(KEY, write(marks));
  } catch {
    // the address has them all the same
  }
};
if (query.has("list") && !query.has("add")) {
  keep(parse(query.get("list").replaceAll("\r", "")));
} else {
  const marks = read();
  const before = write(marks);
  for (const [number, note] of parse(query.get("add") ?? "")) if (!marks.has(number)) marks.set(number, note);
  keep(marks);
  if (before || query.has("add")) location.replace(`/dossier?list=${encodeURIComponent(write(marks))}`);
}
