//! Rounds of several targets in turn, and their figures side by side.

use reel_bench_routers::load::{Measure, Target};

/// A target with its name and all its rounds.
pub(crate) struct Series {
    /// What it is called in the report.
    pub(crate) name: &'static str,
    /// What is sent.
    pub(crate) target: Target,
    /// One entry a round.
    pub(crate) rounds: Vec<Measure>,
}

impl Series {
    /// The round with the median throughput.
    fn median(&self) -> Option<&Measure> {
        let mut rounds: Vec<&Measure> = self.rounds.iter().collect();
        rounds.sort_by(|a, b| a.throughput.total_cmp(&b.throughput));
        rounds.get(rounds.len() / 2).copied()
    }

    /// The median over rounds of the throughput relative to another series' in the same round.
    fn ratio_to(&self, other: &Self) -> f64 {
        let mut ratios: Vec<f64> =
            self.rounds.iter().zip(&other.rounds).map(|(ours, theirs)| ours.throughput / theirs.throughput).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The table of all series; the first one is what the others are compared with.
pub(crate) fn table(series: &[Series]) -> String {
    let mut text = String::from(
        "| | requests/s | p50 ms | p99 ms | answer bytes | throughput ratio |\n|---|---|---|---|---|---|\n",
    );
    let Some(baseline) = series.first() else { return text };
    for entry in series {
        let Some(median) = entry.median() else { continue };
        text.push_str(&format!(
            "| {} | {:.0} | {:.2} | {:.2} | {} | {:.2} |\n",
            entry.name,
            median.throughput,
            median.p50_us as f64 / 1_000.0,
            median.p99_us as f64 / 1_000.0,
            median.bytes,
            entry.ratio_to(baseline),
        ));
    }
    text
}
