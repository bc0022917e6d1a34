// Amounts and short texts. What the server writes too is held to one list of cases for both:
// fixtures/words.json.

/** `€1,234.05` */
export function price(cents: number): string {
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `€${whole}.${String(cents % 100).padStart(2, "0")}`;
}

/** `2,000 products` */
export function count(number: number, one: string, many = `${one}s`): string {
  const figure = String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${figure} ${number === 1 ? one : many}`;
}

export interface Stock {
  level: "in" | "low" | "out";
  text: string;
}

export function stock(left: number): Stock {
  if (left <= 0) return { level: "out", text: "Sold out" };
  if (left < 10) return { level: "low", text: `Only ${left} left` };
  return { level: "in", text: "In stock" };
}

/** Classes of a product's picture: `Plain oak mug` is a mug of oak. */
export function pictured(name: string): string {
  const words = name.toLowerCase().split(" ");
  const [material, thing] = words.slice(-2).map((word) => word.replace(/[^a-z0-9]/g, ""));
  return `art m-${material ?? ""} t-${thing ?? ""}`;
}

/** Where a page of the catalogue is. */
export function catalogueAddress(q: string, page: number): string {
  const parts = [];
  if (q !== "") parts.push(`q=${encodeURIComponent(q)}`);
  if (page > 1) parts.push(`page=${page}`);
  return parts.length === 0 ? "/" : `/?${parts.join("&")}`;
}

/** `21 November 2026, 14:17` where the reader is. */
export function moment(rfc3339: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return rfc3339;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" }).format(date);
}
