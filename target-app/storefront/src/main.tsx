import { createRoot, hydrateRoot } from "react-dom/client";

import { App } from "./app";
import type { Served } from "./pages/catalogue";
import { follow, place } from "./router";
import { takeUp } from "./shop";

const root = document.getElementById("root");
const initial = document.getElementById("initial")?.textContent;

if (root !== null) {
  const asked = place.get();
  if (initial !== undefined && initial !== null) {
    hydrateRoot(root, <App served={JSON.parse(initial) as Served} asked={asked} />);
  } else {
    createRoot(root).render(<App served={null} asked={asked} />);
  }
  follow();
  takeUp();
}
