import { useEffect } from "react";

import type { Session } from "../api";
import { lines, total } from "../cart/contents";
import type { CartState } from "../cart/keeper";
import { isOpen, type State } from "../checkout/machine";
import { Confirming } from "../checkout/confirming";
import { Refused } from "../checkout/refused";
import { Link } from "../parts/link";
import { navigate } from "../router";
import { buy, purchase } from "../shop";
import { count, price } from "../words";
import { AccountForm } from "./account";

interface Props {
  cart: CartState;
  session: Session | null;
  state: State;
}

export function CheckoutPage({ cart, session, state }: Props) {
  useEffect(() => {
    if (state.phase !== "placed") return;
    navigate(`/orders/${encodeURIComponent(state.order.key)}?new`, "replace");
    purchase.tell({ type: "dismiss" });
  }, [state]);

  return (
    <div className="narrow">
      <h1 tabIndex={-1}>Checkout</h1>
      <Step cart={cart} session={session} state={state} />
    </div>
  );
}

function Step({ cart, session, state }: Props) {
  if (session === null && (state.phase === "idle" || state.phase === "signed-out" || state.phase === "refused")) {
    return <SignInFirst resumed={state.phase === "signed-out"} />;
  }
  if (isOpen(state)) return <Confirming state={state} />;
  if (state.phase === "placed") return null;
  if (cart.contents.length === 0) {
    return (
      <div className="empty">
        <p>There is nothing to order.</p>
        <Link className="button" href="/">
          Look around
        </Link>
      </div>
    );
  }
  return (
    <>
      {state.phase === "refused" && <Refused problem={state.problem} />}
      <Review cart={cart} customer={session?.customer.id ?? 0} />
    </>
  );
}

function SignInFirst({ resumed }: { resumed: boolean }) {
  return (
    <>
      <p>
        {resumed
          ? "Your session has ended. Sign in again and we go on with the same order: it will not be placed twice."
          : "Sign in to order what is in your cart."}
      </p>
      <AccountForm kind="sign-in" done={() => undefined} />
      <p>
        <Link href="/register?then=%2Fcheckout">I am new here</Link>
      </p>
    </>
  );
}

function Review({ cart, customer }: { cart: CartState; customer: number }) {
  const { contents } = cart;

  function order() {
    purchase.tell({ type: "dismiss" });
    buy(customer, cart);
  }

  return (
    <section aria-labelledby="review">
      <h2 id="review">{`Your order of ${count(lines(contents).length, "product")}`}</h2>
      <table className="bill">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Quantity</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody>
          {contents.map((line) => (
            <tr key={line.product}>
              <td>{line.name}</td>
              <td>{line.quantity}</td>
              <td>{price(line.quantity * line.unit_price_cents)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              Total
            </th>
            <td>{price(total(contents))}</td>
          </tr>
        </tfoot>
      </table>
      <div className="actions">
        <button type="button" className="order" onClick={order}>
          Place order
        </button>
        <Link href="/cart">Change the cart</Link>
      </div>
    </section>
  );
}
