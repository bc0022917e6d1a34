// The shop's API: every answer, and every way of not getting one, as data.
import { isObject } from "./kept";

export interface Product {
  id: number;
  name: string;
  description: string;
  category: string;
  price_cents: number;
  stock: number;
}

export interface Page {
  items: Product[];
  page: number;
  per_page: number;
  pages: number;
  total: number;
}

export interface Line {
  product: number;
  quantity: number;
}

export interface PricedLine extends Line {
  unit_price_cents: number;
}

export interface CartLine extends PricedLine {
  name: string;
}

export interface Cart {
  items: CartLine[];
  total_cents: number;
}

export interface Session {
  token: string;
  customer: { id: number; name: string };
}

export interface Order {
  id: number;
  key: string;
  total_cents: number;
  created_at: string;
  items: PricedLine[];
  copies: number;
}

export interface History {
  items: Order[];
  next_before: number | null;
}

/** Why there is no good answer. */
export interface Problem {
  /** 0 when nothing answered at all. */
  status: number;
  message: string;
  /** What is wrong with each field, by its name in the body. */
  fields: Record<string, string>;
  detail: unknown;
  /** Whether a write happened; `unknown` also when nobody said. */
  outcome: "unchanged" | "unknown";
  /** How long the shop asks to wait, in milliseconds. */
  retryAfter: number | null;
}

export type Reply<T> = { ok: true; value: T } | { ok: false; problem: Problem };

/** Longer than the load balancer waits for a pod: its answer says more than our giving up. */
const PATIENCE = 8_000;

interface Request {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  token?: string | undefined;
  key?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export async function ask<T>(path: string, request: Request = {}): Promise<Reply<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (request.token !== undefined) headers["Authorization"] = `Bearer ${request.token}`;
  if (request.key !== undefined) headers["Idempotency-Key"] = request.key;
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  const patience = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch(path, {
      method: request.method ?? "GET",
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: request.signal ? AbortSignal.any([request.signal, patience]) : patience,
    });
    const text = await response.text();
    const body: unknown = text === "" ? null : JSON.parse(text);
    if (response.ok) return { ok: true, value: body as T };
    return { ok: false, problem: problem(response.status, body, response.headers.get("Retry-After")) };
  } catch {
    // Nothing came, or half of something: whatever was asked for may have been done.
    return { ok: false, problem: problem(0, null, null) };
  }
}

export function problem(status: number, body: unknown, retryAfter: string | null): Problem {
  const told = isObject(body) ? body : {};
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const fields = isObject(told["fields"]) ? told["fields"] : {};
  return {
    status,
    message: typeof told["error"] === "string" ? told["error"] : "the shop did not answer",
    fields: Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, String(text)])),
    detail: told["detail"] ?? null,
    outcome: told["outcome"] === "unchanged" || (status >= 400 && status < 500) ? "unchanged" : "unknown",
    retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null,
  };
}

/** Whether the same request may well succeed a little later. */
export function passes(problem: Problem): boolean {
  return problem.status === 0 || problem.status === 429 || problem.status >= 500;
}

type Options = Pick<Request, "signal">;

export const products = (q: string, page: string, { signal }: Options = {}) =>
  ask<Page>(`/api/products?q=${encodeURIComponent(q)}&page=${encodeURIComponent(page)}`, { signal });

export const product = (id: string, { signal }: Options = {}) =>
  ask<Product>(`/api/products/${encodeURIComponent(id)}`, { signal });

export const signIn = (email: string, password: string) =>
  ask<Session>("/api/sessions", { method: "POST", body: { email, password } });

export const register = (name: string, email: string, password: string) =>
  ask<Session>("/api/customers", { method: "POST", body: { name, email, password } });

export const readCart = (token: string) => ask<Cart>("/api/cart", { token });

/** Says what is in the cart from now on: sent twice it is the same. */
export const writeCart = (token: string, items: Line[]) =>
  ask<Cart>("/api/cart", { method: "PUT", token, body: { items } });

export const placeOrder = (token: string, key: string, items: Line[]) =>
  ask<Order>("/api/orders", { method: "POST", token, key, body: { items } });

export const orderByKey = (key: string, { signal }: Options = {}) =>
  ask<Order>(`/api/orders/by-key/${encodeURIComponent(key)}`, { signal });

export const history = (token: string, before: number | null, { signal }: Options = {}) =>
  ask<History>(`/api/orders${before === null ? "" : `?before=${before}`}`, { token, signal });
