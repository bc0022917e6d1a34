//! CloudWatch's metrics of what the faults act on.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
};
use aws_smithy_types::DateTime;

use super::database::{Chosen, Described, choose};
use super::queue;
use crate::observe::{Sample, Series, Window};
use crate::provider::ProviderError;
use crate::provider::aws::account::Account;

/// What AWS's services publish without being paid for more.
const PERIOD: Duration = Duration::from_secs(60);

/// A metric of interest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    namespace: &'static str,
    metric: &'static str,
    statistic: &'static str,
    unit: &'static str,
    /// Name and value.
    dimension: (&'static str, String),
}

impl Wanted {
    fn name(&self) -> String {
        format!("{} of {}", self.metric, self.dimension.1)
    }

    fn query(&self, index: usize) -> MetricDataQuery {
        let (name, value) = &self.dimension;
        let dimension = Dimension::builder().name(*name).value(value).build();
        let metric = Metric::builder()
            .namespace(self.namespace)
            .metric_name(self.metric)
            .dimensions(dimension)
            .build();
        let statistic = MetricStat::builder()
            .metric(metric)
            .period(i32::try_from(PERIOD.as_secs()).unwrap_or(i32::MAX))
            .stat(self.statistic)
            .build();
        MetricDataQuery::builder()
            .id(format!("m{index}"))
            .metric_stat(statistic)
            .build()
    }
}

/// What there is of the database, the load balancer and the queue that faults act on.
pub(in crate::provider::aws) async fn read(
    account: &Account,
    window: Window,
) -> Result<Vec<Series>, ProviderError> {
    let wanted = wanted(account).await?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let queries = wanted.iter().enumerate();
    let queries: Vec<_> = queries.map(|(index, wanted)| wanted.query(index)).collect();
    // From the start of the period in which the run began.
    let period_us = u64::try_from(PERIOD.as_micros()).unwrap_or(u64::MAX);
    let from = window.from_us - window.from_us % period_us;
    let mut pages = (account.look.cloudwatch.get_metric_data())
        .set_metric_data_queries(Some(queries))
        .start_time(instant(from))
        .end_time(instant(window.to_us))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    let mut series: Vec<Series> = wanted.iter().map(empty).collect();
    while let Some(page) = pages.next().await {
        let page = account.told("tell its metrics", page)?;
        for result in page.metric_data_results() {
            let index = result
                .id()
                .and_then(|id| id.strip_prefix('m')?.parse().ok());
            if let Some(series) = index.and_then(|index: usize| series.get_mut(index)) {
                series.samples.extend(samples(result));
            }
        }
    }
    series.retain(|series| !series.samples.is_empty());
    Ok(series)
}

async fn wanted(account: &Account) -> Result<Vec<Wanted>, ProviderError> {
    let mut wanted = Vec::new();
    if account.needs.database
        && let Chosen::This(database) = choose(account).await?
    {
        wanted.extend(of_database(&database));
    }
    if let Some(arn) = &account.spec.load_balancer {
        wanted.extend(of_balancer(arn));
    }
    if account.spec.queue.is_some()
        && let Some(url) = queue::url(account).await?
    {
        wanted.extend(of_queue(&url));
    }
    Ok(wanted)
}

fn of_database(database: &Described) -> Vec<Wanted> {
    let dimension = match database {
        Described::Instance(_) => "DBInstanceIdentifier",
        Described::Cluster(..) => "DBClusterIdentifier",
    };
    let wanted = |metric, statistic, unit| Wanted {
        namespace: "AWS/RDS",
        metric,
        statistic,
        unit,
        dimension: (dimension, database.name().to_owned()),
    };
    vec![
        wanted("CPUUtilization", "Average", "%"),
        wanted("DatabaseConnections", "Maximum", "connections"),
    ]
}

/// CloudWatch knows a balancer by the end of its ARN: `app/shop/50dc6c495c0c9188`.
fn of_balancer(arn: &str) -> Vec<Wanted> {
    let Some((_, id)) = arn.split_once(":loadbalancer/") else {
        return Vec::new();
    };
    let application = id.starts_with("app/");
    let namespace = match application {
        true => "AWS/ApplicationELB",
        false => "AWS/NetworkELB",
    };
    let wanted = |metric, statistic, unit| Wanted {
        namespace,
        metric,
        statistic,
        unit,
        dimension: ("LoadBalancer", id.to_owned()),
    };
    if !application {
        return vec![wanted("ActiveFlowCount", "Average", "flows")];
    }
    vec![
        wanted("TargetResponseTime", "p99", "s"),
        wanted("HTTPCode_Target_5XX_Count", "Sum", "responses a minute"),
        wanted("RejectedConnectionCount", "Sum", "connections a minute"),
    ]
}

fn of_queue(url: &str) -> Vec<Wanted> {
    let wanted = |metric, unit| Wanted {
        namespace: "AWS/SQS",
        metric,
        statistic: "Maximum",
        unit,
        dimension: (
            "QueueName",
            url.rsplit('/').next().unwrap_or(url).to_owned(),
        ),
    };
    vec![
        wanted("ApproximateNumberOfMessagesVisible", "messages"),
        wanted("ApproximateAgeOfOldestMessage", "s"),
    ]
}

fn empty(wanted: &Wanted) -> Series {
    Series {
        name: wanted.name(),
        unit: wanted.unit.to_owned(),
        source: "CloudWatch".to_owned(),
        resolution: PERIOD,
        samples: Vec::new(),
    }
}

/// CloudWatch stamps a value with the start of what it stands for.
fn samples(result: &MetricDataResult) -> impl Iterator<Item = Sample> {
    let half = PERIOD.as_micros() as i128 / 2;
    let values = result.timestamps().iter().zip(result.values());
    values.filter_map(move |(at, value)| {
        let at_us = u64::try_from(at.as_nanos() / 1_000 + half).ok()?;
        Some(Sample {
            at_us,
            value: *value,
        })
    })
}

fn instant(unix_us: u64) -> DateTime {
    DateTime::from_secs_f64(unix_us as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_balancer_is_known_by_the_end_of_its_arn() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/shop/50dc";
        let wanted = of_balancer(arn);
        assert_eq!(
            wanted[0].dimension,
            ("LoadBalancer", "app/shop/50dc".into())
        );
        assert_eq!(wanted[0].namespace, "AWS/ApplicationELB");
        let network =
            of_balancer("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/shop/1");
        assert_eq!(network[0].namespace, "AWS/NetworkELB");
        assert!(of_balancer("arn:aws:somewhere").is_empty());
    }

    #[test]
    fn a_value_stands_in_the_middle_of_its_minute() {
        let result = MetricDataResult::builder()
            .timestamps(DateTime::from_secs(1_790_000_040))
            .values(12.5)
            .build();
        let samples: Vec<_> = samples(&result).collect();
        assert_eq!(samples[0].at_us, 1_790_000_070_000_000);
        assert_eq!(samples[0].value.to_bits(), 12.5_f64.to_bits());
    }

    #[test]
    fn a_queue_is_known_by_the_end_of_its_url() {
        let wanted = of_queue("https://sqs.eu-west-1.amazonaws.com/123/jobs");
        assert_eq!(wanted[1].dimension, ("QueueName", "jobs".into()));
    }
}
