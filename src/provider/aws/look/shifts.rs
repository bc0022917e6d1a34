//! Zonal shifts that are in force.

use aws_sdk_arczonalshift::types::{ZonalShiftStatus, ZonalShiftSummary};

use crate::provider::ProviderError;
use crate::provider::aws::account::Account;

/// All active ones, whoever started them.
pub(in crate::provider::aws) async fn active(
    account: &Account,
) -> Result<Vec<ZonalShiftSummary>, ProviderError> {
    let mut pages = (account.look.shift.list_zonal_shifts())
        .status(ZonalShiftStatus::Active)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its zonal shifts", page)?;
        found.extend(page.items.unwrap_or_default());
    }
    Ok(found)
}
