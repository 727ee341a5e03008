import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "src/**/*.test.ts", "grammar/**/*.test.ts", "playground/**/*.test.ts"],
    pool: "threads",
    // A bound for what hangs, not a measure: several tests start servers, which takes long where others need the machine.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
