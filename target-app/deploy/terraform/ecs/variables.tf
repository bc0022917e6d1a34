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
  default     = ["eu-central-1a", "eu-central-1b"]
  description = "Two zones."

  validation {
    condition     = length(var.zones) == 2
    error_message = "This variant is made for two zones."
  }
}

variable "cidr" {
  type        = string
  default     = "10.30.0.0/16"
  description = "Address range of the VPC."
}

variable "image" {
  type        = string
  description = "Image of loadtest, with its tag."
}

variable "shop_tasks" {
  type        = number
  default     = 4
  description = "Shop tasks: with one zone gone half of them carry the load."
}
