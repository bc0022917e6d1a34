//! What a run measured, second by second, on disk: `run.hlog` holds the histograms and
//! `samples.csv` the counts. Written and read one second at a time, so that memory does not grow
//! with the run.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use hdrhistogram::Histogram;

use super::interval::{Interval, StepInterval, histogram};
use super::interval_log::{HlogReader, HlogWriter, START_LAG_TAG, TaggedInterval, tag_of};
use super::samples::Row;
use crate::scenario::{Scenario, StepId};

/// File name of the histograms.
pub const HLOG: &str = "run.hlog";
/// File name of the counts.
pub const SAMPLES: &str = "samples.csv";

/// A recording could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}")]
pub struct RecordingError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

fn failed<E: Into<io::Error>>(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(E) -> RecordingError {
    let path = path.to_owned();
    move |source| RecordingError {
        action,
        path,
        source: source.into(),
    }
}

/// The steps' names, by [`StepId`]: how files tell them apart.
#[derive(Debug, Clone)]
pub struct StepNames(Vec<(String, String)>);

impl StepNames {
    /// (journey, step), by [`StepId`].
    #[must_use]
    pub fn new(names: Vec<(String, String)>) -> Self {
        Self(names)
    }

    /// Those of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let name = |step: &crate::scenario::Step| {
            (
                scenario.journeys[step.journey].name.clone(),
                step.name.clone(),
            )
        };
        Self(scenario.steps.iter().map(name).collect())
    }

    fn find(&self, journey: &str, step: &str) -> io::Result<StepId> {
        self.0
            .iter()
            .position(|(j, s)| j == journey && s == step)
            .ok_or_else(|| {
                let text = format!("the scenario has no step `{step}` in a journey `{journey}`");
                io::Error::new(io::ErrorKind::InvalidData, text)
            })
    }
}

/// Writes a recording while the run goes on.
pub struct Writer {
    names: StepNames,
    tags: Vec<String>,
    hlog: HlogWriter<BufWriter<File>>,
    hlog_path: PathBuf,
    samples: csv::Writer<File>,
    samples_path: PathBuf,
}

impl Writer {
    /// Creates both files in a run folder. `started_unix_us` is run time zero.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn create(
        folder: &Path,
        names: StepNames,
        started_unix_us: u64,
    ) -> Result<Self, RecordingError> {
        let (hlog_path, samples_path) = (folder.join(HLOG), folder.join(SAMPLES));
        let file = File::create(&hlog_path).map_err(failed("create", &hlog_path))?;
        let hlog = HlogWriter::begin(BufWriter::new(file), started_unix_us)
            .map_err(failed("write", &hlog_path))?;
        let file = File::create(&samples_path).map_err(failed("create", &samples_path))?;
        let samples = csv::Writer::from_writer(file);
        let tags = names
            .0
            .iter()
            .map(|(journey, step)| tag_of(journey, step))
            .collect();
        Ok(Self {
            names,
            tags,
            hlog,
            hlog_path,
            samples,
            samples_path,
        })
    }

    /// Appends one second. Seconds must come in order; those without anything may be left out.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn append(&mut self, interval: &Interval) -> Result<(), RecordingError> {
        let second = interval.second;
        self.row(&Row::of_run(interval))?;
        if !interval.start_lag_us.is_empty() {
            self.line(START_LAG_TAG, second, &interval.start_lag_us)?;
        }
        for of in &interval.steps {
            let all_response = sum(&of.ok_response_us, &of.failed_response_us);
            let all_service = sum(&of.ok_service_us, &of.failed_service_us);
            let tag = self.tags[of.step].clone();
            self.line(&tag, second, &all_response)?;
            self.line(&format!("{tag};service"), second, &all_service)?;
            if !of.failed_response_us.is_empty() {
                self.line(&format!("{tag};failed"), second, &of.failed_response_us)?;
                self.line(
                    &format!("{tag};failed;service"),
                    second,
                    &of.failed_service_us,
                )?;
            }
            let (journey, step) = &self.names.0[of.step];
            let row = Row::of_step(second, (journey, step), of, &all_response, &all_service);
            self.row(&row)?;
        }
        self.flush()
    }

    /// Ends both files: what was appended is on its way to the disk.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<(), RecordingError> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        self.hlog
            .flush()
            .map_err(failed("write", &self.hlog_path))?;
        self.samples
            .flush()
            .map_err(failed("write", &self.samples_path))
    }

    fn line(
        &mut self,
        tag: &str,
        second: u64,
        histogram: &Histogram<u64>,
    ) -> Result<(), RecordingError> {
        self.hlog
            .write(tag, second, histogram)
            .map_err(failed("write", &self.hlog_path))
    }

    fn row(&mut self, row: &Row) -> Result<(), RecordingError> {
        self.samples
            .serialize(row)
            .map_err(failed("write", &self.samples_path))
    }
}

