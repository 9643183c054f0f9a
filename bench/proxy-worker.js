// The minimal reverse proxy on this runtime: it replaces the host, removes the agent's key, and streams the response.
// The difference to Gate is Gate's own cost.
export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.delete("x-gate-key");
    return fetch(`${env.UPSTREAM}${pathname}${search}`, {
      method: request.method,
      headers,
      body: request.body,
      redirect: "manual",
    });
  },
};
