// Single keys for the review page: c confirm, d dismiss, x correct, s skip, n note, o open the fold. Without them the
// page works as it is. Esc leaves a field.
"use strict";
const inField = (node) => node.closest("input, textarea, select") !== null;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
  if (inField(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  const node = document.querySelector(key === "o" ? ".judged .fold > summary" : `[data-key="${CSS.escape(key)}"]`);
  if (!node) return;
  event.preventDefault();
  const fold = node.closest("details:not([open])");
  if (fold && node.tagName !== "SUMMARY") fold.open = true;
  if (inField(node)) node.focus();
  else node.click();
});
