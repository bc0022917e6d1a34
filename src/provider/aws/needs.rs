//! Which parts of an account are looked at. Pure.

use crate::scenario::{FaultKind, Scenario};

/// What is not needed is not asked for, so that nobody has to grant it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// RDS.
    pub database: bool,
    /// Subnets and their access lists.
    pub networks: bool,
    /// EC2 instances.
    pub instances: bool,
    /// ECS.
    pub tasks: bool,
    /// ARC zonal shift, and the load balancer's targets.
    pub shift: bool,
    /// SQS.
    pub queue: bool,
    /// Parts that may not be read are passed over instead of failing: whoever recovers without
    /// knowing what was done looks everywhere.
    pub tolerant: bool,
}

impl Needs {
    /// What the AWS faults of this scenario need.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let aws = scenario.faults.iter();
        let aws = aws.filter(|fault| fault.provider == crate::scenario::ProviderKind::Aws);
        aws.fold(Self::default(), |needs, fault| needs.and(&fault.kind))
    }

    /// Every part, as far as it may be read.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            database: true,
            networks: true,
            instances: true,
            tasks: true,
            shift: true,
            queue: true,
            tolerant: true,
        }
    }

    fn and(mut self, kind: &FaultKind) -> Self {
        match kind {
            FaultKind::DbFailover { .. } | FaultKind::DbCrash { .. } | FaultKind::DbReboot => {
                self.database = true;
            }
            FaultKind::ZoneOutage { .. } => {
                self.networks = true;
                self.database = true;
                self.instances = true;
                self.tasks = true;
            }
            FaultKind::ZoneShift { .. } => self.shift = true,
            FaultKind::ZoneStop { .. } | FaultKind::InstanceStop { .. } => self.instances = true,
            FaultKind::PodKill { .. } | FaultKind::EcsTaskStop { .. } => self.tasks = true,
            FaultKind::QueueDelay { .. } => self.queue = true,
            // Of other providers.
            _ => {}
        }
        self
    }
}
