// A value that the page and what lies beneath it share.
import { useSyncExternalStore } from "react";

export interface Store<T> {
  readonly get: () => T;
  readonly set: (next: T) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * A store's value in a component. `asServed` is what the server's markup was made from: it knows
 * nothing of this browser, and the first render has to agree with it.
 */
export function useStore<T>(store: Store<T>, asServed: T): T {
  return useSyncExternalStore(store.subscribe, store.get, () => asServed);
}
