// A menu is a <details data-menu>: it closes on a click elsewhere, on Esc (focus goes back to what
// opened it), and when the focus leaves it.
"use strict";

(() => {
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");

  function closeAll(except) {
    for (const menu of openMenus()) {
      if (!menu.contains(except)) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    closeAll(event.target);
    const menu = event.target.closest("details[data-menu]");
    if (menu && event.target.closest(".popup a, .popup button")) menu.open = false;
  });

  document.addEventListener("focusin", (event) => closeAll(event.target));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      const held = menu.contains(document.activeElement);
      menu.open = false;
      if (held) menu.querySelector("summary").focus();
    }
  });
})();
