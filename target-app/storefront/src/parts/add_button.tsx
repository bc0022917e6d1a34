import { useEffect, useState } from "react";

import type { Product } from "../api";
import { add } from "../cart/contents";
import { announce, cart } from "../shop";

const THANKS = 1_600;

/** Puts a product into the cart, and says so. */
export function AddButton({ product, quantity = 1 }: { product: Product; quantity?: number }) {
  const [added, setAdded] = useState(0);

  useEffect(() => {
    if (added === 0) return;
    const timer = setTimeout(() => setAdded(0), THANKS);
    return () => clearTimeout(timer);
  }, [added]);

  function put() {
    cart.change((contents) => add(contents, product, quantity));
    setAdded((times) => times + 1);
    announce(`${product.name} is in your cart.`);
  }

  return (
    <button type="button" className="add" disabled={product.stock <= 0} onClick={put}>
      {added > 0 ? "Added" : "Add to cart"}
      <span className="hidden">{`: ${product.name}`}</span>
    </button>
  );
}
