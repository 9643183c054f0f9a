import { Hono } from "hono";
import { agents } from "./api/admin/agents.ts";
import { approvalLinks } from "./api/approvals/approval-links.ts";
import { approvals } from "./api/approvals/routes.ts";
import { callbacks } from "./callbacks/approval-provider.ts";
import { cases } from "./pages/routes.ts";
import { deliveries } from "./api/executions/deliveries.ts";
import { edits } from "./api/approvals/edit.ts";
import { evidence } from "./api/intents/evidence.ts";
import { executions } from "./api/executions/routes.ts";
import { intents } from "./api/intents/routes.ts";
import { log } from "./api/public/log.ts";
import { mandates } from "./api/approvals/mandates.ts";
import { openApi } from "./openapi/routes.ts";
import { overview } from "./api/admin/overview.ts";
import { proxy } from "./proxy/routes.ts";
import { publicRoutes } from "./api/public/public.ts";
import { queue } from "./api/approvals/queue.ts";
import { responses } from "./api/intents/response.ts";
import { results } from "./api/intents/result.ts";
import { slack } from "./callbacks/slack.ts";
import { session } from "./sign-in/session.ts";
import { signInPages } from "./sign-in/sign-in.ts";
import { switches } from "./api/admin/switches.ts";
import { vault } from "./api/admin/vault.ts";
import { wait } from "./api/intents/wait.ts";
import { webhooks } from "./api/admin/webhooks.ts";
import type { GateEnv } from "./middleware/context.ts";
import { readPerRequest } from "./middleware/request-reads.ts";
import { logRequests } from "./middleware/request-log.ts";
import { requireHost } from "./middleware/host.ts";
import { requireRestoreRecorded } from "./middleware/restoring.ts";
import { rechecking } from "./api/admin/recheck.ts";
import { restoring } from "./api/admin/restore.ts";
import { problemResponse } from "./problem/problem.ts";
import { errorResponse } from "./middleware/error-handler.ts";

/** The HTTP door. Its environment is the ports, not the platform's bindings. */
export function createApp(): Hono<GateEnv> {
  const app = new Hono<GateEnv>();

  app.use(readPerRequest);
  app.use(logRequests);
  app.use(async (c, next) => {
    try {
      await next();
    } finally {
      c.var.releaseBody?.();
    }
    const { headers } = c.res;
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  });
  app.use(requireHost);
  app.use(requireRestoreRecorded);

  app.route("/", publicRoutes);
  app.route("/", openApi);
  app.route("/", agents);
  app.route("/", intents);
  app.route("/", approvals);
  app.route("/", edits);
  app.route("/", wait);
  app.route("/", queue);
  app.route("/", mandates);
  app.route("/", executions);
  app.route("/", evidence);
  app.route("/", deliveries);
  app.route("/", responses);
  app.route("/", results);
  app.route("/", overview);
  app.route("/", log);
  app.route("/", switches);
  app.route("/", session);
  app.route("/", signInPages);
  app.route("/", cases);
  app.route("/", approvalLinks);
  app.route("/", slack);
  app.route("/", callbacks);
  app.route("/", webhooks);
  app.route("/", vault);
  app.route("/", restoring);
  app.route("/", rechecking);
  app.route("/", proxy);

  app.notFound((c) =>
    problemResponse({
      status: 404,
      code: "not_found",
      detail: "There is no such path.",
      error: "Not found",
      more: { path: c.req.path },
    }),
  );

  app.onError(errorResponse);

  return app;
}
