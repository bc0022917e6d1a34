# The shop on EKS over three zones, with RDS Multi-AZ, SQS and a registry. Then:
#
#   kubectl apply -k target-app/deploy/kubernetes/overlays/eks

module "network" {
  source       = "../modules/network"
  name         = var.name
  cidr         = var.cidr
  zones        = var.zones
  public_tags  = { "kubernetes.io/role/elb" = "1" }
  private_tags = { "kubernetes.io/role/internal-elb" = "1" }
}

module "database" {
  source                    = "../modules/database"
  name                      = var.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.database_subnet_ids
  client_security_group_ids = { nodes = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id }
}

module "permissions" {
  source = "../modules/permissions"
  name   = var.name
}

resource "aws_ecr_repository" "loadtest" {
  name                 = "loadtest"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_sqs_queue" "jobs" {
  name                       = "${var.name}-jobs"
  visibility_timeout_seconds = 60
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })

  tags = { "loadtest/allow" = "true" }
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-jobs-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}
