// A swap may take away what had the focus. Then it goes on to what matters in its place: the new
// secret, what is wrong in the form, the first thing to use, else the heading of the page.
"use strict";

(() => {
  let held = false;

  function place(swapped) {
    const first = (selector) => swapped.querySelector(selector);
    const there = first("#secret-title") ?? first('[aria-invalid="true"]');
    if (there || swapped === document.body) return there;
    return first("a[href], button");
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    held = event.detail.target.contains(document.activeElement);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!held || document.activeElement !== document.body) return;
    held = false;
    (place(event.target) ?? document.querySelector("h1[tabindex], main")).focus();
  });
})();
