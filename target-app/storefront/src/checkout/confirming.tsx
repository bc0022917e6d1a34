import { useEffect, useState } from "react";

import { Link } from "../parts/link";
import { useFocus } from "../parts/focus";
import { announce, purchase } from "../shop";
import { price } from "../words";
import { isOpen, type State } from "./machine";

type Open = Extract<State, { failures: number }>;

/** What is said while an order's fate is open: calmly, and what is being done about it. */
export function Confirming({ state }: { state: Open }) {
  const heading = useFocus<HTMLHeadingElement>();
  const more = explanation(state);
  useEffect(() => announce(`Your order is being confirmed. ${STAY} ${more}`), [more]);
  return (
    <section className="notice confirming" aria-labelledby="confirming">
      <h2 ref={heading} id="confirming" tabIndex={-1}>
        Your order is being confirmed
      </h2>
      <p>{STAY}</p>
      {more !== "" && <p>{more}</p>}
      <p className="hint">{`Total ${price(state.attempt.total_cents)} · Reference ${state.attempt.key.slice(0, 8)}`}</p>
      {state.phase === "waiting" && <Next until={state.until} />}
    </section>
  );
}

const STAY = "Please do not close this page.";

/** What is being done about it; nothing as long as all goes well. */
function explanation(state: Open): string {
  if (state.failures === 0 && !state.uncertain) return "";
  if (state.uncertain) {
    return "The shop did not answer in time. We look whether your order has arrived, and only send it again if not: under the same reference it cannot be placed twice.";
  }
  return "The shop is busy and has not taken your order yet. We keep trying: under the same reference it cannot be placed twice.";
}

/** Counts down for the eye only: a reader's voice has more important things to say. */
function Next({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((until - now) / 1_000));
  return (
    <p className="next">
      <span aria-hidden="true">{`Next try in ${seconds} s`}</span>
      <button type="button" className="quiet" onClick={() => purchase.tell({ type: "hurry" })}>
        Try now
      </button>
    </p>
  );
}

/** What every other page says meanwhile. */
export function Meanwhile({ state }: { state: State }) {
  if (!isOpen(state)) return null;
  return (
    <p className="meanwhile">
      Your order is being confirmed. <Link href="/checkout">See how far it is</Link>
    </p>
  );
}
