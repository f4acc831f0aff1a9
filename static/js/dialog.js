// The one <dialog> of a page: it opens when htmx puts something into it, and closes on Cancel, on
// Esc, and when the server sends the event closeDialog; not on a click beside it, which would lose
// what was typed. The browser itself gives the focus back to what opened it.
"use strict";

(() => {
  const dialog = () => document.getElementById("dialog");

  function close() {
    if (dialog()?.open) dialog().close();
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog() && dialog().childElementCount && !dialog().open) dialog().showModal();
  });

  document.addEventListener("closeDialog", close);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#dialog [data-close]")) return;
    event.preventDefault();
    close();
  });

  // Nothing of a closed dialog stays: its ids may come again, and what was typed must not.
  document.addEventListener("close", (event) => {
    if (event.target === dialog()) dialog().replaceChildren();
  }, true);
})();
