import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts", "src/**/*.test.ts", "grammar/**/*.test.ts", "playground/**/*.test.ts"], pool: "threads" },
});
