//! When iterations are due: pure schedules in microseconds from the load's start.

mod arrivals;
mod rate;
mod users;

pub(crate) use arrivals::{Arrival, Arrivals, exponential};
pub(crate) use rate::RateCurve;
pub(crate) use users::{Window, active_windows, end_of, most_users, one_after_another};
