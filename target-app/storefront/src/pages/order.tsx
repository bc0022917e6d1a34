import { orderByKey, type PricedLine, product } from "../api";
import { useLoaded } from "../loaded";
import { Link } from "../parts/link";
import { Skeleton } from "../parts/skeleton";
import { Trouble } from "../parts/trouble";
import { moment, price } from "../words";

/** Where an order stands. `fresh`: it was placed a moment ago. */
export function OrderPage({ orderKey, fresh }: { orderKey: string; fresh: boolean }) {
  const { value: order, problem, retry } = useLoaded(orderKey, (signal) => orderByKey(orderKey, { signal }));
  const missing = problem?.status === 404;
  return (
    <div className="narrow">
      <h1 tabIndex={-1}>{missing ? "There is no such order" : fresh ? "Thank you for your order" : "Your order"}</h1>
      {problem !== null && !missing && <Trouble what="The order could not be loaded." problem={problem} retry={retry} />}
      {order === null && problem === null && <Skeleton lines={5} of="your order" />}
      {order !== null && (
        <>
          <p className="notice good" role="status">
            <strong>Confirmed and paid.</strong> A confirmation is sent to you by e-mail.
          </p>
          <dl className="facts">
            <dt>Number</dt>
            <dd>{order.id}</dd>
            <dt>Placed</dt>
            <dd>{moment(order.created_at)}</dd>
            <dt>Reference</dt>
            <dd className="reference">{order.key}</dd>
          </dl>
          <table className="bill">
            <caption className="hidden">What you ordered</caption>
            <thead>
              <tr>
                <th scope="col">Product</th>
                <th scope="col">Quantity</th>
                <th scope="col">Price</th>
              </tr>
            </thead>
            <tbody>
              {order.items.map((line) => (
                <Row key={line.product} line={line} />
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row" colSpan={2}>
                  Total
                </th>
                <td>{price(order.total_cents)}</td>
              </tr>
            </tfoot>
          </table>
        </>
      )}
      <p className="actions">
        <Link href="/orders">All orders</Link>
        <Link href="/">Back to the catalogue</Link>
      </p>
    </div>
  );
}

function Row({ line }: { line: PricedLine }) {
  const id = String(line.product);
  const { value } = useLoaded(id, (signal) => product(id, { signal }));
  return (
    <tr>
      <td>
        <Link href={`/product/${id}`}>{value?.name ?? `Article ${id}`}</Link>
      </td>
      <td>{line.quantity}</td>
      <td>{price(line.quantity * line.unit_price_cents)}</td>
    </tr>
  );
}
