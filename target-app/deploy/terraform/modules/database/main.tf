# RDS for PostgreSQL, Multi-AZ: a synchronous standby in another zone, which a drill fails over to.

variable "name" {
  type        = string
  description = "Identifier of the instance."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the subnets."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Database subnets, in at least two zones."
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "Security groups that may connect, by a name of your choice."
}

variable "instance_class" {
  type        = string
  default     = "db.m7g.large"
  description = "RDS instance class."
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL from the shop alone"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each                     = var.client_security_group_ids
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  description                  = each.key
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres17"

  parameter {
    name = "rds.force_ssl"
    # The shop encrypts when DATABASE_CA names the authorities of RDS, a file that the image does not
    # have. Until you add it, keep both in subnets of their own; then set this to 1.
    value = "0"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier                   = var.name
  engine                       = "postgres"
  engine_version               = "17"
  instance_class               = var.instance_class
  allocated_storage            = 50
  max_allocated_storage        = 500
  storage_type                 = "gp3"
  storage_encrypted            = true
  multi_az                     = true
  db_name                      = "shop"
  username                     = "shop"
  manage_master_user_password  = true
  db_subnet_group_name         = aws_db_subnet_group.this.name
  vpc_security_group_ids       = [aws_security_group.this.id]
  parameter_group_name         = aws_db_parameter_group.this.name
  backup_retention_period      = 7
  deletion_protection          = true
  performance_insights_enabled = true
  monitoring_interval          = 0
  skip_final_snapshot          = false
  final_snapshot_identifier    = "${var.name}-final"

  tags = { "loadtest/allow" = "true" }
}

output "endpoint" {
  value       = aws_db_instance.this.endpoint
  description = "host:port, for DATABASE_ADDRESS."
}

output "identifier" {
  value       = aws_db_instance.this.identifier
  description = "For [aws] database."
}

output "password_secret_arn" {
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
  description = "The password, in Secrets Manager."
}
