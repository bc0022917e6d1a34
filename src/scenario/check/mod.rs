//! What only the whole scenario can show: loads without faults in time, gates without their phase.

mod faults;
mod gates;
mod loads;
mod offers;

pub(crate) use faults::check_faults;
pub(crate) use gates::{Run, check_gates};
pub(crate) use loads::check_loads;
