//! The metrics of a load as Prometheus text, for whoever asks while it lasts.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use load::{Meter, Tally};
use tokio_util::task::AbortOnDropHandle;

use crate::failure::Failure;
use crate::scrapes::{self, label};

const QUANTILES: [f64; 5] = [0.5, 0.75, 0.9, 0.95, 0.99];

/// Answers every request on `address` with the metrics, until what is returned is dropped.
pub(super) async fn serve(
    address: SocketAddr,
    meter: Arc<Meter>,
) -> Result<AbortOnDropHandle<()>, Failure> {
    scrapes::serve(address, move || text(&meter.tally())).await
}

/// Every metric; what ends in a code or a cause has it as a label.
fn text(tally: &Tally) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for (name, count) in &tally.counters {
        let (metric, label) = match (
            name.strip_prefix("errors."),
            name.strip_prefix("http.codes."),
        ) {
            (Some(cause), _) => ("leakscope_errors_total".to_owned(), label("cause", cause)),
            (_, Some(code)) => ("leakscope_http_codes_total".to_owned(), label("code", code)),
            _ => (format!("{}_total", metric(name)), String::new()),
        };
        if metric != last {
            let _ = writeln!(text, "# TYPE {metric} counter");
            last.clone_from(&metric);
        }
        let _ = writeln!(text, "{metric}{label} {count}");
    }
    for (name, times) in &tally.times {
        let metric = format!("{}_seconds", metric(name));
        let _ = writeln!(text, "# TYPE {metric} summary");
        for quantile in QUANTILES {
            let seconds = times.quantile_ms(quantile) / 1000.0;
            let _ = writeln!(text, "{metric}{{quantile=\"{quantile}\"}} {seconds}");
        }
        let _ = writeln!(text, "{metric}_sum {}", times.total_seconds());
        let _ = writeln!(text, "{metric}_count {}", times.count());
    }
    text
}

/// A name as Prometheus allows it.
fn metric(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let name: String = name
        .trim_start_matches("leakscope.")
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    format!("leakscope_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_prometheus_text() {
        let mut tally = Tally::default();
        for (name, count) in [
            ("errors.it's \"odd\"", 2),
            ("errors.x", 1),
            ("vusers.created", 7),
        ] {
            tally.counters.insert(name.to_owned(), count);
        }
        let expected = "# TYPE leakscope_errors_total counter\n\
            leakscope_errors_total{cause=\"it's \\\"odd\\\"\"} 2\n\
            leakscope_errors_total{cause=\"x\"} 1\n\
            # TYPE leakscope_vusers_created_total counter\n\
            leakscope_vusers_created_total 7\n";
        assert_eq!(text(&tally), expected);
    }
}
