output "kubeconfig" {
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${aws_eks_cluster.this.name}"
  description = "The command that adds the cluster to your kubeconfig."
}

output "database_address" {
  value       = module.database.endpoint
  description = "DATABASE_ADDRESS of kubernetes/overlays/eks."
}

output "database_password_secret" {
  value       = module.database.password_secret_arn
  description = "Put its value into the Kubernetes secret `database`, key `password`."
}

output "image" {
  value       = aws_ecr_repository.loadtest.repository_url
  description = "newName of kubernetes/overlays/eks."
}

output "scenario" {
  value       = <<-TOML
    [aws]
    region = "${var.region}"
    database = "${module.database.identifier}"
    queue = "${aws_sqs_queue.jobs.name}"
  TOML
  description = "The part of a scenario that names this infrastructure."
}
