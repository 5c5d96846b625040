//! Numbers onto the page, by the library: it knows how names, labels and texts are written.

use crate::catalogue::{Kind, Metric};
use prometheus::{Error, GaugeVec, IntCounterVec, Opts, Registry, TextEncoder};

/// A page under way. It is made anew for each request: the numbers live in the store, not in this process.
pub(crate) struct Page(Registry);

impl Page {
    pub(crate) fn new() -> Self {
        Self(Registry::new())
    }

    /// Puts a gauge with its values, each with its labels. No values means that nothing is known, and no line.
    pub(crate) fn gauge<'v>(
        &self,
        metric: &Metric,
        values: impl IntoIterator<Item = (Vec<&'v str>, f64)>,
    ) -> Result<(), Error> {
        debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        let family = GaugeVec::new(Opts::new(metric.name, metric.help), metric.labels)?;
        for (labels, value) in values {
            family.get_metric_with_label_values(&labels)?.set(value);
        }
        self.0.register(Box::new(family))
    }

    /// Puts a counter with its totals. Labels that come twice are added up.
    pub(crate) fn counter<'v>(
        &self,
        metric: &Metric,
        totals: impl IntoIterator<Item = (Vec<&'v str>, u64)>,
    ) -> Result<(), Error> {
        debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        let family = IntCounterVec::new(Opts::new(metric.name, metric.help), metric.labels)?;
        for (labels, total) in totals {
            family.get_metric_with_label_values(&labels)?.inc_by(total);
        }
        self.0.register(Box::new(family))
    }

    pub(crate) fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.0.gather())
    }
}
