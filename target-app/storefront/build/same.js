// Says whether two builds are the same: `node build/same.js COMMITTED BUILT`. Compressed files are
// compared by what they hold, since compressors differ from one version of Node.js to the next.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

const [committed, built] = process.argv.slice(2);

function contents(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(folder.length + 1), held(file)]));
}

function held(file) {
  const bytes = readFileSync(file);
  if (file.endsWith(".gz")) return gunzipSync(bytes);
  if (file.endsWith(".br")) return brotliDecompressSync(bytes);
  return bytes;
}

const [before, after] = [contents(committed), contents(built)];
const names = new Set([...before.keys(), ...after.keys()]);
const different = [...names].filter((name) => !before.get(name)?.equals(after.get(name) ?? Buffer.alloc(0)));
if (different.length > 0) {
  console.error(`storefront: dist/ is not what its sources build to: ${different.sort().join(", ")}`);
  console.error("storefront: run target-app/storefront/check --write and commit the result");
  process.exit(1);
}
