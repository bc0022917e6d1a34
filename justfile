# The commands that CI runs, for people. `just` lists them.

_default:
    @just --list

# The main job: the bundled shop under load while a pod dies, the database fails over and a zone drains
demo:
    ci/setup && cargo run --release -- run scenarios/checkout.toml

# All tests
test *ARGS:
    ci/setup --test && cargo nextest run --workspace --all-features {{ARGS}}

# Format, lints, tests: exactly what CI runs
ci:
    .ci/run

# Format everything
fmt:
    cargo fmt --all

# Lints, warnings denied
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# What is depended on: licences, sources, duplicates, advisories
deny *ARGS:
    ci/deny {{ARGS}}

# Fuzz what is read from outside: `scenario` files, or `extract` for JSON of answers (needs `cargo install cargo-fuzz`)
fuzz SECONDS="600" TARGET="scenario":
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{TARGET}} -- -max_total_time={{SECONDS}} -rss_limit_mb=2048

# Instructions per request of the hot path, against their limits
instructions *ARGS:
    cargo bench --bench instructions -- {{ARGS}}

# Load generators beside each other; `-- --write` puts the table into docs/performance.md
peers *ARGS:
    cargo bench --bench peers {{ARGS}}

# Micro-benchmarks of the hot path, each beside a naive way of doing the same
micro *ARGS:
    cargo bench --bench micro {{ARGS}}
