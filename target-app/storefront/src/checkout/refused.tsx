import type { Problem } from "../api";
import { isObject } from "../kept";
import { useFocus } from "../parts/focus";
import { Link } from "../parts/link";

/** The shop said no: nothing was ordered, and this is why. */
export function Refused({ problem }: { problem: Problem }) {
  const notice = useFocus<HTMLDivElement>();
  return (
    <div ref={notice} className="notice trouble" role="alert" tabIndex={-1}>
      <p>
        <strong>Nothing was ordered.</strong>
      </p>
      {reasons(problem).map((reason) => (
        <p key={reason}>{reason}</p>
      ))}
      <p>
        <Link href="/cart">Change the cart</Link>
      </p>
    </div>
  );
}

export function reasons(problem: Problem): string[] {
  const short = Array.isArray(problem.detail) ? problem.detail.filter(isObject) : [];
  if (short.length > 0) {
    return short.map(
      ({ product, wanted, in_stock }) =>
        `Article ${String(product)}: you want ${String(wanted)}, and only ${String(in_stock)} are left.`,
    );
  }
  const fields = Object.values(problem.fields);
  return fields.length > 0 ? fields : [problem.message];
}
