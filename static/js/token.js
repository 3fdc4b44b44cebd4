// The token that proves to the server that its own page asks. Whoever has signed in again in another tab has a new one,
// and goes on in this one: the cookie says which it is now.

export const token = () =>
  /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ??
  JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
