import { describe, expect, test } from "vitest";

import { type Cart, type CartLine, type Line, problem, type Reply, type Session } from "../src/api";
import { add, merge, MOST_OF_ONE, setQuantity, total, without } from "../src/cart/contents";
import { cartKeeper, type Kept } from "../src/cart/keeper";

const line = (product: number, quantity: number): CartLine => ({
  product,
  quantity,
  name: `Article ${product}`,
  unit_price_cents: 100 * product,
});

describe("contents", () => {
  test("the same product adds up, as far as the shop takes it", () => {
    expect(merge([line(1, 2)], [line(1, 3), line(2, 1)])).toEqual([line(1, 5), line(2, 1)]);
    expect(merge([line(1, 60)], [line(1, 60)])).toEqual([line(1, MOST_OF_ONE)]);
    const mug = { id: 3, name: "Article 3", description: "", category: "", price_cents: 300, stock: 5 };
    expect(add([line(1, 1)], mug, 2)).toEqual([line(1, 1), line(3, 2)]);
  });

  test("quantities stay whole and in range", () => {
    expect(setQuantity([line(1, 2)], 1, 0)).toEqual([line(1, 1)]);
    expect(setQuantity([line(1, 2)], 1, 1e9)).toEqual([line(1, MOST_OF_ONE)]);
  });

  test("what was ordered leaves, and what was added meanwhile stays", () => {
    expect(without([line(1, 3), line(2, 1)], [{ product: 1, quantity: 2 }, { product: 2, quantity: 1 }])).toEqual([line(1, 1)]);
    expect(total([line(1, 2), line(2, 1)])).toBe(400);
  });
});

/** A shop with one cart, which fails as often as it is told to. */
function bench(mine: CartLine[], theirs: CartLine[], failures = 0) {
  let stored = theirs;
  let session: Session | null = null;
  let kept: Kept | null = null;
  const writes: Line[][] = [];
  const answer = (): Promise<Reply<Cart>> => {
    if (failures > 0) {
      failures -= 1;
      return Promise.resolve({ ok: false, problem: problem(503, { outcome: "unknown" }, null) });
    }
    return Promise.resolve({ ok: true, value: { items: stored, total_cents: 0 } });
  };
  const keeper = cartKeeper(
    {
      read: answer,
      write(_token, items) {
        writes.push(items);
        stored = items.map(({ product, quantity }) => line(product, quantity));
        return answer();
      },
      session: () => session,
      keep: (next) => (kept = next),
      chance: () => 0,
      later: (retry) => queueMicrotask(retry),
    },
    { contents: mine, dirty: mine.length > 0, owner: null },
  );
  const signIn = (id: number) => {
    session = { token: `t-${id}`, customer: { id, name: "Ada" } };
    keeper.join();
  };
  return { keeper, signIn, writes, stored: () => stored, kept: () => kept };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("the cart's keeper", () => {
  test("needs no session to hold things", () => {
    const { keeper, kept, writes } = bench([], []);
    keeper.change(() => [line(1, 1)]);
    expect(kept()).toEqual({ contents: [line(1, 1)], dirty: true, owner: null });
    expect(writes).toEqual([]);
  });

  test("joins what was gathered before signing in with what was left last time", async () => {
    const { keeper, signIn, stored } = bench([line(1, 1)], [line(1, 2), line(2, 1)]);
    signIn(7);
    await settled();
    expect(stored()).toEqual([line(1, 3), line(2, 1)]);
    expect(keeper.store.get()).toMatchObject({ dirty: false, owner: 7, trouble: null });
  });

  test("repeats a write whose outcome it does not know, and adds nothing twice", async () => {
    const { keeper, signIn, stored, writes } = bench([line(1, 1)], [line(1, 2)], 3);
    signIn(7);
    await settled();
    expect(writes.length).toBeGreaterThan(0);
    expect(stored()).toEqual([line(1, 3)]);
    expect(keeper.store.get()).toMatchObject({ contents: [line(1, 3)], dirty: false });
  });

  test("writes what changed while a write was under way", async () => {
    const { keeper, signIn, stored } = bench([], []);
    signIn(7);
    await settled();
    keeper.change(() => [line(1, 1)]);
    keeper.change(() => [line(1, 1), line(2, 2)]);
    await settled();
    expect(stored()).toEqual([line(1, 1), line(2, 2)]);
    expect(keeper.store.get().dirty).toBe(false);
  });

  test("does not mix two customers' carts", async () => {
    const { keeper, signIn, stored } = bench([], [line(2, 1)]);
    signIn(7);
    await settled();
    signIn(8);
    await settled();
    expect(keeper.store.get()).toMatchObject({ contents: [line(2, 1)], owner: 8 });
    expect(stored()).toEqual([line(2, 1)]);
  });
});
