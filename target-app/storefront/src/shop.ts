// This browser's shop: its session, its cart, its purchase, tied together.
import * as api from "./api";
import { type CartState, cartKeeper, type Kept } from "./cart/keeper";
import { lines, total, without } from "./cart/contents";
import { checkout } from "./checkout/runner";
import { type Attempt, isOpen } from "./checkout/machine";
import { isObject, kept } from "./kept";
import { createStore } from "./store";

const isSession = (value: unknown): value is api.Session =>
  isObject(value) && typeof value["token"] === "string" && isObject(value["customer"]);
const isCart = (value: unknown): value is Kept =>
  isObject(value) && Array.isArray(value["contents"]) && typeof value["dirty"] === "boolean" && "owner" in value;
const isAttempt = (value: unknown): value is Attempt =>
  isObject(value) && typeof value["key"] === "string" && Array.isArray(value["items"]);

const keptSession = kept(() => localStorage, "session", isSession);
const keptCart = kept(() => localStorage, "cart", isCart);
const keptAttempt = kept(() => sessionStorage, "checkout", isAttempt);

/** Who is signed in. */
export const session = createStore<api.Session | null>(keptSession.read());

/** What screen readers are told; the same words twice are told twice. */
export const news = createStore<{ text: string }>({ text: "" });
export const announce = (text: string) => news.set({ text });

/** What an answer says about the session, besides what it is about. */
async function heeded<T>(token: string, asked: Promise<api.Reply<T>>): Promise<api.Reply<T>> {
  const reply = await asked;
  if (!reply.ok && reply.problem.status === 401 && session.get()?.token === token) setSession(null);
  return reply;
}

function setSession(next: api.Session | null): void {
  session.set(next);
  keptSession.write(next);
}

export const cart = cartKeeper(
  {
    read: (token) => heeded(token, api.readCart(token)),
    write: (token, items) => heeded(token, api.writeCart(token, items)),
    session: session.get,
    keep: keptCart.write,
    chance: Math.random,
    later: (retry, milliseconds) => setTimeout(retry, milliseconds),
  },
  keptCart.read(),
);

export const purchase = checkout({
  send({ key, items }) {
    const token = session.get()?.token ?? "";
    return heeded(token, api.placeOrder(token, key, items));
  },
  look: (key) => api.orderByKey(key),
  keep: keptAttempt.write,
  now: Date.now,
  chance: Math.random,
  later: (wake, milliseconds) => setTimeout(wake, milliseconds),
  placed(_order, attempt) {
    cart.change((contents) => without(contents, attempt.items));
    announce("Your order is confirmed.");
  },
});

/** Begins to buy what is in the cart: a new key, kept until it is certain what became of it. */
export function buy(customer: number, { contents }: CartState): void {
  const attempt = {
    key: crypto.randomUUID?.() ?? randomKey(),
    customer,
    items: lines(contents),
    total_cents: total(contents),
  };
  purchase.tell({ type: "start", attempt });
}

/** `crypto.randomUUID` is for secure origins only, and a stack's address need not be one. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function signedIn(next: api.Session): void {
  setSession(next);
  cart.join();
  purchase.tell({ type: "signed-in", customer: next.customer.id });
}

export function signOut(): void {
  setSession(null);
  cart.forget();
  purchase.tell({ type: "dismiss" });
  announce("Signed out.");
}

/** Takes up what this browser left off, once the page is there. */
export function takeUp(): void {
  cart.join();
  const attempt = keptAttempt.read();
  if (attempt !== null) {
    const other = session.get() !== null && session.get()?.customer.id !== attempt.customer;
    if (other) keptAttempt.write(null);
    else purchase.tell({ type: "resume", attempt });
  }
  addEventListener("online", () => purchase.tell({ type: "hurry" }));
  addEventListener("storage", ({ key }) => {
    if (key === "session") session.set(keptSession.read());
    const other = key === "cart" ? keptCart.read() : null;
    if (other !== null && !isOpen(purchase.store.get())) cart.adopt(other);
  });
}
