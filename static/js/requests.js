// A request whose place a newer one takes has not failed. htmx logs what carries an `error` in its detail; its logger is
// asked right before. What does fail is told by an event of its own: sendError, timeout, responseError.
htmx.logger = (_element, name, detail) => {
  if (name === "htmx:sendAbort" || name === "htmx:afterRequest") delete detail.error;
};
