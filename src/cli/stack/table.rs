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
    text
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
    writeln!(out, "database  {}", stack.database_endpoint)?;
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
    for node in &stack.database.nodes {
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
