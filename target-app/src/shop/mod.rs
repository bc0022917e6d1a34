//! The shop: catalogue, customers, cart, orders.
