// Keeps the words of every <time data-relative> true while the page is open. The words are those
// of the server: floored to the largest of these units. The value of data-relative stands before
// them; from the moment on data-after is said instead, where there is one.
"use strict";

(() => {
  const EVERY = 15_000;
  const UNITS = [["year", 365 * 86_400], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

  function words(moment, now) {
    const seconds = Math.floor(Math.abs(moment - now) / 1000);
    const ahead = moment > now;
    const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? [];
    if (!unit) return ahead ? "in less than a minute" : "just now";
    const count = Math.floor(seconds / size);
    const amount = `${count} ${unit}${count > 1 ? "s" : ""}`;
    return ahead ? `in ${amount}` : `${amount} ago`;
  }

  function text({ relative, after }, moment, now) {
    return moment <= now && after ? after : `${relative} ${words(moment, now)}`.trim();
  }

  function refresh() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-relative]")) {
      const current = text(time.dataset, Date.parse(time.dateTime), now);
      if (time.textContent === current) continue;
      time.textContent = current;
      if (current === time.dataset.after) time.closest(".badge, .banner-row")?.classList.add("ended");
    }
  }

  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
})();
