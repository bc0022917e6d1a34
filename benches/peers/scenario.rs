//! What loadtest itself is given: scenarios as a user would write them.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::contest::Exchange;

/// Writes the scenario of an exchange into `folder`.
pub(crate) fn write(
    exchange: Exchange,
    url: &str,
    users: usize,
    seconds: u64,
    folder: &Path,
) -> Result<PathBuf> {
    let (name, http, steps) = match exchange {
        Exchange::Plain => ("plain", "", GET),
        Exchange::Journey => ("journey", "", JOURNEY),
        Exchange::Tls => ("tls", "insecure = true", GET),
        Exchange::Http2 => ("http2", "insecure = true\nversion = \"2\"", GET),
    };
    let text = format!(
        r#"
name = "{name}"
seed = 1

[target]
base_url = "{url}"

[http]
{http}

[[load]]
journey = "journey"
users = [{{ count = {users}, for = "{seconds}s" }}]

[[journey]]
name = "journey"
{steps}"#
    );
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, text)?;
    Ok(file)
}

const GET: &str = r#"
[[journey.step]]
name = "products"
get = "/api/products"
expect = { status = 200 }
"#;

const JOURNEY: &str = r#"
[[journey.step]]
name = "log in"
post = "/api/sessions"
json = { email = "c${random(1, 1000)}@shop.example", password = "secret-7" }
expect = { status = 200, json = { "$.customer.id" = "present" } }
capture = { token = "$.token" }

[[journey.step]]
name = "list products"
get = "/api/products?page=${random(1, 10)}"
headers = { Authorization = "Bearer ${token}" }
expect = { status = 200, json = { "$.pages" = 10 } }
capture = { product = { json = "$.items[*].id", pick = "random" } }

[[journey.step]]
name = "show product"
get = "/api/products/${product}"
headers = { Authorization = "Bearer ${token}" }
expect = { status = 200 }

[[journey.step]]
name = "place order"
post = "/api/orders"
headers = { Authorization = "Bearer ${token}" }
json = { items = [{ product = "${num(product)}", quantity = "${random(1, 3)}" }] }
expect = { status = 201, json = { "$.status" = "confirmed" } }

[[journey.step]]
name = "show order"
get = "/api/orders/4711"
headers = { Authorization = "Bearer ${token}" }
expect = { status = 200 }
"#;
