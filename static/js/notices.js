// Tells in the page when a request of htmx could not be done. The page stays as it is, with all that
// was typed, so that it can be sent again.
"use strict";

(() => {
  const OFFLINE = "The portal can't be reached. What you typed is still here: try again when the network is back.";
  const SENTENCES = {
    403: "This page is out of date, most likely because you signed in again elsewhere. Copy what you typed, then reload.",
    429: "That was too often. Wait a minute, then try again.",
  };
  const FAILED = "Something went wrong in the portal. What you typed is still here: try again.";

  // In an open dialog the rest of the page can't be seen or reached.
  function place() {
    const dialog = document.getElementById("dialog");
    return dialog?.open ? dialog : document.getElementById("main");
  }

  function clear() {
    document.querySelectorAll("[data-failure]").forEach((notice) => notice.remove());
  }

  function tell(sentence) {
    clear();
    const notice = document.createElement("p");
    notice.className = "notice red";
    notice.setAttribute("role", "alert");
    notice.dataset.failure = "";
    place().prepend(notice);
    notice.textContent = sentence; // after it stands in the page: only then it is read aloud
    notice.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:sendError", () => tell(OFFLINE));
  document.addEventListener("htmx:timeout", () => tell(OFFLINE));
  document.addEventListener("htmx:responseError", (event) => tell(SENTENCES[event.detail.xhr.status] ?? FAILED));
  // What only keeps a sentence up to date, as that of the form, is no new attempt of somebody.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.target.matches("[aria-live]")) clear();
  });
})();
