// [data-preset] gives every resource of the form that level; an empty one is None. The form's change
// event follows, as from a click on each, so that the summary does too.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preset]");
  if (!button) return;
  const rows = button.closest(".permissions");
  rows.querySelectorAll(`input[value="${button.dataset.preset}"]`).forEach((radio) => { radio.checked = true; });
  rows.dispatchEvent(new Event("change", { bubbles: true }));
});
