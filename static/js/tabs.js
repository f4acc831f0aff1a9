// Tabs as the ARIA practices have them: arrows move, one tab is in the tab order. The markup comes
// whole from the server; without this script all panels stand below each other.
"use strict";

(() => {
  function select(tab) {
    for (const other of tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
  }

  function neighbour(tab, key) {
    const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[key];
    return to === undefined ? null : tabs[(to + tabs.length) % tabs.length];
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest('[data-tabs] [role="tab"]');
    if (tab) select(tab);
  });

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest('[data-tabs] [role="tab"]');
    const next = tab && neighbour(tab, event.key);
    if (!next) return;
    event.preventDefault();
    select(next);
    next.focus();
  });
})();
