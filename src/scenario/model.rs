//! A scenario as the rest of the program sees it: parsed, resolved, checked.
//!
//! Names have become indices, texts have become compiled templates; whatever reaches this model is
//! known to be sound, so nothing downstream parses or looks anything up by name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::extract::{JsonPath, Pattern};
use super::template::Template;

/// Index into [`Scenario::journeys`].
pub type JourneyId = usize;
/// Index into [`Scenario::steps`]: unique over all journeys.
pub type StepId = usize;
/// Index into [`Scenario::faults`].
pub type FaultId = usize;

/// One scenario file, with the command line's overrides applied.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Names the run folder and the JUnit class.
    pub name: String,
    /// For people.
    pub description: String,
    /// Makes a run repeatable: data, think times, arrivals, targets picked.
    pub seed: u64,
    /// Where it came from.
    pub source: Source,
    /// What is loaded.
    pub target: Target,
    /// How requests are made unless a step says otherwise.
    pub http: HttpDefaults,
    /// CSV data that templates draw from.
    pub data: Vec<DataSet>,
    /// Who arrives when.
    pub loads: Vec<Load>,
    /// User paths.
    pub journeys: Vec<Journey>,
    /// All steps of all journeys, in order; journeys refer to them by index.
    pub steps: Vec<Step>,
    /// How many variable slots an iteration needs.
    pub slots: usize,
    /// Faults in the file's order.
    pub faults: Vec<Fault>,
    /// When this is no experiment any more.
    pub guard: Guard,
    /// What "healthy" means, for guards, recovery and the error budget.
    pub slo: Slo,
    /// Rules that decide the verdict.
    pub gates: Vec<Gate>,
}

/// The file a scenario was read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user named it.
    pub path: PathBuf,
    /// The file's text.
    pub text: String,
    /// Hash of text and overrides, hexadecimal: equal means comparable.
    pub hash: String,
    /// `--set`, `--duration`, `--scale` … as given, for the report.
    pub overrides: Vec<String>,
}

/// What is loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The bundled shop on this machine; started for the run if none is up.
    Stack(StackTarget),
    /// Any HTTP system.
    Url(String),
}

/// What the stack must consist of.
#[derive(Debug, Clone, PartialEq)]
pub struct StackTarget {
    /// Which stack: the one that `stack up` started under this name, else a fresh one.
    pub spec: target_app::api::StackSpec,
}

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpDefaults {
    /// From send to last byte.
    pub timeout: Duration,
    /// Whether 3xx answers with a `Location` are followed (at most 10).
    pub redirects: bool,
    /// Sent with every request.
    pub headers: Vec<(String, Template)>,
    /// Whether each iteration keeps cookies from its answers.
    pub cookies: bool,
    /// Accept any certificate. An explicit choice.
    pub insecure: bool,
}

/// Rows of a CSV file.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// As templates name it.
    pub name: String,
    /// Column names.
    pub columns: Vec<String>,
    /// Row-major cells.
    pub rows: Vec<Vec<String>>,
    /// How rows are handed to iterations.
    pub order: DataOrder,
}

/// How rows are handed to iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataOrder {
    /// In the file's order, from the start again at the end.
    Sequential,
    /// In a seeded random order, each once before any comes twice.
    Shuffle,
    /// Seeded, independent draws.
    Random,
    /// Each row at most once in a run; running out ends the load with an error.
    Unique,
}

/// Who arrives when.
#[derive(Debug, Clone)]
pub struct Load {
    /// For people: the journey's name, or the given one.
    pub name: String,
    /// What they do, with weights (all positive).
    pub journeys: Vec<(JourneyId, u32)>,
    /// Open or closed.
    pub shape: Shape,
}

/// Open or closed model.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Iterations start on schedule, whatever the target does.
    Arrivals {
        /// Consecutive, from the run's start.
        segments: Vec<RateSegment>,
        /// How they are spaced.
        spread: Spread,
        /// At most this many iterations at once; more wait, and their wait counts as response time.
        max_users: usize,
    },
    /// This many users loop.
    Users {
        /// Consecutive, from the run's start.
        segments: Vec<UserSegment>,
    },
}

