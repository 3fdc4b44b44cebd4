// The days of an automation: the sentence that they stand in reads properly with one, too.

const days = document.getElementById("id_days");
const after = document.getElementById("days-after");

days.addEventListener("input", () => {
  after.textContent = days.value === "1" ? after.dataset.one : after.dataset.many;
});
