// Reading from the shop: what is shown while it is asked, and when it fails.
import { useEffect, useReducer } from "react";

import { passes, type Problem, type Reply } from "./api";
import { backoff } from "./backoff";

export interface Loaded<T> {
  /** The newest there is; while another is on its way, the one before. */
  value: T | null;
  /** Whether `value` is not yet what was asked for. */
  stale: boolean;
  problem: Problem | null;
}

interface Asked<T> {
  key: string;
  round: number;
  failures: number;
  answer: { key: string; value: T } | null;
  problem: Problem | null;
}

type Event<T> =
  | { type: "asked"; key: string }
  | { type: "answered"; key: string; reply: Reply<T> }
  | { type: "again" };

function reduce<T>(state: Asked<T>, event: Event<T>): Asked<T> {
  switch (event.type) {
    case "asked":
      return event.key === state.key ? state : { ...state, key: event.key, failures: 0, problem: null };
    case "answered":
      if (event.key !== state.key) return state;
      if (!event.reply.ok) return { ...state, failures: state.failures + 1, problem: event.reply.problem };
      return { ...state, failures: 0, problem: null, answer: { key: event.key, value: event.reply.value } };
    case "again":
      return { ...state, round: state.round + 1 };
  }
}

/**
 * What `load` answers for `key`. What may pass is asked again without being told to; `retry` asks
 * at once. `served` is an answer that came with the page.
 */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<Reply<T>>,
  served: T | null = null,
): Loaded<T> & { retry: () => void } {
  const [state, tell] = useReducer(reduce<T>, {
    key,
    round: 0,
    failures: 0,
    answer: served === null ? null : { key, value: served },
    problem: null,
  });
  const has = state.answer?.key === key;

  useEffect(() => {
    tell({ type: "asked", key });
    if (has) return;
    const leaving = new AbortController();
    void load(leaving.signal).then((reply) => {
      if (!leaving.signal.aborted) tell({ type: "answered", key, reply });
    });
    return () => leaving.abort();
    // `load` is made anew with each render; what it asks for is told by the key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, state.round]);

  useEffect(() => {
    if (state.problem === null || !passes(state.problem)) return;
    const wait = backoff(state.failures, state.problem.retryAfter, Math.random());
    const timer = setTimeout(() => tell({ type: "again" }), wait);
    return () => clearTimeout(timer);
  }, [state.problem, state.failures]);

  return {
    value: state.answer?.value ?? null,
    stale: !has,
    problem: state.key === key ? state.problem : null,
    retry: () => tell({ type: "again" }),
  };
}
