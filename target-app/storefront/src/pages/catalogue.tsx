import { type FormEvent, useEffect, useRef } from "react";

import { type Page, type Product, products } from "../api";
import { useLoaded } from "../loaded";
import { AddButton } from "../parts/add_button";
import { Link } from "../parts/link";
import { Skeleton } from "../parts/skeleton";
import { Trouble } from "../parts/trouble";
import { navigate } from "../router";
import { announce } from "../shop";
import { catalogueAddress, count, pictured, price, stock } from "../words";

/** How long a pause in typing asks for results. */
const PAUSE = 250;

/** What the server rendered and sent along. */
export interface Served {
  q: string;
  page: Page;
}

// The markup of this file is written by the shop too (src/shop/front_page.rs), and both are held to
// the pages in fixtures/.

export function Catalogue({ q, page, served }: { q: string; page: string; served: Served | null }) {
  const fits = served !== null && served.q === q && String(served.page.page) === page;
  const found = useLoaded(`${q}\n${page}`, (signal) => products(q, page, { signal }), fits ? served.page : null);
  const { value, stale, problem } = found;
  useToldResults(stale ? null : value, q);

  return (
    <>
      <div className="hero">
        <h1 tabIndex={-1}>Plain, good things for the home</h1>
        <Search q={q} />
      </div>
      {problem !== null && <Trouble what="The catalogue could not be loaded." problem={problem} retry={found.retry} />}
      {value === null ? problem === null && <Skeleton cards={8} of="the catalogue" /> : <Results q={q} page={value} stale={stale} />}
    </>
  );
}

function Search({ q }: { q: string }) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = useRef(q);

  // The address may change by itself: back, forward, a link.
  useEffect(() => {
    const input = field.current;
    const changed = shown.current !== q;
    shown.current = q;
    // At first the field stays as it is: someone may have typed before this script was there.
    if (changed && input !== null && input.value.trim() !== q && timer.current === undefined) input.value = q;
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function search() {
    clearTimeout(timer.current);
    timer.current = undefined;
    const typed = field.current?.value.trim() ?? "";
    if (typed !== q) navigate(catalogueAddress(typed, 1), "replace");
  }

  function typed() {
    clearTimeout(timer.current);
    timer.current = setTimeout(search, PAUSE);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    search();
  }

  return (
    <search>
      <form className="search" action="/" onSubmit={submit}>
        <label htmlFor="q">Search the catalogue</label>
        <input ref={field} id="q" name="q" type="search" autoComplete="off" defaultValue={q} onChange={typed} />
        <button type="submit">Search</button>
      </form>
    </search>
  );
}

function Results({ q, page, stale }: { q: string; page: Page; stale: boolean }) {
  return (
    <section className="results" aria-labelledby="found" aria-busy={stale}>
      <h2 id="found">{found(page, q)}</h2>
      {page.items.length === 0 ? (
        <p className="empty">
          <Link href="/">Show everything</Link>
        </p>
      ) : (
        <ul className="cards">
          {page.items.map((product) => (
            <Card key={product.id} product={product} />
          ))}
        </ul>
      )}
      {page.pages > 1 && <Pages q={q} page={page} />}
    </section>
  );
}

function found(page: Page, q: string): string {
  const products = page.total === 0 ? "Nothing" : count(page.total, "product");
  return q === "" ? products : `${products} for “${q}”`;
}

function Card({ product }: { product: Product }) {
  const left = stock(product.stock);
  return (
    <li className="card">
      <span className={pictured(product.name)} aria-hidden="true" />
      <h3>
        <Link href={`/product/${product.id}`}>{product.name}</Link>
      </h3>
      <p className="about">{product.description}</p>
      <p className="price">{price(product.price_cents)}</p>
      <p className={`stock ${left.level}`}>{left.text}</p>
      <AddButton product={product} />
    </li>
  );
}

function Pages({ q, page: { page, pages } }: { q: string; page: Page }) {
  return (
    <nav className="pages" aria-label="Pages of the catalogue">
      {page > 1 ? (
        <Link rel="prev" href={catalogueAddress(q, Math.min(page - 1, pages))}>
          Previous
        </Link>
      ) : (
        <span aria-hidden="true">Previous</span>
      )}
      <p>{`Page ${page} of ${pages}`}</p>
      {page < pages ? (
        <Link rel="next" href={catalogueAddress(q, page + 1)}>
          Next
        </Link>
      ) : (
        <span aria-hidden="true">Next</span>
      )}
    </nav>
  );
}

/** New results are told to who cannot see them; those that came with the page are just there. */
function useToldResults(page: Page | null, q: string) {
  const told = useRef(page);
  useEffect(() => {
    if (page === null || page === told.current) return;
    told.current = page;
    announce(`${found(page, q)}. Page ${page.page} of ${page.pages}.`);
  }, [page, q]);
}
