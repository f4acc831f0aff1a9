// Takes a shown secret out of the page when the page is left: browsers keep pages for the back
// button, even those that were sent with no-store.
"use strict";

(() => {
  function blank(element) {
    if ("value" in element) {
      element.value = "";
      element.removeAttribute("value");
    } else {
      element.textContent = "";
    }
  }

  addEventListener("pagehide", () => {
    document.querySelectorAll("[data-secret]").forEach(blank);
    document.querySelectorAll("[data-secret-panel]").forEach((panel) => panel.remove());
  });
})();
