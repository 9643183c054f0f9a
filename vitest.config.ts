import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { mirrorOptions, mirrorTimeouts } from "./test/support/database/mirror.ts";
import { useMemoryForTemporaryFiles } from "./test/support/temporary-files.ts";

/** No test measures time; this only ends one that hangs, on a machine that is busy with other things. */
const SLOW_MACHINE_MS = 30_000;
const SLOW_COMMAND_MS = 60_000;

useMemoryForTemporaryFiles();

/** Bundled once into a file each: module by module they are half of what a runtime loads before its first test. */
const BUNDLED_DEPENDENCIES = [
  "@cfworker/json-schema",
  "@noble/hashes/hkdf.js",
  "@noble/hashes/hmac.js",
  "@noble/hashes/sha2.js",
  "@noble/hashes/utils.js",
  "aws4fetch",
  "hono",
  "hono/cookie",
  "hono/cors",
  "hono/html",
  "hono/http-exception",
  "jose",
  "oauth4webapi",
  "re2js",
  "yaml",
  "zod",
];

/** Volumes and seed; see test/support/volume.ts. */
const TEST_VARIABLES = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith("GATE_TEST_") && value !== undefined ? [[name, value]] : [],
  ),
);

/** The Worker and its objects inside workerd, against real D1, alarms and queue batches. */
function workerProject() {
  return {
    plugins: [
      cloudflareTest(async () => ({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: {
            GATE_SECRET: "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHkhISE=",
            GATE_ADMIN_KEY: "gate_ak_test_only",
            // The admin key of all files is one key, and files follow each other within a minute.
            GATE_EVIDENCE_PER_MINUTE: "100000",
            GATE_REQUESTS_PER_MINUTE: "100000",
            TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          },
          // Loads Dynamic Workers, whose only way out is GovernedEgress.
          workerLoaders: { LOADER: {} },
          ...(await mirrorOptions()),
        },
      })),
    ],
    test: {
      name: "worker",
      include: ["test/worker/**/*.test.ts"],
      // Starting a runtime costs three seconds of processor time, so files share one and each starts from empty storage.
      isolate: false,
      testTimeout: SLOW_MACHINE_MS,
      ...mirrorTimeouts(SLOW_MACHINE_MS),
      // The runtime sees no variable of this process by itself.
      env: TEST_VARIABLES,
      deps: { optimizer: { ssr: { enabled: true, include: BUNDLED_DEPENDENCIES } } },
      setupFiles: ["./test/support/worker/setup.ts"],
      globalSetup: ["./test/support/worker/scripted-server.ts", "./test/support/openapi/recorder-server.ts"],
    },
  };
}

/** What starts the real command, the folder's name being the project's. */
function commandProject(name: string) {
  const isRecorded = name === "blackbox";
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: [
        "./test/support/built-command.ts",
        ...(isRecorded ? ["./test/support/openapi/coverage.ts"] : []),
      ],
      setupFiles: isRecorded ? ["./test/support/openapi/node-setup.ts"] : [],
      // Files share a process for each worker, and keep nothing in it; each server has a folder and a port of its own.
      isolate: false,
      testTimeout: SLOW_COMMAND_MS,
      hookTimeout: SLOW_COMMAND_MS,
    },
  };
}

export default defineConfig({
  test: {
    // What an object logs from an alarm of its own, as the last thing in a file, is a message that the test plugin never
    // sends and Vitest waits for: the run would hang. Written to the output directly it is waited for by nobody.
    disableConsoleIntercept: true,
    // On two cores: a worker of each project waits for its runtime a third of the time.
    maxWorkers: 3,
    projects: [
      // Pure parts, on Node: no runtime to start.
      {
        test: {
          name: "unit",
          // Pure code keeps no state that one file could leave to the next.
          isolate: false,
          testTimeout: SLOW_MACHINE_MS,
          include: ["test/unit/**/*.test.ts"],
          setupFiles: ["./test/support/seeded.ts"],
        },
      },
      workerProject(),
      // Gate's measures beside readers in other languages, which are processes of their own.
      {
        test: {
          name: "differential",
          include: ["test/differential/**/*.test.ts"],
          globalSetup: ["./test/support/built-command.ts"],
          testTimeout: SLOW_MACHINE_MS,
        },
      },
      // The real command as a process, and the built Worker over HTTP.
      commandProject("blackbox"),
      // The same under crashes, floods of requests and clients that hang up.
      commandProject("chaos"),
      // The pages in a real browser.
      commandProject("browser"),
    ],
  },
});
