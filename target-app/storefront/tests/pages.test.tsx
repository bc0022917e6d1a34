// Every view as assistive technology finds it, judged by axe, and what a keyboard can do with it.
import { readFileSync } from "node:fs";

import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Order, Session } from "../src/api";
import { App } from "../src/app";
import type { Served } from "../src/pages/catalogue";
import { navigate, place } from "../src/router";
import { cart, purchase, session, signedIn, signOut } from "../src/shop";

const { page } = JSON.parse(readFileSync("fixtures/first.json", "utf8")) as Served;
const ada: Session = { token: "t", customer: { id: 7, name: "Ada" } };
const mug = { product: 1, name: "Plain oak mug", unit_price_cents: 1_205 };
const order: Order = {
  id: 9,
  key: "k-9",
  total_cents: 2_410,
  created_at: "2026-11-21T14:17:12.000000Z",
  items: [{ product: 1, quantity: 2, unit_price_cents: 1_205 }],
  copies: 1,
};

type Answer = [status: number, body: unknown];
/** What the shop answers, by method and path. */
let shop: Record<string, Answer>;

/** The cart that is answered to one that is written. */
function written(body: string): string {
  const { items } = JSON.parse(body) as { items: { product: number; quantity: number }[] };
  return JSON.stringify({ items: items.map((item) => ({ ...mug, ...item })), total_cents: 0 });
}

