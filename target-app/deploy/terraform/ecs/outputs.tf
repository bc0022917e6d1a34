output "address" {
  value       = "https://${aws_cloudfront_distribution.this.domain_name}"
  description = "base_url of a scenario."
}

output "migrate" {
  value       = "aws ecs run-task --cluster ${aws_ecs_cluster.this.name} --task-definition ${aws_ecs_task_definition.this["shop"].family} --launch-type FARGATE --network-configuration 'awsvpcConfiguration={subnets=[${join(",", module.network.private_subnet_ids)}],securityGroups=[${aws_security_group.tasks.id}]}' --overrides '{\"containerOverrides\":[{\"name\":\"shop\",\"command\":[\"app\",\"migrate\"]}]}'"
  description = "The command that makes the tables, once."
}

output "scenario" {
  value       = <<-TOML
    [aws]
    region = "${var.region}"
    database = "${module.database.identifier}"
    cluster = "${aws_ecs_cluster.this.name}"
    load_balancer = "${aws_lb.this.arn}"
    queue = "${aws_sqs_queue.jobs.name}"
  TOML
  description = "The part of a scenario that names this infrastructure."
}
