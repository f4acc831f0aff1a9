// Copies the value of the field that a button names in data-copy. Without a clipboard (plain http,
// an old browser) the field is selected, so that one keystroke copies it.
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

  async function copy(button, field) {
    try {
      await navigator.clipboard.writeText(field.value);
      show(button, "Copied");
      say("Copied");
    } catch {
      field.focus();
      field.select();
      say("Selected. Copy it with the keyboard.");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (field) copy(button, field);
  });
})();
