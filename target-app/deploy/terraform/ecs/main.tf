# The shop on ECS over two zones: load balancer, Multi-AZ RDS, SQS, task runner; static content at
# CloudFront and S3.

module "network" {
  source = "../modules/network"
  name   = var.name
  cidr   = var.cidr
  zones  = var.zones
}

module "database" {
  source                    = "../modules/database"
  name                      = var.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.database_subnet_ids
  client_security_group_ids = { tasks = aws_security_group.tasks.id }
}

module "permissions" {
  source = "../modules/permissions"
  name   = var.name
}

resource "aws_sqs_queue" "jobs" {
  name                       = "${var.name}-jobs"
  visibility_timeout_seconds = 60
  sqs_managed_sse_enabled    = true
  tags                       = { "loadtest/allow" = "true" }
}

resource "random_password" "session_key" {
  length  = 48
  special = false
}

resource "aws_secretsmanager_secret" "session_key" {
  name_prefix = "${var.name}-session-key-"
}

resource "aws_secretsmanager_secret_version" "session_key" {
  secret_id     = aws_secretsmanager_secret.session_key.id
  secret_string = random_password.session_key.result
}