/// A stretch of an arrival schedule: the rate changes linearly (a hold has `from == to`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateSegment {
    /// Iterations per second at its start.
    pub from: f64,
    /// Iterations per second at its end.
    pub to: f64,
    /// Its length.
    pub over: Duration,
}

/// A stretch of a user schedule: the count changes linearly (a hold has `from == to`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSegment {
    /// Users at its start.
    pub from: usize,
    /// Users at its end.
    pub to: usize,
    /// Its length.
    pub over: Duration,
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Equal distances.
    Even,
    /// Exponential distances from the seed, as independent users arrive.
    Poisson,
}

/// A scripted user path.
#[derive(Debug, Clone)]
pub struct Journey {
    /// As gates and reports name it.
    pub name: String,
    /// Its steps, in order.
    pub steps: std::ops::Range<StepId>,
    /// Pause between steps.
    pub think: Think,
    /// Closed users start iterations at least this far apart.
    pub pacing: Option<Duration>,
    /// What happens to the rest of an iteration when a step fails.
    pub on_failure: OnFailure,
}

/// What happens to the rest of an iteration when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The iteration ends: later steps need what this one would have captured.
    Stop,
    /// The next step is tried.
    Continue,
}

/// Pause between steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Think {
    /// None.
    None,
    /// Always the same.
    Constant(Duration),
    /// Uniform between the two.
    Uniform(Duration, Duration),
    /// Exponential with this mean, cut at ten times the mean.
    Exponential(Duration),
}

/// One request of a journey.
#[derive(Debug, Clone)]
pub struct Step {
    /// As gates and reports name it.
    pub name: String,
    /// The journey it belongs to.
    pub journey: JourneyId,
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query (`/api/x?y=z`), or an absolute URL.
    pub url: Template,
    /// Besides the defaults; same names replace them.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// What makes the answer a success. Without a status rule any status below 400 is one.
    pub expect: Expect,
    /// What later steps need.
    pub captures: Vec<Capture>,
    /// From send to last byte.
    pub timeout: Duration,
    /// Whether 3xx answers are followed.
    pub redirects: bool,
    /// Instead of the journey's.
    pub think: Option<Think>,
    /// This write must still be there at the end.
    pub ledger: Option<LedgerRule>,
}

impl Step {
    /// Whether it changes something: everything but GET, HEAD and OPTIONS.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON text with templates inside; `Content-Type: application/json` unless given.
    Json(Template),
    /// `application/x-www-form-urlencoded`; values are encoded when rendered.
    Form(Vec<(String, Template)>),
    /// These bytes.
    Raw(Template),
}

/// What makes an answer a success.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Allowed statuses; empty: any below 400.
    pub status: Vec<StatusRule>,
    /// JSON paths and what they must yield.
    pub json: Vec<(JsonPath, ValueRule)>,
    /// Header names (lower case) and what their value must be.
    pub headers: Vec<(String, ValueRule)>,
    /// Texts that must occur in the body.
    pub body_contains: Vec<Template>,
    /// Texts that must not.
    pub body_lacks: Vec<Template>,
    /// A regular expression that must match the body.
    pub body_matches: Option<Pattern>,
    /// Service time limit.
    pub within: Option<Duration>,
}

/// An allowed status or class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusRule {
    /// `201`
    Exactly(u16),
    /// `2xx` is `Between(200, 299)`.
    Between(u16, u16),
}

