// A mail stands in a frame of its own that is as tall as the mail; a new one takes the place of the old when it is there:
// nothing flickers, and "back" leads back.

const SHORTEST = 320;
const TALLEST = 4000;
const watched = ".preview iframe";

function grow(frame) {
  const page = frame.contentDocument?.body;
  if (page) frame.height = Math.max(SHORTEST, Math.min(Math.ceil(page.getBoundingClientRect().height), TALLEST));
}

function watch(frame) {
  if (frame.contentDocument?.readyState === "complete") grow(frame);
  frame.addEventListener("load", () => grow(frame));
}

// Let another mail come into a place; `begin` says of its frame what it shows.
export function show(place, begin) {
  for (const late of place.querySelectorAll("iframe.coming")) late.remove();
  const old = place.querySelector("iframe");
  const frame = old.cloneNode();
  frame.removeAttribute("src");
  frame.className = "coming";
  frame.addEventListener("load", () => {
    if (!old.isConnected || frame.contentDocument?.URL === "about:blank") return;
    frame.className = "";
    old.remove();
  });
  watch(frame);
  begin(frame);
  old.after(frame);
}

for (const frame of document.querySelectorAll(watched)) watch(frame);
let width = innerWidth;
window.addEventListener("resize", () => {
  if (width === innerWidth) return;
  width = innerWidth;
  for (const frame of document.querySelectorAll(watched)) grow(frame);
});
