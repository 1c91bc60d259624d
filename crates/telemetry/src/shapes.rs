//! The three sorts of metrics. The number of labels is part of the type: a value too many or too few does not compile.

use metrics::Label;
use std::time::Duration;

/// What only grows.
#[derive(Debug)]
pub struct Counter<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
}

/// What goes up and down.
#[derive(Debug)]
pub struct Gauge<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
}

/// How long something took, in seconds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) labels: [&'static str; N],
    pub(crate) help: &'static str,
    pub(crate) bounds: &'static [f64],
}

/// A metric as the exporter and the documents need it.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
    /// What it is.
    pub metric_type: MetricType,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricType {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts how often values were within these bounds.
    Histogram(&'static [f64]),
}

fn labelled<const N: usize>(names: [&'static str; N], values: [&str; N]) -> Vec<Label> {
    names.into_iter().zip(values).map(|(name, value)| Label::new(name, value.to_owned())).collect()
}

impl<const N: usize> Counter<N> {
    /// One more.
    pub fn increment(&self, values: [&str; N]) {
        self.add(values, 1);
    }

    /// So many more.
    pub fn add(&self, values: [&str; N], more: u64) {
        metrics::counter!(self.name, labelled(self.labels, values)).increment(more);
    }

    pub(crate) const fn described(&'static self) -> Described {
        Described {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Counter,
        }
    }
}

impl<const N: usize> Gauge<N> {
    /// So it stands now.
    pub fn set(&self, values: [&str; N], value: f64) {
        metrics::gauge!(self.name, labelled(self.labels, values)).set(value);
    }

    /// One more for as long as the answer lives.
    #[must_use]
    pub fn track_in_flight(&self, values: [&str; N]) -> InFlight {
        let gauge = metrics::gauge!(self.name, labelled(self.labels, values));
        gauge.increment(1.0);
        InFlight(gauge)
    }

    pub(crate) const fn described(&'static self) -> Described {
        Described {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Gauge,
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// It took so long.
    pub fn record_duration(&self, values: [&str; N], duration: Duration) {
        metrics::histogram!(self.name, labelled(self.labels, values)).record(duration.as_secs_f64());
    }

    pub(crate) const fn described(&'static self) -> Described {
        Described {
            name: self.name,
            labels: &self.labels,
            help: self.help.trim_ascii(),
            metric_type: MetricType::Histogram(self.bounds),
        }
    }
}

/// One that a gauge counts; no longer when it is dropped.
pub struct InFlight(metrics::Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