impl StatusRule {
    /// Whether the status is allowed.
    #[must_use]
    pub fn allows(self, status: u16) -> bool {
        match self {
            Self::Exactly(code) => code == status,
            Self::Between(low, high) => (low..=high).contains(&status),
        }
    }
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum ValueRule {
    /// There at all, and not null.
    Present,
    /// Not there, or null.
    Absent,
    /// Equal to this text once rendered (numbers and booleans by their JSON text).
    Equals(Template),
    /// Contains this text once rendered.
    Contains(Template),
    /// Matches.
    Matches(Pattern),
}

/// A value taken from an answer into a variable slot.
#[derive(Debug, Clone)]
pub struct Capture {
    /// For messages.
    pub name: String,
    /// Where it goes.
    pub slot: usize,
    /// Where it comes from.
    pub from: CaptureFrom,
    /// Which one, of several.
    pub pick: Pick,
    /// Used when nothing is found; without it that is an error of the step.
    pub default: Option<String>,
}

/// Where a capture comes from.
#[derive(Debug, Clone)]
pub enum CaptureFrom {
    /// Body as JSON.
    Json(JsonPath),
    /// Body as text: the first group, or the whole match.
    Regex(Pattern),
    /// A header, by lower-case name.
    Header(String),
    /// A cookie that this answer sets.
    Cookie(String),
}

/// Which one, of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first.
    First,
    /// The last.
    Last,
    /// A seeded random one.
    Random,
    /// All of them, as a list for `random_of(name)`, or joined by commas in text.
    All,
}

/// A write that must still be there at the end.
#[derive(Debug, Clone)]
pub struct LedgerRule {
    /// Unique per write.
    pub key: Template,
    /// Read after the run, through the writer: 2xx means present, 404 and 410 absent.
    pub read_back: Template,
    /// How many copies the read-back says there are, to find duplicates; without it only presence.
    pub copies: Option<JsonPath>,
}

/// One thing done to the infrastructure.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// As gates and reports name it.
    pub name: String,
    /// What is done.
    pub kind: FaultKind,
    /// When.
    pub start: FaultStart,
    /// How long it is held before it is undone; kinds that undo themselves have none.
    pub hold: Option<Duration>,
    /// What it acts through.
    pub provider: ProviderKind,
    /// Do it although it leaves nothing to carry the load.
    pub force: bool,
}

/// What a fault acts through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// The bundled stack's control plane.
    Local,
    /// A Kubernetes API server.
    Kubernetes,
    /// Amazon Web Services.
    Aws,
}

/// When a fault starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStart {
    /// This long after the load's start.
    At(Duration),
    /// After another fault has recovered and stayed so.
    After {
        /// The other one.
        fault: FaultId,
        /// For this long.
        recovered_for: Duration,
    },
}

/// The catalogue.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// SIGKILL (or SIGTERM with grace) pods.
    PodKill {
        /// Which.
        pods: PodSelector,
        /// Between SIGTERM and SIGKILL; zero: SIGKILL at once.
        grace: Duration,
    },
    /// Stop pods without ending them.
    PodHang {
        /// Which.
        pods: PodSelector,
    },
    /// A planned failover of the database.
    DbFailover {
        /// Instead of the stack's own.
        profile: Option<target_app::api::FailoverProfile>,
    },
    /// The primary dies.
    DbCrash {
        /// Instead of the stack's own.
        profile: Option<target_app::api::FailoverProfile>,
    },
    /// A zone is emptied in good order.
    ZoneDrain {
        /// Its name.
        zone: String,
    },
    /// A zone is lost at once.
    ZoneOutage {
        /// Its name.
        zone: String,
    },
    /// Links become slow.
    LinkDelay {
        /// Which.
        links: LinkSelector,
        /// Added one way.
        delay: Duration,
        /// Uniform, plus or minus.
        jitter: Duration,
    },
}

impl FaultKind {
    /// As the scenario writes it: `pod-kill`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PodKill { .. } => "pod-kill",
            Self::PodHang { .. } => "pod-hang",
            Self::DbFailover { .. } => "db-failover",
            Self::DbCrash { .. } => "db-crash",
            Self::ZoneDrain { .. } => "zone-drain",
            Self::ZoneOutage { .. } => "zone-outage",
            Self::LinkDelay { .. } => "link-delay",
        }
    }
}

/// Which pods. Every given condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSelector {
    /// Exact name.
    pub name: Option<String>,
    /// The label `app`.
    pub app: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How many of those that match.
    pub pick: PickCount,
}

