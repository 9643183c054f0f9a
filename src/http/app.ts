import { Hono } from "hono";
import { agents } from "./routes/agents.ts";
import { approvalLinks } from "./routes/approval-links.ts";
import { approvals } from "./routes/approvals.ts";
import { callbacks } from "./routes/callbacks.ts";
import { cases } from "./routes/cases.ts";
import { deliveries } from "./routes/deliveries.ts";
import { edits } from "./routes/edit.ts";
import { evidence } from "./routes/evidence.ts";
import { executions } from "./routes/executions.ts";
import { intents } from "./routes/intents.ts";
import { log } from "./routes/log.ts";
import { mandates } from "./routes/mandates.ts";
import { overview } from "./routes/overview.ts";
import { proxy } from "./routes/proxy.ts";
import { publicRoutes } from "./routes/public.ts";
import { queue } from "./routes/queue.ts";
import { responses } from "./routes/response.ts";
import { slack } from "./routes/slack.ts";
import { session } from "./routes/session.ts";
import { signInPages } from "./routes/sign-in.ts";
import { switches } from "./routes/switches.ts";
import { vault } from "./routes/vault.ts";
import { wait } from "./routes/wait.ts";
import { webhooks } from "./routes/webhooks.ts";
import type { GateEnv } from "./context.ts";
import { requireHost } from "./host.ts";
import { problemResponse } from "./problem.ts";
import { answerUnhandled } from "./unhandled.ts";

/** The HTTP door. Its environment is the ports, not the platform's bindings. */
export function createApp(): Hono<GateEnv> {
  const app = new Hono<GateEnv>();

  app.use(async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  });
  app.use(requireHost);

  app.route("/", publicRoutes);
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

  app.onError(answerUnhandled);

  return app;
}
