//! The three types of metrics. The number of labels is part of the type, so that a missing label does not compile.

use metrics::Label;
use std::time::Duration;

/// A value that only grows.
#[derive(Debug)]
pub struct Counter<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
}

/// A value that goes up and down.
#[derive(Debug)]
pub struct Gauge<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
}

/// The distribution of durations, in seconds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
    pub(crate) bounds: &'static [f64],
}

/// A metric as the exporter and the documentation need it.
#[derive(Debug, Clone, Copy)]
pub struct MetricDescription {
    pub name: &'static str,
    pub labels: &'static [&'static str],
    pub help: &'static str,
    pub metric_type: MetricType,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricType {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

fn labels<const N: usize>(names: [&'static str; N], values: [&str; N]) -> Vec<Label> {
    names.into_iter().zip(values).map(|(name, value)| Label::new(name, value.to_owned())).collect()
}

impl<const N: usize> Counter<N> {
    pub fn increment(&self, values: [&str; N]) {
        self.add(values, 1);
    }

    pub fn add(&self, values: [&str; N], count: u64) {
        metrics::counter!(self.name, labels(self.labels, values)).increment(count);
    }

    pub(crate) const fn description(&'static self) -> MetricDescription {
        MetricDescription {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Counter,
        }
    }
}

impl<const N: usize> Gauge<N> {
    pub fn set(&self, values: [&str; N], value: f64) {
        metrics::gauge!(self.name, labels(self.labels, values)).set(value);
    }

    /// Adds one for as long as the returned guard lives.
    #[must_use]
    pub fn track_in_flight(&self, values: [&str; N]) -> InFlight {
        let gauge = metrics::gauge!(self.name, labels(self.labels, values));
        gauge.increment(1.0);
        InFlight(gauge)
    }

    pub(crate) const fn description(&'static self) -> MetricDescription {
        MetricDescription {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Gauge,
        }
    }
}

impl<const N: usize> Histogram<N> {
    pub fn record_duration(&self, values: [&str; N], duration: Duration) {
        metrics::histogram!(self.name, labels(self.labels, values)).record(duration.as_secs_f64());
    }

    pub(crate) const fn description(&'static self) -> MetricDescription {
        MetricDescription {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Histogram(self.bounds),
        }
    }
}

/// Counted by a gauge until it is dropped.
pub struct InFlight(metrics::Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
