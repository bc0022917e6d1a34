import type { CartLine, Session } from "../api";
import { MOST_OF_ONE, remove, setQuantity, total } from "../cart/contents";
import type { CartState } from "../cart/keeper";
import { Link } from "../parts/link";
import { Quantity } from "../parts/quantity";
import { announce, cart } from "../shop";
import { pictured, price } from "../words";

export function CartPage({ state, session }: { state: CartState; session: Session | null }) {
  const { contents } = state;
  return (
    <>
      <h1 tabIndex={-1}>Your cart</h1>
      {contents.length === 0 ? (
        <div className="empty">
          <p>There is nothing in it yet.</p>
          <Link className="button" href="/">
            Look around
          </Link>
        </div>
      ) : (
        <div className="columns">
          <ul className="lines">
            {contents.map((line) => (
              <Row key={line.product} line={line} />
            ))}
          </ul>
          <section className="summary" aria-labelledby="sum">
            <h2 id="sum">Total</h2>
            <p className="price">{price(total(contents))}</p>
            <Link className="button" href="/checkout">
              Checkout
            </Link>
            <Saved state={state} session={session} />
          </section>
        </div>
      )}
    </>
  );
}

function Row({ line }: { line: CartLine }) {
  function drop() {
    cart.change((contents) => remove(contents, line.product));
    announce(`${line.name} was removed from your cart.`);
    // The button that had the focus is gone.
    document.querySelector<HTMLElement>("main h1")?.focus();
  }

  function change(quantity: number) {
    cart.change((contents) => setQuantity(contents, line.product, quantity));
    announce(`${quantity} of ${line.name}.`);
  }

  return (
    <li>
      <span className={pictured(line.name)} aria-hidden="true" />
      <div>
        <Link href={`/product/${line.product}`}>{line.name}</Link>
        <p className="each">{`${price(line.unit_price_cents)} each`}</p>
      </div>
      <Quantity of={line.name} value={line.quantity} most={MOST_OF_ONE} onChange={change} />
      <p className="price">{price(line.quantity * line.unit_price_cents)}</p>
      <button type="button" className="quiet" onClick={drop}>
        Remove
        <span className="hidden">{` ${line.name}`}</span>
      </button>
    </li>
  );
}

/** Where the cart is kept, and whether it got there. */
function Saved({ state, session }: { state: CartState; session: Session | null }) {
  if (session === null) return <p className="hint">Kept in this browser until you sign in.</p>;
  if (state.trouble !== null) {
    return <p className="hint">The shop is not answering just now. Your cart is safe here and will be saved.</p>;
  }
  return <p className="hint">{state.dirty ? "Saving…" : "Saved with your account."}</p>;
}
