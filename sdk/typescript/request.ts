import type { CallOptions } from "./call-options.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import type { Routes } from "./generated/routes.ts";
import { queryOf, requireId } from "./paths.ts";

/** What a route takes, and whose key goes with it. */
export type RouteOptions<Route extends keyof Routes> = Omit<Routes[Route], "answer"> &
  CallOptions &
  Pick<ApiRequest, "as" | "idempotencyKey">;

/** Options may be left out where the route needs none. */
export type RouteArguments<Route extends keyof Routes> =
  Partial<RouteOptions<Route>> extends RouteOptions<Route>
    ? [options?: RouteOptions<Route>]
    : [options: RouteOptions<Route>];

type Given = Omit<ApiRequest, "method" | "path"> & {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
};

/** Any call of the API, with the limits, repeats and errors of all others. */
export async function request<Route extends keyof Routes>(
  at: Connection,
  route: Route,
  ...[options]: RouteArguments<Route>
): Promise<Routes[Route]["answer"]> {
  const { path = {}, query = {}, ...rest } = (options ?? {}) as Given;
  const [method, template = ""] = route.split(" ");
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(requireId(path[name], name)),
  );
  const call = { ...rest, method: method as ApiRequest["method"], path: filled + queryOf(query) };
  return (await at.send(call)) as unknown as Routes[Route]["answer"];
}
