// A page that follows what is done elsewhere: it asks every five seconds, as long as somebody looks at it, with the tag of
// what is on screen.

const EVERY = 5000;

// What an address answers by now, with its tag; null where it still is as on screen, or nobody is signed in any more.
export async function asked(address, tag, headers = {}) {
  const response = await fetch(address, {
    headers: { "HX-Request": "true", ...headers, ...(tag && { "If-None-Match": tag }) },
    cache: "no-store",
  });
  if (response.status === 401) {
    const detail = { xhr: response, quiet: true };
    document.dispatchEvent(new CustomEvent("htmx:responseError", { detail }));
    return null;
  }
  if (response.status === 304) return null;
  if (!response.ok) throw new Error(response.status);
  return { text: await response.text(), tag: response.headers.get("ETag") };
}

// Begins to ask, and returns what asks at once; `tell` hears whether the server cannot be reached.
export function follow(ask, tell = () => {}) {
  let asking = null;
  let timer = 0;
  let failures = 0;

  async function look() {
    clearTimeout(timer);
    // An answer that is on its way may be older than the change that calls for another.
    await asking;
    asking = ask().then(
      () => (failures = 0),
      () => (failures += 1),
    );
    await asking;
    asking = null;
    tell(failures > 1);
    clearTimeout(timer);
    timer = setTimeout(() => (document.hidden ? null : look()), EVERY);
  }

  timer = setTimeout(look, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  return look;
}
