import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ParsedWorkerOptions, Plugin, Worker_Binding } from "miniflare";
import { DATABASE_TYPE, type DatabaseOptions } from "./database.ts";

/*
 * Loaded by Miniflare, by its path, where a Worker has the binding of `database.ts`. The binding is the runtime's own D1
 * client, as on Cloudflare; what it calls is a module in the Worker's isolate, which calls the object.
 */

const OBJECT_SERVICE = "gate:database";
const DISK_SERVICE = "gate:database-disk";
const CLIENT_MODULE = "gate-internal:database-client";
const OBJECT_CLASS = "DatabaseObject";

/** With folder and name those of Miniflare's D1, so that the file is the one that it wrote. */
const UNIQUE_KEY = "miniflare-D1DatabaseObject";
const FOLDER = "d1";

function built(file: string): string {
  return readFileSync(join(import.meta.dirname, file), "utf8");
}

function databasesOf({ config }: ParsedWorkerOptions): readonly (readonly [string, DatabaseOptions])[] {
  return Object.entries(config.env ?? {}).flatMap(([name, binding]) => {
    if (binding.type !== `unsafe:${DATABASE_TYPE}`) return [];
    const { dev } = binding as unknown as { readonly dev: { readonly options: DatabaseOptions } };
    return [[name, dev.options] as const];
  });
}

function bindingOf(name: string, options: DatabaseOptions): Worker_Binding {
  const objects = { className: OBJECT_CLASS, serviceName: OBJECT_SERVICE };
  const innerBindings = [
    { name: "objects", durableObjectNamespace: objects },
    { name: "name", text: options.name },
  ];
  return {
    name,
    wrapped: {
      moduleName: "cloudflare-internal:d1-api",
      innerBindings: [
        {
          name: "fetcher",
          wrapped: { moduleName: CLIENT_MODULE, entrypoint: "queryService", innerBindings },
        },
      ],
    },
  };
}

const plugin: Plugin = {
  bindingTypeDescription: "Database on one machine",
  getBindings: (options) => databasesOf(options).map(([name, database]) => bindingOf(name, database)),
  getNodeBindings: () => ({}),
  getServices({ options, sharedOptions, tmpPath }) {
    const [database] = databasesOf(options);
    if (database === undefined) return [];
    const path = join(sharedOptions.resourcePersistencePath ?? tmpPath, FOLDER);
    mkdirSync(path, { recursive: true });
    return [
      { name: DISK_SERVICE, disk: { path, writable: true } },
      {
        name: OBJECT_SERVICE,
        worker: {
          compatibilityDate: options.config.compatibilityDate,
          modules: [{ name: "object.js", esModule: built("object.js") }],
          durableObjectNamespaces: [
            // Each request needs it: evicted after ten idle seconds, it would open the file anew.
            { className: OBJECT_CLASS, uniqueKey: UNIQUE_KEY, enableSql: true, preventEviction: true },
          ],
          durableObjectStorage: { localDisk: DISK_SERVICE },
          bindings: [{ name: "MIGRATIONS", json: JSON.stringify(database[1].migrations) }],
        },
      },
    ];
  },
  getExtensions: () => [{ modules: [{ name: CLIENT_MODULE, esModule: built("client.js"), internal: true }] }],
};

export const plugins = { [DATABASE_TYPE]: plugin };
