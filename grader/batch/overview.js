"use strict";
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const table = head.closest("table");
    const column = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.children[column].dataset.value ?? row.children[column].textContent.trim();
    const number = (text) => (text === "" ? -Infinity : Number(text));
    const numeric = head.dataset.numeric !== undefined;
    const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => (numeric ? number(a) - number(b) : a.localeCompare(b)));
    if (down) rows.reverse();
    table.tBodies[0].append(...rows.map(([, row]) => row));
    document.getElementById("sorted").textContent =
      "Sorted by " + button.textContent.trim() + ", " + (down ? "largest first." : "smallest first.");
  });
}
const search = document.getElementById("search");
search.addEventListener("input", () => {
  const wanted = search.value.toLowerCase();
  let shown = 0;
  for (const row of document.querySelectorAll("#learners tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  document.getElementById("sorted").textContent = shown + " learners shown.";
});
