import { expect, test } from "vitest";

import { type Order, problem, type Reply } from "../src/api";
import type { Attempt } from "../src/checkout/machine";
import { checkout, type World } from "../src/checkout/runner";

const attempt: Attempt = { key: "k-1", customer: 7, items: [{ product: 1, quantity: 2 }], total_cents: 2_410 };
const order: Order = { id: 9, key: "k-1", total_cents: 2_410, created_at: "", items: [], copies: 1 };
const good: Reply<Order> = { ok: true, value: order };
const bad = (status: number, body: object | null): Reply<Order> => ({ ok: false, problem: problem(status, body, null) });

/** A shop that answers as told, and a clock that only waiting moves. */
function world(...answers: [string, Reply<Order>][]) {
  const log: string[] = [];
  let now = 0;
  const told = (what: string): Promise<Reply<Order>> => {
    log.push(what);
    const next = answers.shift();
    if (next === undefined) return new Promise(() => undefined);
    expect(next[0]).toBe(what);
    return Promise.resolve(next[1]);
  };
  const made: World = {
    send: ({ key }) => told(`send ${key}`),
    look: (key) => told(`look ${key}`),
    keep: (kept) => log.push(kept === null ? "let go" : `keep ${kept.key}`),
    now: () => now,
    chance: () => 0,
    later(wake, milliseconds) {
      now += milliseconds;
      queueMicrotask(wake);
    },
    placed: (placed) => log.push(`placed ${placed.id}`),
  };
  return { made, log };
}

async function settled() {
  await new Promise((resolve) => setTimeout(resolve));
}

test("the key is kept before anything is sent and let go once the order is told", async () => {
  const { made, log } = world(["send k-1", good]);
  checkout(made).tell({ type: "start", attempt });
  await settled();
  expect(log).toEqual(["keep k-1", "send k-1", "placed 9", "let go"]);
});

test("an outage is waited out, with a look before each repetition that might be a second order", async () => {
  const { made, log } = world(
    ["send k-1", bad(503, { outcome: "unchanged" })],
    ["send k-1", bad(0, null)],
    ["look k-1", bad(503, null)],
    ["look k-1", bad(404, { error: "no such order" })],
    ["send k-1", bad(504, { outcome: "unknown" })],
    ["look k-1", good],
  );
  checkout(made).tell({ type: "start", attempt });
  await settled();
  const asked = log.filter((line) => /^(send|look)/.test(line));
  expect(asked).toEqual(["send k-1", "send k-1", "look k-1", "look k-1", "send k-1", "look k-1"]);
  expect(log.at(-1)).toBe("let go");
});

test("a page that was loaded again looks first", async () => {
  const { made, log } = world(["look k-1", good]);
  checkout(made).tell({ type: "resume", attempt });
  await settled();
  expect(log).toEqual(["keep k-1", "look k-1", "placed 9", "let go"]);
});

test("a refusal lets the key go, so that the next attempt has its own", async () => {
  const { made, log } = world(["send k-1", bad(409, { error: "not enough in stock" })]);
  const purchase = checkout(made);
  purchase.tell({ type: "start", attempt });
  await settled();
  expect(log.at(-1)).toBe("let go");
  expect(purchase.store.get().phase).toBe("refused");
});
