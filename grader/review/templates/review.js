// What is typed is kept as it is typed; a line that is named is opened and shown. Everything else works without this.
"use strict";

const saving = document.getElementById("saving");

for (const area of document.querySelectorAll("textarea[data-draft]")) {
  let last = area.value, busy = false, sent = false, waiting = false;
  const keep = async () => {
    if (busy || sent || area.value === last) return;
    busy = true;
    const text = area.value;
    saving.textContent = saving.dataset.keeping;
    try {
      const body = new URLSearchParams({ word: area.dataset.word, field: area.dataset.field, text });
      const answer = await fetch(area.dataset.draft, { method: "POST", body, keepalive: text.length < 10000 });
      if (!answer.ok) throw new Error(await answer.text());
      last = text;
      saving.textContent = saving.dataset.kept;
    } catch (error) {
      saving.textContent = `${saving.dataset.lost} ${error instanceof TypeError ? saving.dataset.ended : error.message}`;
      busy = waiting = false;
      setTimeout(keep, 3000);
      return;
    }
    busy = false;
    if (waiting) area.form.requestSubmit();
    else if (area.value !== last) keep();
  };
  area.addEventListener("input", keep);
  area.addEventListener("blur", keep);
  // the decision takes the draft's place: it must not come before it
  area.form.addEventListener("submit", (event) => {
    sent = !busy;
    waiting = busy;
    if (busy) event.preventDefault();
  });
  // Ctrl+Enter sends, as in a mail
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
}

for (const bank of document.querySelectorAll("select[data-bank]")) {
  bank.addEventListener("change", () => {
    const area = document.getElementById(bank.dataset.bank);
    if (bank.value) {
      area.value = area.value ? area.value + "\n" + bank.value : bank.value;
      bank.value = "";
      area.dispatchEvent(new Event("input"));
      area.focus();
    }
  });
}

// a line may lie in a file that is closed, a form in a criterion that is
const show = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  target.scrollIntoView({ block: "center" });
};
addEventListener("hashchange", show);
for (const link of document.querySelectorAll("a[data-line]")) link.addEventListener("click", () => setTimeout(show));
if (location.hash.startsWith("#decide-") || /^#f\d+-\d+$/.test(location.hash)) show();
