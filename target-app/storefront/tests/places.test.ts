import { expect, test } from "vitest";

import { passes, problem } from "../src/api";
import { backoff } from "../src/backoff";
import { viewOf } from "../src/router";
import { catalogueAddress, count, stock } from "../src/words";

test.each([
  ["/", "", { name: "catalogue", q: "", page: "1" }],
  ["/", "?q=oak%20mug&page=02", { name: "catalogue", q: "oak mug", page: "2" }],
  ["/", "?page=", { name: "catalogue", q: "", page: "1" }],
  ["/", "?page=x", { name: "catalogue", q: "", page: "x" }],
  ["/product/7", "", { name: "product", id: "7" }],
  ["/orders", "", { name: "orders" }],
  ["/orders/a%2Fb", "?new", { name: "order", key: "a/b" }],
  ["/orders/%zz", "", { name: "order", key: "%zz" }],
  ["/sign-in", "?then=%2Fcheckout", { name: "sign-in", then: "/checkout" }],
  ["/sign-in", "?then=%2F%2Felsewhere.test", { name: "sign-in", then: "/" }],
  ["/register", "?then=https%3A%2F%2Felsewhere.test", { name: "register", then: "/" }],
  ["/product/7/8", "", { name: "nowhere" }],
  ["/other", "", { name: "nowhere" }],
])("%s%s", (path, query, view) => {
  expect(viewOf({ path, query })).toEqual(view);
});

test("addresses of the catalogue say only what is not the rule", () => {
  expect(catalogueAddress("", 1)).toBe("/");
  expect(catalogueAddress("a&b", 3)).toBe("/?q=a%26b&page=3");
});

test("counts and stock are told in words", () => {
  expect(count(1, "product")).toBe("1 product");
  expect(count(12_345, "product")).toBe("12,345 products");
  expect([0, 9, 10].map((left) => stock(left).level)).toEqual(["out", "low", "in"]);
});

test("waits are at least what the shop asks for, and grow to a limit", () => {
  expect(backoff(1, 1_000, 0)).toBe(1_000);
  expect(backoff(1, null, 0)).toBe(250);
  expect(backoff(1, null, 1)).toBe(500);
  expect(backoff(50, null, 1)).toBe(8_000);
});

test.each([
  [503, { outcome: "unchanged" }, "unchanged", true],
  [503, { outcome: "unknown" }, "unknown", true],
  [503, null, "unknown", true],
  [504, null, "unknown", true],
  [0, null, "unknown", true],
  [429, null, "unchanged", true],
  [409, null, "unchanged", false],
  [401, null, "unchanged", false],
])("an answer %i %j leaves the outcome %s", (status, body, outcome, passing) => {
  const told = problem(status, body, null);
  expect(told.outcome).toBe(outcome);
  expect(passes(told)).toBe(passing);
});

test("what is told about fields and waiting is kept", () => {
  const told = problem(422, { error: "no", fields: { email: "is required" } }, "2");
  expect(told).toMatchObject({ message: "no", fields: { email: "is required" }, retryAfter: 2_000 });
  expect(problem(503, "text", "soon").retryAfter).toBeNull();
});
