// The least a reverse proxy on this runtime does: another host, the agent's key taken out, the answer passed on as it
// comes. What Gate does beyond it is what governing costs.
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
