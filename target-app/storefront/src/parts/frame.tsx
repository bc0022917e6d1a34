import type { ReactNode } from "react";

import type { Session } from "../api";
import { pieces } from "../cart/contents";
import type { CartState } from "../cart/keeper";
import { Meanwhile } from "../checkout/confirming";
import type { State } from "../checkout/machine";
import { signOut } from "../shop";
import { Link } from "./link";

interface Props {
  path: string;
  session: Session | null;
  cart: CartState;
  purchase: State;
  news: string;
  children: ReactNode;
}

/** What is around every page. */
export function Frame({ path, session, cart, purchase, news, children }: Props) {
  const inCart = pieces(cart.contents);
  const current = (href: string) => (path === href ? "page" : undefined);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Link className="brand" href="/">
          Oak &amp; Clay
        </Link>
        <nav aria-label="Shop">
          <Link href="/orders" aria-current={current("/orders")}>
            Orders
          </Link>
          {session === null ? (
            <Link href="/sign-in" aria-current={current("/sign-in")}>
              Sign in
            </Link>
          ) : (
            <button type="button" className="plain" onClick={signOut}>
              Sign out
              <span className="hidden">{` ${session.customer.name}`}</span>
            </button>
          )}
          <Link className="cart" href="/cart" aria-current={current("/cart")}>
            Cart
            <span className={inCart === 0 ? "badge none" : "badge"}>
              <span aria-hidden="true">{String(inCart)}</span>
              <span className="hidden">{inCart === 0 ? ", empty" : `, ${inCart} in it`}</span>
            </span>
          </Link>
        </nav>
      </header>
      {path !== "/checkout" && <Meanwhile state={purchase} />}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer>
        <p>A shop that does not exist, for load tests that do.</p>
        <a href="/docs">API</a>
      </footer>
      <div className="hidden" role="status" aria-live="polite">
        {news}
      </div>
    </>
  );
}
