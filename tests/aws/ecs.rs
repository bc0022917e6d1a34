//! A double of ECS's calls for one service: moto's tasks cannot be read by AWS's own SDK, and no
//! service of its starts another task.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::proxy::Asked;
use super::world::{ALLOW, World};

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/default";
const ZONES: [&str; 2] = ["us-east-1a", "us-east-1b"];

#[derive(Debug, Clone)]
struct Task {
    arn: String,
    zone: &'static str,
    /// Why it was stopped; none: it runs.
    stopped: Option<String>,
}

/// The service `shop`, which opts in and keeps its number of tasks.
#[derive(Debug, Clone)]
pub(super) struct Ecs(Arc<Mutex<Vec<Task>>>);

impl Ecs {
    /// Serves instead of moto.
    pub(super) fn of(world: &World, tasks: usize) -> Self {
        let ecs = Self(Arc::default());
        for _ in 0..tasks {
            start(&mut ecs.0.lock().expect("free"));
        }
        let asked = ecs.clone();
        world.proxy.stand_in(move |call| asked.answer(call));
        ecs
    }

    /// The ARN of the task of this number.
    pub(super) fn arn(&self, number: usize) -> String {
        self.0.lock().expect("free")[number].arn.clone()
    }

    /// Why each stopped task was stopped.
    pub(super) fn stopped(&self) -> Vec<String> {
        let tasks = self.0.lock().expect("free");
        tasks
            .iter()
            .filter_map(|task| task.stopped.clone())
            .collect()
    }

    fn answer(&self, call: &Asked) -> Option<(u16, &'static str, String)> {
        let mut tasks = self.0.lock().expect("one at a time");
        let asked: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let answer = match call.action.as_str() {
            "ListTasks" => {
                let running = tasks.iter().filter(|task| task.stopped.is_none());
                json!({ "taskArns": running.map(|task| &task.arn).collect::<Vec<_>>() })
            }
            "DescribeTasks" => {
                let wanted = asked["tasks"].as_array().cloned().unwrap_or_default();
                let wanted = |task: &&Task| {
                    let mut names = wanted.iter().filter_map(Value::as_str);
                    names.any(|name| task.arn.ends_with(name))
                };
                json!({ "tasks": tasks.iter().filter(wanted).map(described).collect::<Vec<_>>() })
            }
            "DescribeServices" => {
                let tag = json!({ "key": ALLOW.0, "value": ALLOW.1 });
                json!({ "services": [{ "serviceName": "shop", "tags": [tag] }] })
            }
            "StopTask" => {
                let name = asked["task"].as_str().unwrap_or_default();
                let task = tasks.iter_mut().find(|task| task.arn.ends_with(name));
                let task = task.expect("a task that is known");
                let reason = asked["reason"].as_str().unwrap_or_default();
                task.stopped = Some(reason.to_owned());
                let answer = json!({ "task": described(task) });
                start(&mut tasks);
                answer
            }
            _ => return None,
        };
        Some((200, "application/x-amz-json-1.1", answer.to_string()))
    }
}

/// The service starts one more.
fn start(tasks: &mut Vec<Task>) {
    let number = tasks.len();
    tasks.push(Task {
        arn: format!("arn:aws:ecs:us-east-1:123456789012:task/default/{number:032x}"),
        zone: ZONES[number % ZONES.len()],
        stopped: None,
    });
}

fn described(task: &Task) -> Value {
    let status = match task.stopped {
        None => "RUNNING",
        Some(_) => "STOPPED",
    };
    json!({
        "taskArn": task.arn,
        "clusterArn": CLUSTER,
        "availabilityZone": task.zone,
        "group": "service:shop",
        "lastStatus": status,
        "desiredStatus": status,
        "stoppedReason": task.stopped,
    })
}
