//! The edge: the load balancer in front of the shop.
