//! One file per section of a scenario: each turns nodes into its part of the model.

mod aws;
mod body;
mod canary;
mod capture;
mod condition;
mod data;
mod expect;
mod fault;
mod files;
mod gate;
mod guard;
mod headers;
mod http;
mod journey;
mod kubernetes;
mod load;
mod names;
mod selector;
mod step;
mod target;
mod think;

pub(crate) use aws::read_aws;
pub(crate) use canary::{CanarySurroundings, read_canary};
pub(crate) use data::read_data;
pub(crate) use fault::{FaultPlaces, FaultSurroundings, Faults, read_faults};
pub(crate) use files::Files;
pub(crate) use gate::{GateNames, PlacedGate, read_gates};
pub(crate) use guard::{read_guard, read_slo};
pub(crate) use http::read_http;
pub(crate) use journey::{Journeys, read_journeys};
pub(crate) use kubernetes::read_kubernetes;
pub(crate) use load::read_loads;
pub(crate) use target::{check_base_url, read_target};
