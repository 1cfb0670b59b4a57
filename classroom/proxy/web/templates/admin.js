"use strict";
// Brings the figures up to date while the page is open. Nothing that is typed is touched.
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("figures");
    const place = document.getElementById("figures");
    if (fresh && place) place.replaceChildren(...fresh.children);
  } catch { /* the server is away; the next time will do */ }
}, 5000);
