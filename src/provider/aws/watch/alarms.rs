//! CloudWatch alarms: they notice faults, and end a run that no fault explains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

use super::Blind;
use crate::provider::ProviderError;
use crate::provider::aws::account::Account;

/// An alarm's own period is ten seconds at the least.
const PERIOD: u32 = 5;
/// CloudWatch describes so many in one call.
const PER_CALL: usize = 100;

/// Tells when an alarm begins to ring and when it ends.
pub(super) async fn watch(account: Arc<Account>) {
    let mut blind = Blind::default();
    let mut known = BTreeMap::new();
    loop {
        if let Some(now) = blind.told(&account, "alarms", look(&account).await) {
            for name in &account.spec.alarms {
                tell(&account, name, known.get(name), now.get(name));
            }
            known = now;
        }
        tokio::time::sleep(period(&account)).await;
    }
}

fn period(account: &Account) -> Duration {
    account.pace() * PERIOD
}

/// Which alarm rings, and why it says it does.
async fn look(account: &Account) -> Result<BTreeMap<String, (bool, String)>, ProviderError> {
    let mut found = BTreeMap::new();
    for names in account.spec.alarms.chunks(PER_CALL) {
        let answer = (account.look.cloudwatch.describe_alarms())
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .send()
            .await;
        let answer = account.told("describe its alarms", answer)?;
        let state = |state: Option<&StateValue>, reason: Option<&str>| {
            (
                state == Some(&StateValue::Alarm),
                reason.unwrap_or_default().to_owned(),
            )
        };
        for alarm in answer.metric_alarms() {
            let name = alarm.alarm_name().unwrap_or_default().to_owned();
            found.insert(name, state(alarm.state_value(), alarm.state_reason()));
        }
        for alarm in answer.composite_alarms() {
            let name = alarm.alarm_name().unwrap_or_default().to_owned();
            found.insert(name, state(alarm.state_value(), alarm.state_reason()));
        }
    }
    Ok(found)
}

fn tell(
    account: &Account,
    name: &str,
    before: Option<&(bool, String)>,
    now: Option<&(bool, String)>,
) {
    let rang = before.is_some_and(|(rings, _)| *rings);
    match now {
        Some((true, reason)) if !rang => {
            account.happenings.tell("alarm-fired", name, reason.clone());
        }
        Some((false, reason)) if rang => {
            account
                .happenings
                .tell("alarm-cleared", name, reason.clone());
        }
        None if before.is_none() => {
            // Told once: from then on it counts as silent.
            account
                .happenings
                .tell("alarm-unknown", name, "there is no alarm of this name");
        }
        _ => {}
    }
}
