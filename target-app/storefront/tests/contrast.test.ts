// Text can be read on what it stands on, in both schemes: WCAG AA.
import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

const style = readFileSync("src/style/base.css", "utf8");
const [light = "", dark = ""] = style.split("@media (prefers-color-scheme: dark)");

function colours(css: string): Map<string, string> {
  return new Map([...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name ?? "", value ?? ""]));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const TEXT = 4.5;
const PARTS = 3;

const pairs: [string, string, number][] = [
  ["text", "paper", TEXT],
  ["text", "sheet", TEXT],
  ["quiet", "paper", TEXT],
  ["quiet", "sheet", TEXT],
  ["quiet", "line", TEXT],
  ["accent", "paper", TEXT],
  ["accent", "sheet", TEXT],
  ["on-accent", "accent", TEXT],
  ["good", "sheet", TEXT],
  ["warn", "sheet", TEXT],
  ["bad", "sheet", TEXT],
  ["bad", "paper", TEXT],
  ["good", "good-paper", TEXT],
  ["warn", "warn-paper", TEXT],
  ["bad", "bad-paper", TEXT],
  ["edge", "paper", PARTS],
  ["edge", "sheet", PARTS],
];

describe.each([
  ["light", colours(light)],
  ["dark", new Map([...colours(light), ...colours(dark)])],
])("%s", (_, palette) => {
  test.each(pairs)("%s on %s", (front, back, least) => {
    const ratio = contrast(palette.get(front) ?? "", palette.get(back) ?? "");
    expect(ratio).toBeGreaterThanOrEqual(least);
  });
});