fn sum(ok: &Histogram<u64>, failures: &Histogram<u64>) -> Histogram<u64> {
    let mut all = ok.clone();
    // Both have three digits, and `histogram()` grows on demand.
    all.add(failures).expect("histograms of one kind add up");
    all
}

/// Reads a recording: an iterator over [`Interval`]s, as they were appended.
pub struct Reader {
    names: StepNames,
    hlog: HlogReader<BufReader<File>>,
    hlog_path: PathBuf,
    next_line: Option<TaggedInterval>,
    rows: csv::DeserializeRecordsIntoIter<File, Row>,
    samples_path: PathBuf,
    next_row: Option<Row>,
}

impl Reader {
    /// Opens both files of a run folder.
    ///
    /// # Errors
    /// A file is missing or does not begin as it should.
    pub fn open(folder: &Path, names: StepNames) -> Result<Self, RecordingError> {
        let (hlog_path, samples_path) = (folder.join(HLOG), folder.join(SAMPLES));
        let file = File::open(&hlog_path).map_err(failed("open", &hlog_path))?;
        let hlog = HlogReader::new(BufReader::new(file));
        let file = File::open(&samples_path).map_err(failed("open", &samples_path))?;
        let rows = csv::Reader::from_reader(file).into_deserialize();
        let mut reader = Self {
            names,
            hlog,
            hlog_path,
            next_line: None,
            rows,
            samples_path,
            next_row: None,
        };
        reader.advance_row()?;
        reader.advance_line()?;
        Ok(reader)
    }

    fn advance_row(&mut self) -> Result<Option<Row>, RecordingError> {
        let next = self
            .rows
            .next()
            .transpose()
            .map_err(failed("read", &self.samples_path))?;
        Ok(std::mem::replace(&mut self.next_row, next))
    }

    fn advance_line(&mut self) -> Result<Option<TaggedInterval>, RecordingError> {
        let next = self.hlog.read().map_err(failed("read", &self.hlog_path))?;
        Ok(std::mem::replace(&mut self.next_line, next))
    }

    /// The histogram under a tag in a second; empty when the log has no such line next.
    fn take(&mut self, second: u64, tag: &str) -> Result<Histogram<u64>, RecordingError> {
        match &self.next_line {
            Some(line) if line.second == second && line.tag == tag => Ok(self
                .advance_line()?
                .map_or_else(histogram, |line| line.histogram)),
            _ => Ok(histogram()),
        }
    }

    fn step(&mut self, row: &Row) -> Result<StepInterval, RecordingError> {
        let in_samples = |source| failed::<io::Error>("read", &self.samples_path)(source);
        let step = self
            .names
            .find(&row.journey, &row.step)
            .map_err(in_samples)?;
        let errors = row.error_counts().map_err(in_samples)?;
        let statuses = row.status_counts().map_err(in_samples)?;
        let tag = tag_of(&row.journey, &row.step);
        let mut ok_response_us = self.take(row.second, &tag)?;
        let mut ok_service_us = self.take(row.second, &format!("{tag};service"))?;
        let failed_response_us = self.take(row.second, &format!("{tag};failed"))?;
        let failed_service_us = self.take(row.second, &format!("{tag};failed;service"))?;
        let counts = (ok_response_us.len(), failed_response_us.len());
        let subtracted = ok_response_us.subtract(&failed_response_us).is_ok()
            && ok_service_us.subtract(&failed_service_us).is_ok();
        if !subtracted || Some(counts.0) != row.requests || Some(counts.1) != row.failed {
            let text = format!("second {} of `{tag}` disagrees with {SAMPLES}", row.second);
            let source = io::Error::new(io::ErrorKind::InvalidData, text);
            return Err(failed("read", &self.hlog_path)(source));
        }
        Ok(StepInterval {
            step,
            ok_response_us,
            ok_service_us,
            failed_response_us,
            failed_service_us,
            errors,
            statuses,
            bytes_sent: row.bytes_sent.unwrap_or(0),
            bytes_received: row.bytes_received.unwrap_or(0),
        })
    }

    fn interval(&mut self) -> Result<Option<Interval>, RecordingError> {
        let Some(run) = self.advance_row()? else {
            return Ok(None);
        };
        let start_lag_us = self.take(run.second, START_LAG_TAG)?;
        let mut steps = Vec::new();
        while self.next_row.as_ref().is_some_and(|row| !row.is_run()) {
            if let Some(row) = self.advance_row()? {
                steps.push(self.step(&row)?);
            }
        }
        Ok(Some(Interval {
            second: run.second,
            steps,
            start_lag_us,
            scheduled: run.scheduled.unwrap_or(0),
            started: run.started.unwrap_or(0),
            ended: run.ended.unwrap_or(0),
            users: run.users.unwrap_or(0),
            responders: Vec::new(),
        }))
    }
}

impl Iterator for Reader {
    type Item = Result<Interval, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.interval().transpose()
    }
}
