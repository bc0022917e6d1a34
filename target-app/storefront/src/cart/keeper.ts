// The cart as this browser has it, and how it gets to the shop.
//
// Changes are made here first, so that a cart answers at once and without a session. With one, the
// whole cart is written to the shop: the same write twice is one, so a failed one is repeated freely.
import type { Cart, CartLine, Line, Problem, Reply, Session } from "../api";
import { passes } from "../api";
import { backoff } from "../backoff";
import { createStore, type Store } from "../store";
import { type Contents, lines, merge } from "./contents";

export interface Kept {
  contents: Contents;
  /** Changed here since the shop last agreed. */
  dirty: boolean;
  /** Whose cart it is at the shop; null before anyone signed in. */
  owner: number | null;
}

export interface CartState extends Kept {
  /** Why the shop does not have it yet. */
  trouble: Problem | null;
}

export const empty: CartState = { contents: [], dirty: false, owner: null, trouble: null };

export interface World {
  read(token: string): Promise<Reply<Cart>>;
  write(token: string, items: Line[]): Promise<Reply<Cart>>;
  session(): Session | null;
  keep(kept: Kept | null): void;
  chance(): number;
  later(retry: () => void, milliseconds: number): void;
}

export interface CartKeeper {
  store: Store<CartState>;
  change(how: (contents: Contents) => Contents): void;
  /** Someone signed in, or the page was loaded: what the shop has joins what is here. */
  join(): void;
  /** Another tab of this browser changed it. */
  adopt(kept: Kept): void;
  /** Nothing of it stays in this browser. */
  forget(): void;
}

export function cartKeeper(world: World, kept: Kept | null): CartKeeper {
  const store = createStore<CartState>({ ...empty, ...kept });
  let busy = false;
  let failures = 0;

  function set(next: CartState): void {
    store.set(next);
    world.keep({ contents: next.contents, dirty: next.dirty, owner: next.owner });
  }

  function change(how: (contents: Contents) => Contents): void {
    set({ ...store.get(), contents: how(store.get().contents), dirty: true });
    write();
  }

  function write(): void {
    const session = world.session();
    const { contents: sent, dirty, owner } = store.get();
    if (session === null || owner !== session.customer.id || busy || !dirty) return;
    busy = true;
    void world.write(session.token, lines(sent)).then((reply) => {
      busy = false;
      if (world.session() !== session) return;
      if (!reply.ok) return failed(reply.problem, write);
      failures = 0;
      // Changed while the write was under way: that goes next.
      if (store.get().contents !== sent) return write();
      set({ contents: inOrder(reply.value.items, sent), dirty: false, owner, trouble: null });
    });
  }

  function join(): void {
    const session = world.session();
    if (session === null) return;
    const owner = session.customer.id;
    if (store.get().dirty && store.get().owner === owner) return write();
    void world.read(session.token).then((reply) => {
      if (world.session() !== session) return;
      if (!reply.ok) return failed(reply.problem, join);
      failures = 0;
      const mine = store.get();
      const gathered = mine.owner === null ? mine.contents : [];
      const contents = merge(reply.value.items, gathered);
      set({ contents, dirty: gathered.length > 0, owner, trouble: null });
      write();
    });
  }

  function failed(problem: Problem, again: () => void): void {
    store.set({ ...store.get(), trouble: problem });
    if (!passes(problem)) return;
    failures += 1;
    world.later(again, backoff(failures, problem.retryAfter, world.chance()));
  }

  return {
    store,
    change,
    join,
    adopt: (other) => store.set({ ...other, trouble: null }),
    forget() {
      store.set(empty);
      world.keep(null);
    },
  };
}

/** The shop sorts by product; people keep their order. */
function inOrder(told: CartLine[], as: Contents): Contents {
  const place = new Map(as.map((line, at) => [line.product, at]));
  return [...told].sort((a, b) => (place.get(a.product) ?? 0) - (place.get(b.product) ?? 0));
}
