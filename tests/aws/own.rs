//! What hosts the tool is never touched: against doubles of EC2's and ECS's metadata services.

use super::ecs::Ecs;
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;
use crate::support::target::{Reply, Target};

/// EC2's metadata service, version 2, on this instance.
fn ec2(instance: &str) -> Target {
    let instance = instance.to_owned();
    Target::serve(move |asked| match asked.what.as_str() {
        "PUT /latest/api/token" => Reply::Headed(
            "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n",
            "a-token".to_owned(),
        ),
        _ if asked.header("x-aws-ec2-metadata-token") != "a-token" => Reply::Status(401),
        "GET /latest/meta-data/instance-id" => Reply::Ok(instance.clone()),
        _ => Reply::Status(404),
    })
}

/// ECS's metadata service in this task.
fn ecs(task: &str) -> Target {
    let task = serde_json::json!({ "TaskARN": task }).to_string();
    Target::serve(move |asked| match asked.what.as_str() {
        "GET /v4/here/task" => Reply::Ok(task.clone()),
        _ => Reply::Status(404),
    })
}

/// The plan's words for this fault, which is refused.
fn refused(world: &World, fault: &str, env: &[(&str, &str)]) -> String {
    let bench = Bench::new();
    bench.file("it.toml", &with(&well(), "", fault, 3));
    let plan = world.loadtest(&bench, ["chaos", "plan", "it.toml"]);
    let said = env
        .iter()
        .fold(plan, |plan, (name, value)| plan.env(name, value));
    let said = said.exits(2);
    assert!(world.proxy.acts().is_empty(), "planning only reads");
    said.out()
}

#[test]
fn the_instance_that_the_tool_runs_on_is_not_stopped() {
    let world = World::new().with_instances();
    let own = world.instances("us-east-1a").remove(0);
    let metadata = ec2(&own);
    let fault = format!("kind = \"instance-stop\"\ninstances = \"{own}\"\nfor = \"5s\"");
    let said = refused(
        &world,
        &fault,
        &[
            ("AWS_EC2_METADATA_DISABLED", "false"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url),
        ],
    );
    assert!(said.contains("this tool runs"), "{said}");
}

#[test]
fn the_task_that_the_tool_runs_in_is_not_stopped() {
    let world = World::new();
    let service = Ecs::of(&world, 2);
    let own = service.arn(0);
    let metadata = ecs(&own);
    let id = own.rsplit('/').next().expect("an id");
    let fault = format!("kind = \"ecs-task-stop\"\ntasks = {{ name = \"{id}\" }}");
    let here = format!("{}/v4/here", metadata.url);
    let said = refused(&world, &fault, &[("ECS_CONTAINER_METADATA_URI_V4", &here)]);
    assert!(said.contains("this tool runs"), "{said}");
}
