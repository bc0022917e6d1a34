pub mod clock;
pub mod generator;
pub mod interval;
pub mod ledger;
pub mod outcome;
pub mod phases;
pub mod recovery;
pub mod window;
