# What the tool may do: the policies of ci/aws, each by its own name, so that a role gets only those
# that its scenarios need.

variable "name" {
  type        = string
  description = "Prefix of the policies' names."
}

locals {
  folder   = "${path.module}/../../../../../ci/aws"
  policies = { for file in fileset(local.folder, "*.json") : trimsuffix(file, ".json") => file("${local.folder}/${file}") }
}

resource "aws_iam_policy" "this" {
  for_each    = local.policies
  name        = "${var.name}-loadtest-${each.key}"
  description = "loadtest: ci/aws/${each.key}.json"
  policy      = each.value
}

output "arns" {
  value       = { for name, policy in aws_iam_policy.this : name => policy.arn }
  description = "By the name of the group of faults: planning, database, zone-outage, …"
}
