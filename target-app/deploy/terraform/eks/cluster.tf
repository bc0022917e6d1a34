data "aws_iam_policy_document" "cluster" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.cluster.json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "this" {
  name     = var.name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn

  vpc_config {
    subnet_ids              = module.network.private_subnet_ids
    endpoint_private_access = true
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  # So that ARC can move traffic out of a zone.
  zonal_shift_config {
    enabled = true
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}

data "aws_iam_policy_document" "nodes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "nodes" {
  name               = "${var.name}-nodes"
  assume_role_policy = data.aws_iam_policy_document.nodes.json
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each = toset([
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
  ])
  role       = aws_iam_role.nodes.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

# One group for each zone: an autoscaler that balances over zones works against a drill of one.
resource "aws_eks_node_group" "zone" {
  for_each        = toset(var.zones)
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${var.name}-${each.key}"
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = [module.network.private_subnet_ids[index(var.zones, each.key)]]
  instance_types  = [var.node_type]
  ami_type        = "AL2023_ARM_64_STANDARD"

  scaling_config {
    min_size     = 1
    desired_size = 2
    max_size     = 6
  }

  update_config {
    max_unavailable = 1
  }

  # Nodes opt in to drains.
  labels = { "loadtest/allow" = "true" }

  depends_on = [aws_iam_role_policy_attachment.nodes]
}

resource "aws_eks_addon" "this" {
  for_each     = toset(["vpc-cni", "kube-proxy", "coredns", "metrics-server", "eks-pod-identity-agent"])
  cluster_name = aws_eks_cluster.this.name
  addon_name   = each.key
  # The network policies of the shop are enforced by the CNI.
  configuration_values = each.key == "vpc-cni" ? jsonencode({ enableNetworkPolicy = "true" }) : null
  depends_on           = [aws_eks_node_group.zone]
}

# The tool inside the cluster acts on AWS by this role: nothing but what ci/aws grants, by tag.
data "aws_iam_policy_document" "pods" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "loadtest" {
  name               = "${var.name}-loadtest"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

resource "aws_iam_role_policy_attachment" "loadtest" {
  for_each   = toset(["planning", "database", "zone-outage", "zonal-shift", "queue"])
  role       = aws_iam_role.loadtest.name
  policy_arn = module.permissions.arns[each.key]
}

resource "aws_eks_pod_identity_association" "loadtest" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "shop"
  service_account = "loadtest"
  role_arn        = aws_iam_role.loadtest.arn
}
