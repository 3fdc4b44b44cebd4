// What the columns mean: whatever holds something and is left out is told while it is chosen.

const list = document.querySelector(".import-columns");
const told = document.getElementById("import-lost");

list.addEventListener("change", () => {
  for (const column of list.children) column.classList.toggle("left-out", !column.querySelector("select").value);
  const lost = [...list.querySelectorAll(".filled.left-out .import-heading")].map((heading) => heading.textContent);
  told.hidden = !lost.length;
  told.querySelector("[data-count]").textContent = lost.length;
  told.querySelector("[data-names]").textContent = lost.join(", ");
});
