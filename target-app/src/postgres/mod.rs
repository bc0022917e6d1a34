//! PostgreSQL: found, initialised, replicated, failed over and killed.
