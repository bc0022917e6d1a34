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
        name: "index-D01XGUv0.js",
        kind: "text/javascript; charset=utf-8",
        etag: "\"228f3a1139762886\"",
        plain: include_bytes!("assets/index-D01XGUv0.js"),
        gzip: include_bytes!("assets/index-D01XGUv0.js.gz"),
        brotli: include_bytes!("assets/index-D01XGUv0.js.br"),
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