beforeEach(() => {
  shop = {
    "GET /api/products": [200, page],
    "GET /api/products/1": [200, page.items[0]],
    "GET /api/cart": [200, { items: [], total_cents: 0 }],
    "GET /api/orders": [200, { items: [order], next_before: null }],
    "GET /api/orders/by-key/k-9": [200, order],
  };
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("fetch", (path: string, { method = "GET", body: sent }: RequestInit) => {
    if (method === "PUT" && typeof sent === "string") return Promise.resolve(new Response(written(sent)));
    const [status, body] = shop[`${method} ${path.split("?")[0]}`] ?? [404, { error: "no such thing" }];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});

afterEach(() => {
  cleanup();
  act(signOut);
  localStorage.clear();
  sessionStorage.clear();
  vi.unstubAllGlobals();
});

function open(address: string) {
  navigate(address, "replace");
  return render(<App served={null} asked={place.get()} />);
}

async function fillCart() {
  const contents = [{ ...mug, quantity: 2 }];
  await act(async () => {
    cart.change(() => contents);
    await Promise.resolve();
  });
}

async function violations(): Promise<string[]> {
  document.documentElement.lang = "en";
  document.title = "Shop";
  // What needs a layout is looked at in a browser and by tests/contrast.test.ts.
  const found = await axe.run(document, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

test.each([
  ["/", "2,000 products"],
  ["/?q=mug", "2,000 products for “mug”"],
  ["/product/1", "Add to cart"],
  ["/product/404", "There is no such product"],
  ["/cart", "There is nothing in it yet."],
  ["/sign-in", "E-mail address"],
  ["/register", "At least 8 characters."],
  ["/checkout", "Sign in to order what is in your cart."],
  ["/orders", "Sign in to see what you ordered."],
  ["/orders/k-9", "Confirmed and paid."],
  ["/orders/k-0", "There is no such order"],
  ["/else", "There is no such page"],
])("%s has no violations", async (address, text) => {
  open(address);
  expect(await screen.findByText(text, { exact: false, selector: "main *" })).toBeTruthy();
  expect(screen.getAllByRole("heading", { level: 1 })).toHaveLength(1);
  expect(await violations()).toEqual([]);
});

test.each(["/", "/product/1", "/orders/k-9"])("%s says that it could not be loaded, and tries again when asked", async (address) => {
  const working = shop;
  shop = {};
  const failing = new Proxy(shop, { get: () => [503, { error: "no connection", outcome: "unchanged" }] });
  shop = failing;
  open(address);
  const trouble = await screen.findByRole("alert");
  expect(trouble.textContent).toContain("could not be loaded");
  expect(await violations()).toEqual([]);
  shop = working;
  await userEvent.click(within(trouble).getByRole("button", { name: "Try again now" }));
  await vi.waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
});

test("a full cart and its checkout have no violations", async () => {
  await act(async () => {
    signedIn(ada);
    await Promise.resolve();
  });
  await fillCart();
  open("/cart");
  expect(screen.getByRole("link", { name: /Cart, 2 in it/ })).toBeTruthy();
  expect(await violations()).toEqual([]);
  await userEvent.click(screen.getByRole("link", { name: "Checkout" }));
  expect(screen.getByRole("heading", { level: 1, name: "Checkout" })).toBe(document.activeElement);
  expect(await violations()).toEqual([]);
});

test("an order whose fate is open is told calmly, tried again, and told when it is there", async () => {
  await act(async () => {
    signedIn(ada);
    await Promise.resolve();
  });
  await fillCart();
  open("/checkout");
  shop["POST /api/orders"] = [504, { error: "no answer", outcome: "unknown" }];
  await userEvent.click(screen.getByRole("button", { name: "Place order" }));
  expect(await screen.findByRole("heading", { name: "Your order is being confirmed" })).toBeTruthy();
  expect(await screen.findByText("Please do not close this page.")).toBeTruthy();
  expect(await violations()).toEqual([]);
  const { key } = JSON.parse(sessionStorage.getItem("checkout") ?? "{}") as { key: string };
  shop[`GET /api/orders/by-key/${key}`] = [200, { ...order, key }];
  await userEvent.click(await screen.findByRole("button", { name: "Try now" }));
  expect(await screen.findByRole("heading", { name: "Thank you for your order" })).toBeTruthy();
  expect(location.pathname).toBe(`/orders/${key}`);
  expect(sessionStorage.getItem("checkout")).toBeNull();
  expect(cart.store.get().contents).toEqual([]);
});

test("a session that ended in the middle is asked for again, and the order goes on", async () => {
  await act(async () => {
    signedIn(ada);
    await Promise.resolve();
  });
  await fillCart();
  open("/checkout");
  shop["POST /api/orders"] = [401, { error: "sign in" }];
  await userEvent.click(screen.getByRole("button", { name: "Place order" }));
  expect(await screen.findByText(/Your session has ended/)).toBeTruthy();
  expect(session.get()).toBeNull();
  shop["POST /api/sessions"] = [200, ada];
  shop["POST /api/orders"] = [201, order];
  await userEvent.type(screen.getByLabelText("E-mail address"), "ada@example.test");
  await userEvent.type(screen.getByLabelText("Password"), "secret-7{Enter}");
  expect(await screen.findByRole("heading", { name: "Thank you for your order" })).toBeTruthy();
  expect(purchase.store.get().phase).toBe("idle");
});

test("a refusal says what is short, and nothing was ordered", async () => {
  await act(async () => {
    signedIn(ada);
    await Promise.resolve();
  });
  await fillCart();
  open("/checkout");
  shop["POST /api/orders"] = [409, { error: "not enough in stock", detail: [{ product: 1, wanted: 2, in_stock: 1 }] }];
  await userEvent.click(screen.getByRole("button", { name: "Place order" }));
  const told = await screen.findByRole("alert");
  expect(told.textContent).toContain("Nothing was ordered.");
  expect(told.textContent).toContain("only 1 are left");
  expect(await violations()).toEqual([]);
});

test("mistakes in a form are tied to their fields, and the first has the focus", async () => {
  shop["POST /api/customers"] = [422, { error: "some fields are not valid", fields: { email: "must be an e-mail address" } }];
  open("/register");
  await userEvent.click(screen.getByRole("button", { name: "Create account" }));
  const field = await screen.findByRole("textbox", { name: "E-mail address", description: "must be an e-mail address" });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(field);
  expect(await violations()).toEqual([]);
});

test("what is put into the cart is told, by keyboard alone", async () => {
  open("/");
  const button = await screen.findByRole("button", { name: "Add to cart: Plain oak mug" });
  button.focus();
  await userEvent.keyboard("{Enter}");
  expect(screen.getByText("Plain oak mug is in your cart.")).toBeTruthy();
  expect(screen.getByRole("link", { name: /Cart, 1 in it/ })).toBeTruthy();
});

test("typing searches after a pause and changes the address", async () => {
  open("/");
  const field = await screen.findByRole("searchbox", { name: "Search the catalogue" });
  await userEvent.type(field, "mug");
  expect(location.search).toBe("");
  await vi.waitFor(() => expect(location.search).toBe("?q=mug"));
  expect(await screen.findByRole("heading", { name: "2,000 products for “mug”" })).toBeTruthy();
  expect(document.activeElement).toBe(field);
});
