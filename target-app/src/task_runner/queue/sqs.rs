//! Amazon SQS as the queue. Jobs are carried there from the table, which is their outbox: an order
//! is never without its job, and a message is only a job's number.
//!
//! A message that is received is out of others' sight for a while; it is deleted when its job is
//! done. After as many receives as the queue's redrive policy says, SQS puts it aside.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use deadpool_postgres::Transaction;
use serde::Deserialize;

use super::{End, Locked, Queue, QueueError, Settled, table};
use crate::process::Shutdown;
use crate::service::ServeError;
use crate::service::database::{Database, DatabaseError};

/// What SQS takes and gives in one call.
const MOST: usize = 10;
/// How long a call waits for a message.
const LONG_POLL: i32 = 1;
/// The longest that a message can be put out of sight: twelve hours, in seconds.
const LONGEST_OUT_OF_SIGHT: i32 = 12 * 3_600;
const TIMEOUT: Duration = Duration::from_secs(5);

/// A queue of SQS.
#[derive(Debug)]
pub(in crate::task_runner) struct Sqs {
    client: Client,
    url: String,
    /// Where what was received too often is put aside.
    dead_url: String,
    most_receives: i32,
    /// How long a message that is received is out of sight, in seconds.
    out_of_sight: i32,
    outbox: Database,
    poll: Duration,
}

/// A message in hand.
#[derive(Debug)]
pub(in crate::task_runner) struct Message {
    job: i64,
    receipt: String,
    /// How often it has been received, this time included.
    receives: i32,
}

/// What a queue says about messages that fail.
#[derive(Debug, PartialEq, Eq)]
struct Redrive {
    queue: String,
    account: String,
    most_receives: i32,
}

