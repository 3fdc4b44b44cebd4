// Another browser's change appears within five seconds: only what has changed is put in. Nobody loses the focus, the
// place scrolled to, or what is being dragged.

import { asked, follow } from "../following.js";
import { columns, lifted, root } from "./places.js";

let tag = null;

const keyed = (parent) => {
  const seen = new Map();
  return new Map(
    [...parent.children].map((node) => {
      const name = node.matches(".b") ? `${node.getAttribute("href")} ${node.dataset.i} ${node.dataset.o}` : node.className;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      return [`${name} ${times}`, node];
    }),
  );
};

function merge(old, fresh) {
  const known = keyed(old);
  let place = old.firstElementChild;
  const past = (node) => {
    if (node === place) place = place.nextElementSibling;
  };
  for (const [key, node] of keyed(fresh)) {
    const there = known.get(key);
    known.delete(key);
    if (there?.isEqualNode(node)) {
      if (there === place) past(there);
      else old.insertBefore(there, place);
      continue;
    }
    const focused = there && there === document.activeElement;
    old.insertBefore(node, place);
    if (there) {
      past(there);
      there.remove();
    }
    if (focused) node.focus({ preventScroll: true });
  }
  for (const gone of known.values()) gone.remove();
}

const shape = (grid) => [...grid.querySelectorAll(".col")].map((one) => `${one.dataset.staff} ${one.dataset.day} ${one.dataset.first} ${one.querySelector(".col-body").className}`).join();

export function put(answer) {
  const grid = document.getElementById("calendar-grid");
  const fresh = answer.getElementById("calendar-grid");
  if (!grid || !fresh) return location.reload();
  const sum = answer.getElementById("calendar-sum");
  if (sum) document.getElementById("calendar-sum")?.replaceChildren(...sum.childNodes);
  const all = columns();
  if (all.length && shape(grid) === shape(fresh)) {
    [...fresh.querySelectorAll(".col")].forEach((column, index) => {
      for (const part of [".col-head", ".col-body"]) merge(all[index].querySelector(part), column.querySelector(part));
    });
  } else if (!grid.isEqualNode(fresh)) {
    const scrolled = (one) => one.closest(".cal-scroll") ?? one.querySelector(".cal-scroll") ?? one;
    const [left, top] = [scrolled(grid).scrollLeft, scrolled(grid).scrollTop];
    const focused = grid.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    grid.replaceWith(fresh);
    scrolled(fresh).scrollTo(left, top);
    if (focused) fresh.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  root.dispatchEvent(new CustomEvent("calendar-put"));
}

async function ask() {
  const address = root.dataset.poll;
  const fresh = await asked(address, tag);
  // Meanwhile it may have gone to another day.
  if (!fresh || lifted() || address !== root.dataset.poll) return;
  tag = fresh.tag;
  put(new DOMParser().parseFromString(fresh.text, "text/html"));
}

export const look = follow(ask, (offline) => root.toggleAttribute("data-offline", offline));
document.addEventListener("calendar-changed", look);
