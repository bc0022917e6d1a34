import { describe, expect, test } from "vitest";

import type { Order, Problem } from "../src/api";
import { problem } from "../src/api";
import { type Answer, type Attempt, type Event, idle, isOpen, reduce, type State } from "../src/checkout/machine";

const attempt: Attempt = { key: "k-1", customer: 7, items: [{ product: 1, quantity: 2 }], total_cents: 2_410 };
const order: Order = { id: 9, key: "k-1", total_cents: 2_410, created_at: "", items: [], copies: 1 };

const unchanged = problem(503, { error: "no connection", outcome: "unchanged" }, "1");
const unknown = problem(503, { error: "connection lost", outcome: "unknown" }, "1");
const timedOut = problem(504, { error: "no answer", outcome: "unknown" }, null);
const noAnswer = problem(0, null, null);

/** What happened, from the beginning, as a story. */
function after(...events: (Event | Answer)[]): State {
  return events.reduce<State>(
    (state, event) => reduce(state, "type" in event ? event : answer(event)),
    reduce(idle, { type: "start", attempt }),
  );
}

function answer(told: Answer, now = 0): Event {
  return { type: "answer", key: attempt.key, answer: told, now, chance: 0 };
}

const failed = (why: Problem): Answer => ({ problem: why });
const wait: Event = { type: "hurry" };

describe("an attempt", () => {
  test("that goes well is sent and placed", () => {
    expect(after()).toMatchObject({ phase: "sending", uncertain: false });
    expect(after({ found: order })).toMatchObject({ phase: "placed", order });
  });

  test("that changed nothing is sent again", () => {
    expect(after(failed(unchanged))).toMatchObject({ phase: "waiting", next: "send", uncertain: false });
    expect(after(failed(unchanged), wait)).toMatchObject({ phase: "sending", attempt });
  });

  test.each([
    ["an unknown outcome", unknown],
    ["a time-out", timedOut],
    ["no answer at all", noAnswer],
    ["an answer of a load balancer that does not say", problem(502, null, null)],
    ["a 503 that does not say", problem(503, null, null)],
  ])("that ended in %s is looked for before it is sent again", (_, why) => {
    expect(after(failed(why))).toMatchObject({ phase: "waiting", next: "look", uncertain: true });
    expect(after(failed(why), wait)).toMatchObject({ phase: "looking" });
    expect(after(failed(why), wait, { found: order })).toMatchObject({ phase: "placed" });
    expect(after(failed(why), wait, { absent: true })).toMatchObject({ phase: "sending", attempt, uncertain: true });
  });

  test("goes on looking while looking fails", () => {
    const lost = after(failed(unknown), wait, failed(unchanged));
    expect(lost).toMatchObject({ phase: "waiting", next: "look", failures: 2, uncertain: true });
  });

  test("once uncertain stays so, whatever comes later", () => {
    const later = after(failed(unknown), wait, { absent: true }, failed(unchanged));
    expect(later).toMatchObject({ phase: "waiting", next: "send", uncertain: true });
  });

  test.each([
    [409, "not enough in stock"],
    [422, "some fields are not valid"],
    [400, "not JSON"],
  ])("that the shop refuses with %i is over", (status, error) => {
    const why = problem(status, { error }, null);
    expect(after(failed(why))).toEqual({ phase: "refused", attempt, problem: why });
    expect(isOpen(after(failed(why)))).toBe(false);
  });

  test("waits as told when there are too many", () => {
    const state = after(failed(problem(429, { error: "slowly" }, "3")));
    expect(state).toMatchObject({ phase: "waiting", next: "send", until: 3_000 });
  });
});

describe("waiting", () => {
  test("ends at its time and not before", () => {
    const waiting = after(failed(unchanged));
    expect(waiting).toMatchObject({ until: 1_000 });
    expect(reduce(waiting, { type: "wake", now: 999 })).toBe(waiting);
    expect(reduce(waiting, { type: "wake", now: 1_000 }).phase).toBe("sending");
  });

  test("gets longer with each failure", () => {
    let state = after();
    const untils: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      state = reduce(state, answer(failed(problem(503, { outcome: "unchanged" }, null))));
      if (state.phase === "waiting") untils.push(state.until);
      state = reduce(state, wait);
    }
    expect(untils).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
  });
});

describe("a session that ends", () => {
  const signedOut = after(failed(unknown), wait, { absent: true }, failed(problem(401, null, null)));

  test("keeps the attempt, which is looked for first once someone is back", () => {
    expect(signedOut).toMatchObject({ phase: "signed-out", attempt, uncertain: true });
    expect(reduce(signedOut, { type: "signed-in", customer: 7 })).toMatchObject({ phase: "looking", attempt });
  });

  test("does not make someone else buy", () => {
    expect(reduce(signedOut, { type: "signed-in", customer: 8 })).toEqual(idle);
  });
});

describe("a page that was loaded again", () => {
  test("looks before it sends", () => {
    const resumed = reduce(idle, { type: "resume", attempt });
    expect(resumed).toMatchObject({ phase: "looking", uncertain: true, attempt });
    expect(reduce(resumed, answer({ absent: true }))).toMatchObject({ phase: "sending", attempt });
  });
});

describe("what does not belong here is ignored", () => {
  test.each<[string, Event]>([
    ["an answer about another attempt", { type: "answer", key: "k-0", answer: { found: order }, now: 0, chance: 0 }],
    ["a second start", { type: "start", attempt: { ...attempt, key: "k-2" } }],
    ["a resumption", { type: "resume", attempt: { ...attempt, key: "k-2" } }],
    ["a dismissal of what is open", { type: "dismiss" }],
    ["a wake-up of what does not wait", { type: "wake", now: 1e9 }],
  ])("%s", (_, event) => {
    const sending = after();
    expect(reduce(sending, event)).toBe(sending);
  });

  test("an answer that comes while waiting", () => {
    const waiting = after(failed(unknown));
    expect(reduce(waiting, answer({ absent: true }))).toBe(waiting);
  });
});

describe("whatever happens", () => {
  const happenings: (Event | Answer)[] = [
    { found: order },
    { absent: true },
    failed(unchanged),
    failed(unknown),
    failed(noAnswer),
    failed(problem(401, null, null)),
    failed(problem(409, null, null)),
    { type: "wake", now: 1e12 },
    wait,
    { type: "signed-in", customer: 7 },
    { type: "start", attempt: { ...attempt, key: "k-2" } },
    { type: "resume", attempt: { ...attempt, key: "k-2" } },
    { type: "dismiss" },
  ];

  /** Every course of so many steps. */
  function* courses(state: State, steps: number): Generator<[State, State]> {
    if (steps === 0) return;
    for (const happening of happenings) {
      const next = reduce(state, "type" in happening ? happening : answer(happening));
      yield [state, next];
      if (next !== state) yield* courses(next, steps - 1);
    }
  }

  test("an open attempt keeps its key and its items until an answer is certain", () => {
    let seen = 0;
    for (const [before, next] of courses(after(), 5)) {
      seen += 1;
      if (isOpen(before) && isOpen(next)) expect(next.attempt).toBe(before.attempt);
    }
    expect(seen).toBeGreaterThan(1_000);
  });

  test("nothing is sent again after an uncertain answer unless a look found nothing", () => {
    for (const [before, next] of courses(after(failed(unknown)), 4)) {
      if (next === before || !isOpen(before) || !before.uncertain || next.phase !== "sending") continue;
      const looked = before.phase === "looking" || (before.phase === "waiting" && before.next === "send");
      expect(looked).toBe(true);
    }
  });
});
