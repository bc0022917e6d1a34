// Written by build/embed.ts.
&[
    Asset {
        name: "icon-BYjqiEAk.svg",
        kind: "image/svg+xml",
        etag: "\"52309fcccc0e7302\"",
        plain: include_bytes!("assets/icon-BYjqiEAk.svg"),
        gzip: include_bytes!("assets/icon-BYjqiEAk.svg.gz"),
        brotli: include_bytes!("assets/icon-BYjqiEAk.svg.br"),
    },
    Asset {
        name: "index-V1e48C8n.js",
        kind: "text/javascript; charset=utf-8",
        etag: "\"a48dcdcc14145d31\"",
        plain: include_bytes!("assets/index-V1e48C8n.js"),
        gzip: include_bytes!("assets/index-V1e48C8n.js.gz"),
        brotli: include_bytes!("assets/index-V1e48C8n.js.br"),
    },
    Asset {
        name: "index-vB3CPGMc.css",
        kind: "text/css; charset=utf-8",
        etag: "\"0d3c1bb4f248615a\"",
        plain: include_bytes!("assets/index-vB3CPGMc.css"),
        gzip: include_bytes!("assets/index-vB3CPGMc.css.gz"),
        brotli: include_bytes!("assets/index-vB3CPGMc.css.br"),
    },
]
