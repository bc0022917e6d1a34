import { useEffect, useRef } from "react";

import { empty } from "./cart/keeper";
import { idle } from "./checkout/machine";
import { AccountPage } from "./pages/account";
import { CartPage } from "./pages/cart";
import { Catalogue, type Served } from "./pages/catalogue";
import { CheckoutPage } from "./pages/checkout";
import { Nowhere } from "./pages/nowhere";
import { OrderPage } from "./pages/order";
import { OrdersPage } from "./pages/orders";
import { ProductPage } from "./pages/product";
import { Frame } from "./parts/frame";
import { type Place, place, viewOf } from "./router";
import { cart, news, purchase, session } from "./shop";
import { useStore } from "./store";

const QUIET = { text: "" };

/** The page. `served` is what it came with, `asked` the address it was asked for. */
export function App({ served, asked }: { served: Served | null; asked: Place }) {
  const here = useStore(place, asked);
  const who = useStore(session, null);
  const basket = useStore(cart.store, empty);
  const order = useStore(purchase.store, idle);
  const told = useStore(news, QUIET);
  useArrival(here.path);
  const view = viewOf(here);

  const page = () => {
    switch (view.name) {
      case "catalogue":
        return <Catalogue q={view.q} page={view.page} served={served} />;
      case "product":
        return <ProductPage key={view.id} id={view.id} />;
      case "cart":
        return <CartPage state={basket} session={who} />;
      case "checkout":
        return <CheckoutPage cart={basket} session={who} state={order} />;
      case "orders":
        return <OrdersPage session={who} />;
      case "order":
        return <OrderPage key={view.key} orderKey={view.key} fresh={here.query === "?new"} />;
      case "sign-in":
      case "register":
        return <AccountPage kind={view.name} then={view.then} />;
      case "nowhere":
        return <Nowhere />;
    }
  };

  return (
    <Frame path={here.path} session={who} cart={basket} purchase={order} news={told.text}>
      {page()}
    </Frame>
  );
}

/** Whoever follows a link hears where they are; whoever loads a page starts at its top. */
function useArrival(path: string) {
  const last = useRef(path);
  useEffect(() => {
    const heading = document.querySelector<HTMLElement>("main h1");
    if (last.current !== path) heading?.focus({ preventScroll: true });
    last.current = path;
    document.title = path === "/" ? "Oak & Clay" : `${heading?.textContent ?? "Shop"} – Oak & Clay`;
  }, [path]);
}
