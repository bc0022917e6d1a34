// The page around every view, as React renders it: what the shop sends and the browser takes over.
import { renderToString } from "react-dom/server";

import { empty } from "../src/cart/keeper";
import { idle } from "../src/checkout/machine";
import { Frame } from "../src/parts/frame";

/** Where the view goes. */
export const VIEW = "<!--view-->";

export function frame(): string {
  const held = "\u0000";
  const html = renderToString(
    <Frame path="/" session={null} cart={empty} purchase={idle} news="">
      {held}
    </Frame>,
  );
  // A zero byte is told as one that cannot be shown.
  return html.replace(/\u0000|\uFFFD/, VIEW);
}
