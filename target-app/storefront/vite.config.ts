import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { embed } from "./build/embed.ts";

export default defineConfig({
  plugins: [react(), embed()],
  build: {
    target: "es2022",
    // The drawings belong to their style sheet; everything else is a file of its own.
    assetsInlineLimit: (file) => file.includes("/things/"),
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a stack: SHOP is its edge's address.
  server: { proxy: process.env["SHOP"] === undefined ? {} : { "/api": process.env["SHOP"] } },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"] },
});
