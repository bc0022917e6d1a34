import { Link } from "../parts/link";

export function Nowhere() {
  return (
    <>
      <h1 tabIndex={-1}>There is no such page</h1>
      <p>
        <Link href="/">Go to the catalogue</Link>
      </p>
    </>
  );
}
