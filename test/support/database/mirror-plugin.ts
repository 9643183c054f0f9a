import type { Plugin } from "miniflare";

/* Loaded by Miniflare: `DB` of the Worker's tests as D1's own client over the mirror. */

export const MIRROR_TYPE = "gate-mirror";
export const MIRROR_WORKER = "mirror";

const CLIENT_MODULE = "gate-internal:mirror-client";

const CLIENT = `
export default ({ objects }) => ({
  async query({ queries }) {
    const answer = await objects.get(objects.idFromName("mirror")).mirror(queries);
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  },
});
`;

const plugin: Plugin = {
  getBindings: ({ config }) =>
    Object.entries(config.env ?? {})
      .filter(([, { type }]) => type === `unsafe:${MIRROR_TYPE}`)
      .map(([name]) => ({
        name,
        wrapped: {
          moduleName: "cloudflare-internal:d1-api",
          innerBindings: [
            {
              name: "fetcher",
              wrapped: {
                moduleName: CLIENT_MODULE,
                innerBindings: [
                  {
                    name: "objects",
                    durableObjectNamespace: {
                      className: "MirrorObject",
                      serviceName: `core:user:${MIRROR_WORKER}`,
                    },
                  },
                ],
              },
            },
          ],
        },
      })),
  getNodeBindings: () => ({}),
  getServices: () => [],
  getExtensions: () => [{ modules: [{ name: CLIENT_MODULE, esModule: CLIENT, internal: true }] }],
};

export const plugins = { [MIRROR_TYPE]: plugin };
