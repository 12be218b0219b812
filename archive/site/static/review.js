// Single keys for the review page: c confirm, d dismiss, x correct, s skip, n note, o open the fold, b back, u undo.
// Without them the page works as it is. Esc leaves a field. Who ticks "Always show" needs no key to open folds: this
// browser remembers it.
"use strict";
const FOLDS = ".judged .fold";
const UNFOLD = "unfold texts to judge";
const unfold = document.querySelector("[data-unfold]");
const nextFold = () =>
  document.querySelector(`${FOLDS}:not([open]) > summary`) || document.querySelector(`${FOLDS} > summary`);
const openFolds = () => document.querySelectorAll(FOLDS).forEach((fold) => (fold.open = true));
if (unfold) {
  unfold.closest("[hidden]").hidden = false;
  unfold.checked = localStorage.getItem(UNFOLD) === "yes";
  if (unfold.checked) openFolds();
  unfold.addEventListener("change", () => {
    localStorage.setItem(UNFOLD, unfold.checked ? "yes" : "no");
    if (unfold.checked) openFolds();
  });
}
const inField = (node) => node.closest("input, textarea, select") !== null;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
  if (inField(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  const node = key === "o" ? nextFold() : document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!node) return;
  event.preventDefault();
  const fold = node.closest("details:not([open])");
  if (fold && node.tagName !== "SUMMARY") fold.open = true;
  if (inField(node)) node.focus();
  else node.click();
});
