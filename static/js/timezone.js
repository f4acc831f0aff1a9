// Tells the sign-in form the browser's time zone, which the portal keeps until one is chosen.
"use strict";

for (const field of document.querySelectorAll('input[name="time_zone"]')) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
