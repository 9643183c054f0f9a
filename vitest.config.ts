import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** No test measures time; this only ends one that hangs, on a machine that is busy with other things. */
const SLOW_MACHINE_MS = 30_000;

export default defineConfig({
  test: {
    // What an object logs from an alarm of its own, as the last thing in a file, is a message that the test plugin never
    // sends and Vitest waits for: the run would hang. Written to the output directly it is waited for by nobody.
    disableConsoleIntercept: true,
    // Half of the default leaves a core idle on small machines, and most of the time is waiting for the runtime.
    maxWorkers: 2,
    projects: [
      // Pure parts, on Node: no runtime to start.
      {
        test: {
          name: "core",
          // Pure code keeps no state that one file could leave to the next.
          isolate: false,
          testTimeout: SLOW_MACHINE_MS,
          include: ["test/unit/**/*.test.ts"],
        },
      },
      // The Worker and its objects inside workerd, against real D1, alarms and queue batches.
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                GATE_SECRET: "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHkhISE=",
                GATE_ADMIN_KEY: "gate_ak_test_only",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
              },
              // Loads Dynamic Workers, whose only way out is GovernedEgress.
              workerLoaders: { LOADER: {} },
            },
          })),
        ],
        test: {
          name: "worker",
          testTimeout: SLOW_MACHINE_MS,
          include: ["test/worker/**/*.test.ts"],
          setupFiles: ["./test/support/worker/setup.ts"],
          globalSetup: ["./test/support/worker/odd-server.ts"],
        },
      },
      // The real command as a process, and the built Worker over HTTP and in a browser.
      {
        test: {
          name: "http",
          include: ["test/blackbox/**/*.test.ts", "test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
