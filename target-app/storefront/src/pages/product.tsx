import { useEffect, useState } from "react";

import { product as load } from "../api";
import { MOST_OF_ONE } from "../cart/contents";
import { useLoaded } from "../loaded";
import { AddButton } from "../parts/add_button";
import { Link } from "../parts/link";
import { Quantity } from "../parts/quantity";
import { Skeleton } from "../parts/skeleton";
import { Trouble } from "../parts/trouble";
import { pictured, price, stock } from "../words";

export function ProductPage({ id }: { id: string }) {
  const { value, stale, problem, retry } = useLoaded(id, (signal) => load(id, { signal }));
  const [quantity, setQuantity] = useState(1);
  const product = stale ? null : value;
  const missing = problem?.status === 404;
  const title = product?.name ?? (missing ? "There is no such product" : "Product");

  useEffect(() => {
    document.title = `${title} – Oak & Clay`;
  }, [title]);

  return (
    <article className="product">
      <p className="back">
        <Link href="/">All products</Link>
      </p>
      <h1 tabIndex={-1}>{title}</h1>
      {problem !== null && !missing && <Trouble what="The product could not be loaded." problem={problem} retry={retry} />}
      {product === null && problem === null && <Skeleton lines={4} of="the product" />}
      {product !== null && (
        <div className="sheet">
          <span className={pictured(product.name)} aria-hidden="true" />
          <div>
            <p className="about">{product.description}</p>
            <p className="price">{price(product.price_cents)}</p>
            <p className={`stock ${stock(product.stock).level}`}>{stock(product.stock).text}</p>
            <div className="buy">
              <Quantity
                of={product.name}
                value={quantity}
                most={Math.max(1, Math.min(MOST_OF_ONE, product.stock))}
                onChange={setQuantity}
              />
              <AddButton product={product} quantity={quantity} />
            </div>
          </div>
        </div>
      )}
    </article>
  );
}
