// Turns what Vite builds into what the shop embeds: the page with its frame, every asset also
// compressed, and a Rust table of them all.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { type Plugin, runnerImport } from "vite";

const KINDS: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Gzipped bytes of all that a visitor loads besides the page. */
const MOST = 80 * 1024;

export function embed(): Plugin {
  let folder = "";
  return {
    name: "embed",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async transformIndexHtml(html) {
      const { module } = await runnerImport<typeof import("./frame")>("./build/frame.tsx");
      return html.replace("<!--frame-->", () => module.frame()).replace(/>\s+</g, "><");
    },
    closeBundle() {
      table(folder);
    },
  };
}

function table(folder: string): void {
  const assets = join(folder, "assets");
  const names = readdirSync(assets).filter((name) => extname(name) in KINDS);
  let gzipped = 0;
  const rows = names.sort().map((name) => {
    const raw = readFileSync(join(assets, name));
    const gzip = gzipSync(raw, { level: 9 });
    gzipped += gzip.length;
    writeFileSync(join(assets, `${name}.gz`), gzip);
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    return row(name, createHash("sha256").update(raw).digest("hex").slice(0, 16));
  });
  if (gzipped > MOST) throw new Error(`the assets are ${gzipped} bytes gzipped, more than ${MOST}`);
  writeFileSync(join(folder, "assets.rs"), `// Written by build/embed.ts.\n&[\n${rows.join("")}]\n`);
}

function row(name: string, digest: string): string {
  const kind = KINDS[extname(name)];
  return `    Asset {
        name: "${name}",
        kind: "${kind}",
        etag: "\\"${digest}\\"",
        plain: include_bytes!("assets/${name}"),
        gzip: include_bytes!("assets/${name}.gz"),
        brotli: include_bytes!("assets/${name}.br"),
    },
`;
}
