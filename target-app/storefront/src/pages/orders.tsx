import { useState } from "react";

import { history, type History, type Order, passes, type Problem, type Session } from "../api";
import { useLoaded } from "../loaded";
import { Link } from "../parts/link";
import { Skeleton } from "../parts/skeleton";
import { Trouble } from "../parts/trouble";
import { count, moment, price } from "../words";

export function OrdersPage({ session }: { session: Session | null }) {
  return (
    <>
      <h1 tabIndex={-1}>Your orders</h1>
      {session === null ? (
        <div className="empty">
          <p>Sign in to see what you ordered.</p>
          <Link className="button" href="/sign-in?then=%2Forders">
            Sign in
          </Link>
        </div>
      ) : (
        <Orders key={session.customer.id} session={session} />
      )}
    </>
  );
}

function Orders({ session }: { session: Session }) {
  const { value, problem, retry } = useLoaded("newest", (signal) => history(session.token, null, { signal }));
  if (value === null) {
    if (problem === null) return <Skeleton lines={5} of="your orders" />;
    return <Trouble what="Your orders could not be loaded." problem={problem} retry={retry} />;
  }
  if (value.items.length === 0) {
    return (
      <div className="empty">
        <p>You have not ordered anything yet.</p>
        <Link className="button" href="/">
          Look around
        </Link>
      </div>
    );
  }
  return <Listed newest={value} session={session} />;
}

function Listed({ newest, session }: { newest: History; session: Session }) {
  const [older, setOlder] = useState<History>({ items: [], next_before: newest.next_before });
  const [problem, setProblem] = useState<Problem | null>(null);

  async function more() {
    const reply = await history(session.token, older.next_before);
    if (!reply.ok) return setProblem(reply.problem);
    setProblem(null);
    setOlder({ items: [...older.items, ...reply.value.items], next_before: reply.value.next_before });
  }

  return (
    <>
      <ul className="orders">
        {[...newest.items, ...older.items].map((order) => (
          <Row key={order.id} order={order} />
        ))}
      </ul>
      {problem !== null && (
        <p className="notice trouble" role="alert">
          {passes(problem) ? "The shop is not answering just now. Please try again." : problem.message}
        </p>
      )}
      {older.next_before !== null && (
        <button type="button" className="quiet" onClick={() => void more()}>
          Show older orders
        </button>
      )}
    </>
  );
}

function Row({ order }: { order: Order }) {
  return (
    <li>
      <Link href={`/orders/${encodeURIComponent(order.key)}`}>{`Order ${order.id}`}</Link>
      <p>{moment(order.created_at)}</p>
      <p>{count(order.items.length, "product")}</p>
      <p className="price">{price(order.total_cents)}</p>
    </li>
  );
}
