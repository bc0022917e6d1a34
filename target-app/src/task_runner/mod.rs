//! The task runner: takes jobs from the queue and never loses one.
