# A VPC with public, private and database subnets in each zone, and a NAT gateway in each zone: with
# one for all, the loss of its zone would be the loss of all.

variable "name" {
  type        = string
  description = "Prefix of all names."
}

variable "cidr" {
  type        = string
  description = "Address range of the VPC, a /16."
}

variable "zones" {
  type        = list(string)
  description = "Names of the availability zones."
}

variable "public_tags" {
  type        = map(string)
  default     = {}
  description = "Further tags of the public subnets."
}

variable "private_tags" {
  type        = map(string)
  default     = {}
  description = "Further tags of the private subnets."
}

locals {
  zones = { for index, zone in var.zones : zone => index }
  # Faults may cut these off. The database's subnets hold nothing else; see docs/aws.md.
  allow = { "loadtest/allow" = "true" }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 8, each.value)
  tags              = merge({ Name = "${var.name}-public-${each.key}" }, var.public_tags)
}

resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value + 1)
  tags              = merge({ Name = "${var.name}-private-${each.key}" }, local.allow, var.private_tags)
}

resource "aws_subnet" "database" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 8, 200 + each.value)
  tags              = merge({ Name = "${var.name}-database-${each.key}" }, local.allow)
}

resource "aws_eip" "nat" {
  for_each = local.zones
  domain   = "vpc"
  tags     = { Name = "${var.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each      = local.zones
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = { Name = "${var.name}-${each.key}" }
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-public" }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table" "private" {
  for_each = local.zones
  vpc_id   = aws_vpc.this.id
  tags     = { Name = "${var.name}-private-${each.key}" }

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.this[each.key].id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = local.zones
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  for_each       = local.zones
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

output "vpc_id" {
  value = aws_vpc.this.id
}

output "public_subnet_ids" {
  value = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  value = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "database_subnet_ids" {
  value = [for zone in var.zones : aws_subnet.database[zone].id]
}
