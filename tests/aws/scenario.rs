//! Small scenarios with one fault on AWS, and a target that is always well.

use crate::support::target::{Reply, Target};

/// A target that answers everything at once.
pub(crate) fn well() -> Target {
    Target::serve(|_| Reply::Ok("ok".into()))
}

/// `[aws]` and the fault's own keys, under a light load of so many seconds.
pub(crate) fn with(target: &Target, aws: &str, fault: &str, seconds: u32) -> String {
    format!(
        r#"name = "aws"
seed = 7
[target]
base_url = "{}"
[aws]
{aws}
[[load]]
journey = "look"
users = [{{ count = 1, for = "{seconds}s" }}]
[[journey]]
name = "look"
think = "20ms"
steps = [{{ name = "page", get = "/" }}]
[guard]
healthy_before = "100ms"
[slo]
held_for = "200ms"
[[fault]]
name = "it"
provider = "aws"
at = "300ms"
{fault}
"#,
        target.url
    )
}
