"use strict";
// Copies lines, and asks without loading the page again. Everything works without it, but for the copying.
const say = (id, text) => { document.getElementById(id).textContent = text; };

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    // without HTTPS a browser has no clipboard for pages; what is selected can be copied all the same
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(document.getElementById(button.dataset.copy));
    say("copied", done ? "Copied." : "Selected: copy it with Ctrl+C.");
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; say("copied", ""); }, 4000);
  });
}

function showLeft(left) {
  for (const place of document.querySelectorAll("[data-left]")) {
    const value = left[place.dataset.left];
    if (value === undefined) continue;
    const isMoney = place.dataset.left.endsWith("_usd");
    place.textContent = value === null ? "no bound" : isMoney ? `$${value.toFixed(4)}` : String(value);
  }
}

const form = document.querySelector("[data-play]");
if (form) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    say("outcome", "Asking …");
    say("text", "");
    document.getElementById("picture").replaceChildren();
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      if (!(answer.headers.get("content-type") || "").startsWith("application/json")) throw new Error();
      const made = await answer.json();
      say("outcome", made.trouble || "Here is the answer.");
      say("text", made.text);
      if (made.picture) {
        const picture = document.createElement("img");
        picture.src = made.picture;
        picture.alt = `A generated picture: ${form.elements.prompt.value}`;
        document.getElementById("picture").replaceChildren(picture);
      }
      showLeft(made.left);
    } catch {
      say("outcome", "No answer came. Load the page again.");
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  form.elements.prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(button);
  });
}
