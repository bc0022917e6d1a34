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
        name: "index-BEzdkmwU.css",
        kind: "text/css; charset=utf-8",
        etag: "\"6c3055bc3db83af2\"",
        plain: include_bytes!("assets/index-BEzdkmwU.css"),
        gzip: include_bytes!("assets/index-BEzdkmwU.css.gz"),
        brotli: include_bytes!("assets/index-BEzdkmwU.css.br"),
    },
    Asset {
        name: "index-m8IOIn1D.js",
        kind: "text/javascript; charset=utf-8",
        etag: "\"3928fa5c78cbb70c\"",
        plain: include_bytes!("assets/index-m8IOIn1D.js"),
        gzip: include_bytes!("assets/index-m8IOIn1D.js.gz"),
        brotli: include_bytes!("assets/index-m8IOIn1D.js.br"),
    },
]