/// How many of those that match; which ones is the seed's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickCount {
    /// Every one.
    All,
    /// This many; fewer matching is an error.
    Count(u32),
    /// This share, rounded up, 1 to 100.
    Percent(u32),
}

/// Which links. Every given condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSelector {
    /// Name, with `*` as wildcard.
    pub name: Option<String>,
    /// Zone (or `edge`) at the start.
    pub from: Option<String>,
    /// Zone at the end.
    pub to: Option<String>,
}

/// When this is no experiment any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// A fault starts only after the target met the SLO for this long.
    pub healthy_before: Duration,
    /// How long a fault may wait for that before the run is given up as invalid.
    pub wait_at_most: Duration,
    /// Stop the load, undo, report.
    pub abort_when: Vec<AbortRule>,
}

/// A condition over a sliding window.
#[derive(Debug, Clone, PartialEq)]
pub struct AbortRule {
    /// What is watched.
    pub metric: Metric,
    /// Above or below what.
    pub op: CompareOp,
    /// In the metric's unit: ratio, µs, per second.
    pub limit: f64,
    /// For how long.
    pub window: Duration,
    /// As written.
    pub text: String,
}

/// What "healthy" means.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    /// Share of requests that must succeed, over the error budget's period and in a healthy window.
    pub availability: f64,
    /// Response time p99 in a healthy window; none: latency does not decide health.
    pub p99: Option<Duration>,
    /// A fault has recovered when the SLO held for this long after it.
    pub held_for: Duration,
}

/// A rule that decides the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Stable, without values: `journey:buy/steady/p95`, `fault:database fails over/recovered_within`.
    pub id: String,
    /// What it looks at.
    pub subject: GateSubject,
    /// As written, for people.
    pub text: String,
    /// Line in the scenario file, from 1.
    pub line: usize,
}

/// What a gate looks at. Each expectation of the file becomes one gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateSubject {
    /// A measured value within a limit.
    Measured {
        /// Over what.
        scope: Scope,
        /// When.
        during: PhaseSelector,
        /// What.
        check: Check,
    },
    /// Something about a fault.
    Recovery {
        /// Which.
        fault: FaultId,
        /// What.
        check: RecoveryCheck,
    },
}

/// Over what a gate looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All requests.
    Run,
    /// Those of a journey.
    Journey(JourneyId),
    /// Those of a step.
    Step(StepId),
}

/// When a gate looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhaseSelector {
    /// Always.
    Whole,
    /// While any load's schedule rises at the start.
    Ramp,
    /// Full load, no fault's window.
    Steady,
    /// Any fault's window.
    Faults,
    /// A fault's window: from its acceptance until the SLO held again and it was undone.
    Fault(FaultId),
    /// After a fault's window, until steady again.
    Recovery,
}

/// A measured value and its limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What.
    pub metric: Metric,
    /// How it compares.
    pub op: CompareOp,
    /// In the metric's unit: ratio (0…1), microseconds, per second, count.
    pub limit: f64,
}

/// A quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Response time at a quantile 0…1, microseconds, all answers.
    Response(f64),
    /// Service time at a quantile 0…1, microseconds, all answers.
    Service(f64),
    /// Mean response time, microseconds.
    Mean,
    /// Failed requests ÷ requests.
    Errors,
    /// 1 − errors.
    Availability,
    /// Requests per second.
    Rate,
    /// Requests.
    Count,
    /// Iterations started ÷ iterations scheduled (open model).
    OfferedRateMet,
}

/// How a value compares to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

impl CompareOp {
    /// Whether the comparison holds.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::Greater => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => (value - limit).abs() <= f64::EPSILON * limit.abs().max(1.0),
        }
    }
}

/// Something about a fault that must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum RecoveryCheck {
    /// RTO at most this.
    RecoveredWithin(Duration),
    /// Acknowledged writes of the run that are gone, at most this many.
    LostWrites(u64),
    /// Time without any success, at most this.
    Unavailable(Duration),
    /// Failed requests in its window, at most this many.
    FailedRequests(u64),
    /// It was undone completely.
    Undone,
}
