//! Reaching an account: credentials by AWS's own chain, and a first question.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};

use super::AwsProvider;
use super::account::{Account, Clients};
use super::needs::Needs;
use super::own::Own;
use crate::provider::{Place, ProviderError};
use crate::scenario::AwsSpec;

/// For one call with all attempts to read; a change is given up earlier by its caller.
const CALL: Duration = Duration::from_secs(10);
const ATTEMPT: Duration = Duration::from_secs(5);
/// Of a call that only reads.
const ATTEMPTS: u32 = 4;

/// Connects to the part of an account that the scenario names. Looks, and changes nothing.
///
/// # Errors
/// What is missing (region, credentials, the right to ask who one is), and what to do.
pub async fn connect(spec: &AwsSpec, needs: Needs) -> Result<AwsProvider, String> {
    reach(spec, needs, None).await
}

/// Connects to a place that a journal names.
///
/// # Errors
/// As [`connect`].
pub async fn find(place: &Place) -> Result<Option<AwsProvider>, String> {
    let Place::Aws {
        region,
        profile,
        endpoint,
    } = place
    else {
        return Ok(None);
    };
    let spec = AwsSpec {
        region: Some(region.clone()),
        profile: profile.clone(),
        ..AwsSpec::default()
    };
    let found = reach(&spec, Needs::everything(), endpoint.as_deref()).await?;
    Ok(Some(found))
}

async fn reach(
    spec: &AwsSpec,
    needs: Needs,
    endpoint: Option<&str>,
) -> Result<AwsProvider, String> {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(CALL)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts);
    if let Some(region) = &spec.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &spec.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let look = loader.load().await;
    let Some(region) = look.region().map(ToString::to_string) else {
        return Err(
            "AWS: no region is known: say region = \"eu-central-1\" in [aws], or set AWS_REGION"
                .to_owned(),
        );
    };
    let endpoint = look.endpoint_url().map(str::to_owned);
    let own = Own::find().await;
    let act = look
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .build();
    let account = Account::new(
        Clients::new(&look),
        Clients::new(&act),
        spec.clone(),
        needs,
        own,
        (region, endpoint),
    );
    known(&account, &look)
        .await
        .map_err(|error| error.to_string())?;
    Ok(AwsProvider::new(account))
}

/// Everybody may ask who they are: an error means that the credentials are missing or bad.
async fn known(account: &Account, config: &aws_config::SdkConfig) -> Result<(), ProviderError> {
    let sts = aws_sdk_sts::Client::new(config);
    let identity = sts.get_caller_identity().send().await;
    account.told("say who asks", identity).map(drop)
}
