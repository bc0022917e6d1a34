// Which view an address is.
import { createStore } from "./store";

export interface Place {
  path: string;
  query: string;
}

export type View =
  | { name: "catalogue"; q: string; page: string }
  | { name: "product"; id: string }
  | { name: "cart" | "checkout" | "orders" | "nowhere" }
  | { name: "order"; key: string }
  | { name: "sign-in" | "register"; then: string };

export function viewOf({ path, query }: Place): View {
  const params = new URLSearchParams(query);
  const [, first = "", second, ...rest] = path.split("/");
  const deep = second !== undefined && second !== "" && rest.length === 0;
  if (deep && first === "product") return { name: "product", id: decoded(second) };
  if (deep && first === "orders") return { name: "order", key: decoded(second) };
  if (second !== undefined) return { name: "nowhere" };
  switch (first) {
    case "":
      return { name: "catalogue", q: params.get("q") ?? "", page: numbered(params.get("page") ?? "") };
    case "cart":
    case "checkout":
    case "orders":
      return { name: first };
    case "sign-in":
    case "register":
      return { name: first, then: ownPath(params.get("then")) };
    default:
      return { name: "nowhere" };
  }
}

/** As the shop reads it: `01` is 1, and so is nothing. What is no number is left for it to refuse. */
function numbered(page: string): string {
  const text = page.trim();
  return /^\d+$/.test(text) ? String(Number(text)) : text || "1";
}

/** Only paths of this shop: `//elsewhere` is another host. */
function ownPath(then: string | null): string {
  return then !== null && /^\/(?![/\\])/.test(then) ? then : "/";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const here = (): Place => ({ path: location.pathname, query: location.search });

export const place = createStore<Place>(typeof location === "undefined" ? { path: "/", query: "" } : here());

export function navigate(to: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  const before = place.get().path;
  place.set(here());
  if (place.get().path !== before || how === "push") scrollTo({ top: 0 });
}

/** Follows the browser's own back and forward. */
export function follow(): void {
  addEventListener("popstate", () => place.set(here()));
}
