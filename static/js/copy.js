// Copies the value of the field that a button names in data-copy, without ever asking for a
// permission. Where the browser lets no script copy, the field stays selected for the keyboard.
"use strict";

(() => {
  const SHOWN_FOR = 2000;
  const timers = new WeakMap();

  function say(sentence) {
    const live = document.getElementById("live");
    if (live) live.textContent = sentence;
  }

  function show(button, word) {
    const label = button.querySelector("[data-copy-text]") ?? button;
    button.dataset.word ??= label.textContent;
    label.textContent = word;
    clearTimeout(timers.get(button));
    timers.set(button, setTimeout(() => { label.textContent = button.dataset.word; }, SHOWN_FOR));
  }

  // The clipboard of today is there on https alone, and may be denied; the old command needs neither.
  async function reachedClipboard(field) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      field.focus();
      field.select();
      return document.execCommand("copy");
    }
  }

  async function copy(button, field) {
    if (await reachedClipboard(field)) {
      button.focus();
      show(button, "Copied");
      say("Copied");
    } else {
      say("Selected: copy it with the keyboard.");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (field) copy(button, field);
  });
})();
