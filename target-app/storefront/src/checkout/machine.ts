// What becomes of one purchase. Pure: time, chance and answers come in as data.
//
// Its promise: an attempt has one idempotency key and one list of items from its first request to
// a certain answer. After an answer that leaves open whether the order was written, it looks
// before it sends again.
import type { Line, Order, Problem } from "../api";
import { backoff } from "../backoff";

export interface Attempt {
  key: string;
  customer: number;
  items: Line[];
  total_cents: number;
}

/** How far an attempt is. */
interface Course {
  attempt: Attempt;
  /** Requests in a row that got no certain answer. */
  failures: number;
  /** Whether an order may have been written that we have not seen. */
  uncertain: boolean;
}

export type State =
  | { phase: "idle" }
  | ({ phase: "sending" } & Course)
  | ({ phase: "looking" } & Course)
  | ({ phase: "waiting"; next: "send" | "look"; until: number } & Course)
  /** The session ended: whoever signs in again goes on with the same key. */
  | ({ phase: "signed-out" } & Course)
  | { phase: "placed"; attempt: Attempt; order: Order }
  | { phase: "refused"; attempt: Attempt; problem: Problem };

/** What a request was answered. */
export type Answer =
  | { found: Order }
  /** There is no order with this key. */
  | { absent: true }
  | { problem: Problem };

export type Event =
  | { type: "start"; attempt: Attempt }
  /** The page was loaded again in the middle of an attempt. */
  | { type: "resume"; attempt: Attempt }
  | { type: "answer"; key: string; answer: Answer; now: number; chance: number }
  /** The time to wait may be over. */
  | { type: "wake"; now: number }
  /** Someone pressed "Try now", or the network is back. */
  | { type: "hurry" }
  | { type: "signed-in"; customer: number }
  /** The customer has read how it ended. */
  | { type: "dismiss" };

export const idle: State = { phase: "idle" };

/** Whether the attempt still waits for a certain answer. */
export function isOpen(state: State): state is Extract<State, Course> {
  return "failures" in state;
}

export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "start":
      return isOpen(state) ? state : begin("sending", event.attempt, false);
    case "resume":
      return isOpen(state) ? state : begin("looking", event.attempt, true);
    case "answer":
      return isOpen(state) && state.attempt.key === event.key ? answered(state, event) : state;
    case "wake":
      return state.phase === "waiting" && event.now >= state.until ? proceed(state) : state;
    case "hurry":
      return state.phase === "waiting" ? proceed(state) : state;
    case "signed-in":
      return state.phase === "signed-out" ? goOn(state, event.customer) : state;
    case "dismiss":
      return isOpen(state) ? state : idle;
  }
}

function begin(phase: "sending" | "looking", attempt: Attempt, uncertain: boolean): State {
  return { phase, attempt, failures: 0, uncertain };
}

/** The session that ended tells nothing about requests sent before. Nobody buys for someone else. */
function goOn(state: Course, customer: number): State {
  return state.attempt.customer === customer ? { ...course(state), phase: "looking" } : idle;
}

function course({ attempt, failures, uncertain }: Course): Course {
  return { attempt, failures, uncertain };
}

function proceed(state: Extract<State, { phase: "waiting" }>): State {
  return { ...course(state), phase: state.next === "send" ? "sending" : "looking" };
}

type Asked = Extract<State, { phase: "sending" | "looking" }>;

function answered(state: State & Course, event: Extract<Event, { type: "answer" }>): State {
  if (state.phase !== "sending" && state.phase !== "looking") return state;
  const { answer } = event;
  if ("found" in answer) return { phase: "placed", attempt: state.attempt, order: answer.found };
  if (state.phase === "looking") {
    return "absent" in answer ? { ...course(state), phase: "sending" } : lookFailed(state, answer.problem, event);
  }
  return "absent" in answer ? state : sendFailed(state, answer.problem, event);
}

interface Luck {
  now: number;
  chance: number;
}

/** Reading changes nothing: whatever was uncertain still is. */
function lookFailed(state: Asked, problem: Problem, luck: Luck): State {
  return wait(state, "look", state.uncertain, problem, luck);
}

function sendFailed(state: Asked, problem: Problem, luck: Luck): State {
  if (problem.status === 401) return { ...course(state), phase: "signed-out" };
  if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
    return { phase: "refused", attempt: state.attempt, problem };
  }
  const uncertain = state.uncertain || problem.outcome === "unknown";
  return wait(state, problem.outcome === "unknown" ? "look" : "send", uncertain, problem, luck);
}

function wait(state: Asked, next: "send" | "look", uncertain: boolean, problem: Problem, luck: Luck): State {
  const failures = state.failures + 1;
  const until = luck.now + backoff(failures, problem.retryAfter, luck.chance);
  return { phase: "waiting", attempt: state.attempt, failures, uncertain, next, until };
}