impl Sqs {
    /// The queue with this URL, in the account and region that the environment names.
    pub(in crate::task_runner) async fn connect(
        url: &str,
        outbox: Database,
        batch_timeout: Duration,
        poll: Duration,
    ) -> Result<Self, ServeError> {
        let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let client = Client::new(&config);
        let wrong = |why: String| ServeError::Config(format!("the queue {url}: {why}"));
        let attributes = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::RedrivePolicy)
            .send();
        let attributes = limited("GetQueueAttributes", attributes).await;
        let attributes = attributes.map_err(|error| wrong(error.to_string()))?;
        let attributes = attributes.attributes.unwrap_or_default();
        let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
        let redrive = policy.and_then(|policy| redrive(policy)).ok_or_else(|| {
            wrong("it has no redrive policy, so a job that always fails would be handed out for ever: give it one with a dead-letter queue".into())
        })?;
        let dead = client
            .get_queue_url()
            .queue_name(&redrive.queue)
            .queue_owner_aws_account_id(&redrive.account)
            .send();
        let dead = limited("GetQueueUrl", dead).await;
        let dead = dead.map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            client,
            url: url.to_owned(),
            dead_url: dead.queue_url.unwrap_or_default(),
            most_receives: redrive.most_receives,
            // Twice what a batch may take: nobody else has it while we do.
            out_of_sight: seconds(batch_timeout * 2).max(1),
            outbox,
            poll,
        })
    }

    /// Carries what is due from the table to the queue. Answers how many.
    ///
    /// Marked after it was sent: who dies in between sends again, and a job is done once all the
    /// same.
    async fn relay(&self) -> Result<usize, QueueError> {
        let mut lease = self.outbox.lease().await?;
        let relayed = async {
            let transaction = lease.transaction().await.map_err(DatabaseError::from)?;
            let most = i64::try_from(MOST).unwrap_or(1);
            let found = table::unrelayed(&transaction, most).await;
            let found = found.map_err(DatabaseError::from)?;
            if found.is_empty() {
                transaction.rollback().await.map_err(DatabaseError::from)?;
                return Ok(0);
            }
            let sent = self.send(&found).await?;
            let marked = table::relayed(&transaction, &sent).await;
            marked.map_err(DatabaseError::from)?;
            transaction.commit().await.map_err(DatabaseError::from)?;
            Ok::<_, QueueError>(sent.len())
        };
        let relayed = self.outbox.limited(relayed).await?;
        lease.finish();
        Ok(relayed)
    }

    /// Sends these jobs' numbers. Answers those that the queue took.
    async fn send(&self, jobs: &[i64]) -> Result<Vec<i64>, QueueError> {
        let entry = |job: &i64| {
            SendMessageBatchRequestEntry::builder()
                .id(job.to_string())
                .message_body(job.to_string())
                .build()
        };
        let entries: Result<Vec<_>, _> = jobs.iter().map(entry).collect();
        let entries = entries.map_err(|error| failed("SendMessageBatch", &error))?;
        let send = self.client.send_message_batch().queue_url(&self.url);
        let sent = send.set_entries(Some(entries)).send();
        let sent = limited("SendMessageBatch", sent).await?;
        let ids = sent.successful.iter().map(|taken| taken.id.parse());
        Ok(ids.filter_map(Result::ok).collect())
    }

    async fn delete(&self, receipts: &[&str]) -> Result<(), QueueError> {
        for some in receipts.chunks(MOST) {
            let entry = |(index, receipt): (usize, &&str)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(*receipt)
                    .build()
            };
            let entries: Result<Vec<_>, _> = some.iter().enumerate().map(entry).collect();
            let entries = entries.map_err(|error| failed("DeleteMessageBatch", &error))?;
            let delete = self.client.delete_message_batch().queue_url(&self.url);
            let deleted = delete.set_entries(Some(entries)).send();
            limited("DeleteMessageBatch", deleted).await?;
        }
        Ok(())
    }

    async fn hide(&self, receipt: &str, seconds: i32) -> Result<(), QueueError> {
        let change = self.client.change_message_visibility();
        let change = change.queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(seconds).send();
        limited("ChangeMessageVisibility", changed).await?;
        Ok(())
    }

    async fn count(
        &self,
        url: &str,
        names: &[(&'static str, QueueAttributeName)],
    ) -> Result<Vec<(&'static str, i64)>, QueueError> {
        let wanted = names.iter().map(|(_, name)| name.clone()).collect();
        let ask = self.client.get_queue_attributes().queue_url(url);
        let found = ask.set_attribute_names(Some(wanted)).send();
        let found = limited("GetQueueAttributes", found).await?;
        let found = found.attributes.unwrap_or_default();
        let count = |name| found.get(name)?.parse().ok();
        let counts = names.iter().map(|(state, name)| (*state, count(name)));
        Ok(counts.filter_map(|(s, count)| Some((s, count?))).collect())
    }
}

impl Queue for Sqs {
    type Handed = Vec<Message>;

    async fn receive(&self, most: u32) -> Result<Option<Vec<Message>>, QueueError> {
        use MessageSystemAttributeName::ApproximateReceiveCount as Receives;
        let most = usize::try_from(most).unwrap_or(MOST).clamp(1, MOST);
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most).unwrap_or(1))
            .visibility_timeout(self.out_of_sight)
            .wait_time_seconds(LONG_POLL)
            .message_system_attribute_names(Receives)
            .send();
        let received = limited("ReceiveMessage", receive).await?;
        let received = received.messages.unwrap_or_default().into_iter();
        let messages: Vec<_> = received
            .filter_map(|message| {
                let job = message.body.as_deref()?.trim().parse();
                // What is no job's number is left to be put aside, where people see it.
                let job = job.ok()?;
                let receives = message.attributes.unwrap_or_default();
                let receives = receives.get(&Receives).and_then(|n| n.parse().ok());
                Some(Message {
                    job,
                    receipt: message.receipt_handle?,
                    receives: receives.unwrap_or(1),
                })
            })
            .collect();
        Ok((!messages.is_empty()).then_some(messages))
    }

    async fn lock(
        &self,
        transaction: &Transaction<'_>,
        handed: &Vec<Message>,
        _most: u32,
    ) -> Result<Locked, DatabaseError> {
        let ids: Vec<_> = handed.iter().map(|message| message.job).collect();
        let mut jobs = table::lock(transaction, &ids).await?;
        for job in &mut jobs {
            // What the queue puts aside has to be given up here as well, and the queue counts
            // receives, also those of runners that died.
            let message = handed.iter().find(|message| message.job == job.id);
            job.attempts = message.map_or(0, |message| message.receives - 1);
            job.max_attempts = self.most_receives;
        }
        Ok(Locked {
            jobs,
            over: table::over(transaction, &ids).await?,
        })
    }

    async fn settle(&self, handed: Vec<Message>, settled: &[Settled]) -> Result<(), QueueError> {
        let ends: HashMap<i64, End> = settled.iter().map(|s| (s.job, s.end)).collect();
        let mut done = Vec::new();
        for message in &handed {
            match ends.get(&message.job) {
                Some(End::Done) => done.push(message.receipt.as_str()),
                Some(End::Again(wait)) => self.hide(&message.receipt, seconds(*wait)).await?,
                // SQS puts it aside when it has been received often enough.
                Some(End::Dead) => self.hide(&message.receipt, 0).await?,
                // In somebody else's hands, or not in the table.
                None => {}
            }
        }
        self.delete(&done).await
    }

    async fn tend(&self, mut shutdown: Shutdown) {
        let mut failing = false;
        while !shutdown.is_requested() {
            let relayed = self.relay().await;
            if let (Err(error), false) = (&relayed, failing) {
                tracing::warn!(%error, "jobs are not carried to the queue: they wait in the table");
            }
            failing = relayed.is_err();
            if !matches!(relayed, Ok(1..)) {
                tokio::select! {
                    () = tokio::time::sleep(self.poll) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
    }

    async fn depth(&self) -> Result<Vec<(&'static str, i64)>, QueueError> {
        use QueueAttributeName as Name;
        let states = [
            ("visible", Name::ApproximateNumberOfMessages),
            ("in_flight", Name::ApproximateNumberOfMessagesNotVisible),
        ];
        let mut counts = self.count(&self.url, &states).await?;
        let dead = [("dead", Name::ApproximateNumberOfMessages)];
        counts.extend(self.count(&self.dead_url, &dead).await?);
        Ok(counts)
    }
}

/// Waits for an answer of SQS, within the time that it may take.
async fn limited<T, E: std::error::Error>(
    call: &'static str,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, QueueError> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(call, &error)),
        Err(_) => Err(QueueError::Service {
            call,
            cause: format!("no answer within {TIMEOUT:?}"),
        }),
    }
}

fn failed(call: &'static str, error: &dyn std::error::Error) -> QueueError {
    QueueError::Service {
        call,
        cause: DisplayErrorContext(error).to_string(),
    }
}

/// Whole seconds, upwards, as far as SQS can count.
fn seconds(time: Duration) -> i32 {
    let begun = u64::from(time.subsec_nanos() > 0);
    let whole = time.as_secs().saturating_add(begun);
    i32::try_from(whole).map_or(LONGEST_OUT_OF_SIGHT, |s| s.min(LONGEST_OUT_OF_SIGHT))
}

/// Reads a redrive policy.
fn redrive(policy: &str) -> Option<Redrive> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(i32),
        Text(String),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Policy {
        dead_letter_target_arn: String,
        max_receive_count: Count,
    }
    let policy: Policy = serde_json::from_str(policy).ok()?;
    // arn:aws:sqs:REGION:ACCOUNT:NAME
    let mut arn = policy.dead_letter_target_arn.split(':').skip(4);
    Some(Redrive {
        account: arn.next()?.to_owned(),
        queue: arn.next()?.to_owned(),
        most_receives: match policy.max_receive_count {
            Count::Number(number) => number,
            Count::Text(text) => text.parse().ok()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_is_read_whichever_way_its_number_is_written() {
        let wanted = Some(Redrive {
            queue: "jobs-dead".into(),
            account: "123".into(),
            most_receives: 3,
        });
        for count in ["3", "\"3\""] {
            let arn = "arn:aws:sqs:eu-central-1:123:jobs-dead";
            let policy =
                format!("{{\"deadLetterTargetArn\":\"{arn}\",\"maxReceiveCount\":{count}}}");
            assert_eq!(redrive(&policy), wanted);
        }
        assert_eq!(redrive("{}"), None);
    }

    #[test]
    fn waits_are_whole_seconds_that_sqs_can_count() {
        assert_eq!(seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::MAX), LONGEST_OUT_OF_SIGHT);
    }
}
