// [data-tick-all] ticks every box of the page, or none. It needs this script, so it is hidden without.
"use strict";

(() => {
  const all = document.querySelector("[data-tick-all]");
  const boxes = () => [...document.querySelectorAll(".tick")];

  function follow() {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }

  if (!all) return;
  all.closest("[hidden]").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(".tick")) follow();
  });
  window.addEventListener("pageshow", follow);
})();
