variable "name" {
  type        = string
  default     = "shop"
  description = "Prefix of all names."
}

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "AWS region."
}

variable "zones" {
  type        = list(string)
  default     = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  description = "Three zones: with one gone, two carry the load."

  validation {
    condition     = length(var.zones) == 3
    error_message = "Three zones are needed: budgets and autoscaling are made for them."
  }
}

variable "cidr" {
  type        = string
  default     = "10.20.0.0/16"
  description = "Address range of the VPC."
}

variable "kubernetes_version" {
  type        = string
  default     = "1.33"
  description = "Version of EKS."
}

variable "node_type" {
  type        = string
  default     = "m7g.large"
  description = "Instance type of the nodes."
}
