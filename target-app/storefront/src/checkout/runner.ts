// Does what the machine decides: sends, looks, waits, and keeps the attempt until it is certain.
import type { Order, Reply } from "../api";
import { createStore, type Store } from "../store";
import { type Answer, type Attempt, type Event, idle, isOpen, reduce, type State } from "./machine";

export interface World {
  send(attempt: Attempt): Promise<Reply<Order>>;
  look(key: string): Promise<Reply<Order>>;
  keep(attempt: Attempt | null): void;
  now(): number;
  chance(): number;
  /** Calls back after so many milliseconds. */
  later(wake: () => void, milliseconds: number): void;
  /** The order is there. Told once, before the attempt is let go. */
  placed(order: Order, attempt: Attempt): void;
}

export interface Checkout {
  store: Store<State>;
  readonly tell: (event: Event) => void;
}

export function checkout(world: World): Checkout {
  const store = createStore<State>(idle);

  function tell(event: Event): void {
    const before = store.get();
    const after = reduce(before, event);
    if (after === before) return;
    // On disk before anything is sent: a page that is closed now still knows its key.
    if (isOpen(after) && !isOpen(before)) world.keep(after.attempt);
    if (after.phase === "placed") world.placed(after.order, after.attempt);
    if (!isOpen(after) && isOpen(before)) world.keep(null);
    store.set(after);
    act(after);
  }

  function act(state: State): void {
    switch (state.phase) {
      case "sending":
        void world.send(state.attempt).then((reply) => answer(state.attempt, sent(reply)));
        break;
      case "looking":
        void world.look(state.attempt.key).then((reply) => answer(state.attempt, looked(reply)));
        break;
      case "waiting":
        // Timers may be a little early, the machine is not.
        world.later(
          () => tell({ type: "wake", now: Math.max(world.now(), state.until) }),
          Math.max(0, state.until - world.now()),
        );
        break;
      case "idle":
      case "signed-out":
      case "placed":
      case "refused":
        break;
    }
  }

  function answer(attempt: Attempt, answer: Answer): void {
    tell({ type: "answer", key: attempt.key, answer, now: world.now(), chance: world.chance() });
  }

  return { store, tell };
}

function sent(reply: Reply<Order>): Answer {
  return reply.ok ? { found: reply.value } : { problem: reply.problem };
}

function looked(reply: Reply<Order>): Answer {
  if (!reply.ok && reply.problem.status === 404) return { absent: true };
  return sent(reply);
}
