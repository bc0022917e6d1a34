// The pages in fixtures/ are what React renders. The shop's own tests hold its markup to the same
// files, so that the script finds what it would have made.
import { readFileSync } from "node:fs";

import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";

import { Catalogue, type Served } from "../src/pages/catalogue";
import { price } from "../src/words";

const fixture = (name: string): unknown => JSON.parse(readFileSync(`fixtures/${name}.json`, "utf8"));

test.each(["first", "middle", "found", "nothing", "odd"])("the page `%s` is rendered as it is served", async (name) => {
  const served = fixture(name) as Served;
  const html = renderToString(<Catalogue q={served.q} page={String(served.page.page)} served={served} />);
  await expect(html).toMatchFileSnapshot(`../fixtures/${name}.html`);
});

test("prices are written as the server writes them", () => {
  const { prices } = fixture("words") as { prices: [number, string][] };
  for (const [cents, text] of prices) expect(price(cents)).toBe(text);
});
