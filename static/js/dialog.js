// The one <dialog> of a page: it opens when htmx puts something into it, and closes on Cancel, on
// Esc, and when the server sends the event closeDialog; not on a click beside it, which would lose
// what was typed.
"use strict";

(() => {
  const dialog = () => document.getElementById("dialog");
  let opener = null;

  function close() {
    if (dialog()?.open) dialog().close();
  }

  // The browser gives the focus back to what had it, but not when that was swapped or is in a menu
  // that has closed: then to its like in the new row, else to the row, else to the page.
  function giveFocusBack() {
    const row = document.getElementById(opener?.row);
    const places = [opener?.element, row?.querySelector(`a[href="${opener.href}"]`), row?.querySelector("summary")];
    const place = [...places, row?.querySelector("a")].find((element) => element?.isConnected && element.checkVisibility());
    (place ?? document.querySelector("h1"))?.focus();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== dialog() || dialog().open) return;
    const element = event.detail.elt;
    opener = { element, href: element.getAttribute("href"), row: element.closest("li.row")?.id ?? "" };
  });

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
    if (event.target !== dialog()) return;
    dialog().replaceChildren();
    giveFocusBack();
  }, true);
})();
