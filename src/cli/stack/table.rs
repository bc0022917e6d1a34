//! A stack's status for people.

use std::fmt::Write;

use target_app::api::{DatabaseRole, LinkMode, PodState, StackStatus, ZoneState};

/// Colours of a terminal, or none.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Good,
    Bad,
    Plain,
}

/// The table, ending with a line break.
pub(super) fn render(stack: &StackStatus, colour: bool) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, stack, colour);
    let lines = text.lines().map(str::trim_end);
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn write_all(out: &mut String, stack: &StackStatus, colour: bool) -> std::fmt::Result {
    let paint = |tone, word: &str, width| paint(colour, tone, word, width);
    let health = if stack.healthy {
        paint(Tone::Good, "healthy", 0)
    } else {
        paint(Tone::Bad, "not healthy", 0)
    };
    writeln!(out, "stack     {}  {health}", stack.spec.name)?;
    writeln!(out, "shop      {}", stack.edge_url)?;
    if let Some(ca) = &stack.ca {
        writeln!(out, "trust     {}", ca.display())?;
    }
    writeln!(out, "database  {}", stack.database_endpoint)?;
    if let Some(mail) = &stack.mail {
        writeln!(out, "mail      {}/books", mail.url)?;
    }
    writeln!(out, "folder    {}", stack.root.display())?;
    writeln!(out, "\nZONE      STATE      ADDRESS")?;
    for zone in &stack.zones {
        let (tone, state) = zone_state(zone.state);
        let state = paint(tone, state, 9);
        writeln!(out, "{:<8}  {state}  {}", zone.name, zone.address)?;
    }
    writeln!(
        out,
        "\nNAME            ZONE      STATE       PROCESS  ADDRESS"
    )?;
    for pod in &stack.pods {
        let (tone, state) = pod_state(pod.state);
        let state = paint(tone, state, 10);
        let pid = number(pod.pid);
        let (name, zone) = (&pod.name, &pod.zone);
        writeln!(
            out,
            "{name:<14}  {zone:<8}  {state}  {pid:<7}  {}",
            pod.address
        )?;
    }
    for node in stack.databases().flat_map(|database| &database.nodes) {
        let (tone, role) = node_role(node.role);
        let role = paint(tone, role, 10);
        let pid = number(node.pid);
        let (name, zone) = (&node.name, &node.zone);
        writeln!(
            out,
            "{name:<14}  {zone:<8}  {role}  {pid:<7}  {}",
            node.address
        )?;
    }
    let disturbed: Vec<_> = stack
        .links
        .iter()
        .filter(|l| l.mode != LinkMode::Pass)
        .collect();
    writeln!(
        out,
        "\n{} links, {} disturbed",
        stack.links.len(),
        disturbed.len()
    )?;
    for link in disturbed {
        let mode = paint(Tone::Bad, &link_mode(link.mode), 0);
        writeln!(
            out,
            "  {} ({} to {}): {mode}",
            link.name, link.from, link.to
        )?;
    }
    for problem in &stack.problems {
        writeln!(out, "{} {problem}", paint(Tone::Bad, "!", 0))?;
    }
    Ok(())
}

fn paint(colour: bool, tone: Tone, word: &str, width: usize) -> String {
    let code = match tone {
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Plain => return format!("{word:<width$}"),
    };
    if colour {
        format!("\x1b[{code}m{word:<width$}\x1b[0m")
    } else {
        format!("{word:<width$}")
    }
}

fn zone_state(state: ZoneState) -> (Tone, &'static str) {
    match state {
        ZoneState::Up => (Tone::Good, "up"),
        ZoneState::Drained => (Tone::Bad, "drained"),
        ZoneState::Out => (Tone::Bad, "out"),
    }
}

fn pod_state(state: PodState) -> (Tone, &'static str) {
    match state {
        PodState::Starting => (Tone::Plain, "starting"),
        PodState::Ready => (Tone::Good, "ready"),
        PodState::Unready => (Tone::Bad, "unready"),
        PodState::Draining => (Tone::Plain, "draining"),
        PodState::Gone => (Tone::Bad, "gone"),
    }
}

fn node_role(role: DatabaseRole) -> (Tone, &'static str) {
    match role {
        DatabaseRole::Primary => (Tone::Good, "primary"),
        DatabaseRole::Standby => (Tone::Good, "standby"),
        DatabaseRole::Replica => (Tone::Good, "read replica"),
        DatabaseRole::Rebuilding => (Tone::Plain, "rebuilding"),
        DatabaseRole::Down => (Tone::Bad, "down"),
    }
}

fn link_mode(mode: LinkMode) -> String {
    match mode {
        LinkMode::Pass => "passes".into(),
        LinkMode::Delay {
            delay_ms,
            jitter_ms,
        } => format!("{delay_ms} ± {jitter_ms} ms late"),
        LinkMode::Silent => "silent".into(),
        LinkMode::Reset => "resets".into(),
        LinkMode::Refuse => "refuses".into(),
    }
}

fn number(pid: Option<u32>) -> String {
    pid.map_or_else(|| "-".into(), |pid| pid.to_string())
}

#[cfg(test)]
mod tests {
    use target_app::api::{Database, Link, Pod, StackSpec, Zone};

    use super::*;

    fn stack() -> StackStatus {
        StackStatus {
            workloads: Vec::new(),
            metrics: Vec::new(),
            spec: StackSpec::default(),
            pid: 1,
            root: "/dev/shm/x".into(),
            edge_url: "http://127.0.0.1:8080".into(),
            ca: None,
            database_endpoint: "127.0.0.1:5432".into(),
            mail: None,
            healthy: false,
            problems: vec!["zone b is out".into()],
            zones: vec![Zone {
                name: "b".into(),
                address: "127.0.2.1".into(),
                state: ZoneState::Out,
            }],
            pods: vec![Pod {
                name: "shop-1".into(),
                app: "shop".into(),
                zone: "b".into(),
                pid: None,
                address: String::new(),
                state: PodState::Gone,
                labels: std::collections::BTreeMap::new(),
            }],
            shards: Vec::new(),
            database: Database {
                nodes: Vec::new(),
                synchronous: false,
                redundant: false,
                endpoint_target: None,
            },
            links: vec![Link {
                name: "edge->shop-1".into(),
                from: "edge".into(),
                to: "b".into(),
                mode: LinkMode::Silent,
            }],
            open_changes: Vec::new(),
            isolation: "ports".into(),
            last_event: 0,
        }
    }

    #[test]
    fn reads_well_without_colour() {
        insta::assert_snapshot!(render(&stack(), false), @r"
        stack     default  not healthy
        shop      http://127.0.0.1:8080
        database  127.0.0.1:5432
        folder    /dev/shm/x

        ZONE      STATE      ADDRESS
        b         out        127.0.2.1

        NAME            ZONE      STATE       PROCESS  ADDRESS
        shop-1          b         gone        -

        1 links, 1 disturbed
          edge->shop-1 (edge to b): silent
        ! zone b is out
        ");
    }

    #[test]
    fn colour_changes_nothing_else() {
        let coloured = render(&stack(), true);
        assert!(coloured.contains("\x1b[31mnot healthy\x1b[0m"));
        let plain = coloured.replace("\x1b[31m", "").replace("\x1b[0m", "");
        assert_eq!(plain, render(&stack(), false));
    }
}
