// A thread opens at what is new: at the first message nobody has seen, else at the last one. The focus stays where it
// is, so whoever listens to the page begins at its top.

const unseen = document.querySelector(".thread > .is-unread");
const newest = unseen ?? document.querySelector(".thread > :last-child");
const [visit] = performance.getEntriesByType("navigation");
// Whoever comes back, looks through older ones, or has something to mend stands where she wants to.
const mends = document.querySelector(".thread-page [aria-invalid=true]");
const stands = visit?.type !== "navigate" || location.hash || location.search || mends;

if (newest && !stands && newest.getBoundingClientRect().bottom > innerHeight) {
  newest.scrollIntoView({ behavior: "instant", block: "start" });
}
