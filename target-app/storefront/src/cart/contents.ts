// What is in a cart, and how it changes. Pure.
import type { CartLine, Line, Product } from "../api";

/** The shop takes no more of one product, nor of different ones. */
export const MOST_OF_ONE = 100;
export const MOST_LINES = 50;

export type Contents = readonly CartLine[];

const limited = (quantity: number) => Math.min(MOST_OF_ONE, Math.max(1, Math.round(quantity)));

export function add(contents: Contents, product: Product, quantity: number): Contents {
  const line = { product: product.id, name: product.name, unit_price_cents: product.price_cents, quantity };
  return merge(contents, [line]);
}

/** Both carts in one: what someone gathered before signing in joins what they left last time. */
export function merge(contents: Contents, others: Contents): Contents {
  const merged = [...contents];
  for (const line of others) {
    const at = merged.findIndex(({ product }) => product === line.product);
    const known = merged[at];
    if (known !== undefined) merged[at] = { ...line, quantity: limited(known.quantity + line.quantity) };
    else if (merged.length < MOST_LINES) merged.push({ ...line, quantity: limited(line.quantity) });
  }
  return merged;
}

export function setQuantity(contents: Contents, product: number, quantity: number): Contents {
  return contents.map((line) => (line.product === product ? { ...line, quantity: limited(quantity) } : line));
}

export function remove(contents: Contents, product: number): Contents {
  return contents.filter((line) => line.product !== product);
}

/** What is left once these were ordered: what was added meanwhile stays. */
export function without(contents: Contents, ordered: readonly Line[]): Contents {
  return contents.flatMap((line) => {
    const gone = ordered.find(({ product }) => product === line.product)?.quantity ?? 0;
    return line.quantity > gone ? [{ ...line, quantity: line.quantity - gone }] : [];
  });
}

export function pieces(contents: Contents): number {
  return contents.reduce((sum, line) => sum + line.quantity, 0);
}

export function total(contents: Contents): number {
  return contents.reduce((sum, line) => sum + line.quantity * line.unit_price_cents, 0);
}

export function lines(contents: Contents): Line[] {
  return contents.map(({ product, quantity }) => ({ product, quantity }));
}
