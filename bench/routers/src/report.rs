//! The tables: figures of the median round, and ratios to the first router in the same round.

use std::fmt::Write as _;

use reel_bench_routers::load::Measure;

use crate::contender::Running;

const MEBIBYTE: f64 = 1_048_576.0;

/// One router under load, once.
pub(crate) struct Round {
    pub(crate) measure: Measure,
    /// CPU seconds of the router for each answer.
    pub(crate) cpu_per_answer: f64,
    /// CPU seconds of the subgraphs for each answer.
    pub(crate) subgraphs_cpu_per_answer: f64,
    /// In bytes.
    pub(crate) peak_memory: u64,
}

/// All rounds of a router.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) rounds: Vec<Round>,
}

impl Series {
    fn median(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(figure))
    }

    fn ratio(&self, to: &Self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().zip(&to.rounds).map(|(own, other)| figure(own) / figure(other)))
    }
}

pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What the routers use before there is any load, and how long operations take that they have not seen before.
pub(crate) fn at_rest(routers: &[Running]) -> String {
    let mut text =
        String::from("| | idle MiB | first operation ms | planning ms | answer bytes |\n|---|---|---|---|---|\n");
    for router in routers {
        let (memory, cold) = (router.idle_memory as f64 / MEBIBYTE, router.cold.as_secs_f64() * 1_000.0);
        let planning = router.planning * 1_000.0;
        let _ =
            writeln!(text, "| {} | {memory:.1} | {cold:.1} | {planning:.1} | {} |", router.name, router.answer.len());
    }
    text
}

/// What they do under load.
pub(crate) fn under_load(series: &[Series]) -> String {
    let mut text = String::from(
        "| | requests/s | p50 ms | p99 ms | router CPU ms/request | requests/CPU-s | subgraphs CPU ms/request | peak MiB \
         | ratio requests/s | ratio requests/CPU-s |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let Some(first) = series.first() else { return text };
    for entry in series {
        let throughput = |round: &Round| round.measure.throughput;
        let per_cpu_second = |round: &Round| 1.0 / round.cpu_per_answer;
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.1} | {:.1} | {:.3} | {:.0} | {:.3} | {:.0} | {:.2} | {:.2} |",
            entry.name,
            entry.median(throughput),
            entry.median(|round| round.measure.p50_us as f64 / 1_000.0),
            entry.median(|round| round.measure.p99_us as f64 / 1_000.0),
            entry.median(|round| round.cpu_per_answer * 1_000.0),
            entry.median(per_cpu_second),
            entry.median(|round| round.subgraphs_cpu_per_answer * 1_000.0),
            entry.median(|round| round.peak_memory as f64 / MEBIBYTE),
            entry.ratio(first, throughput),
            entry.ratio(first, per_cpu_second),
        );
    }
    text
}
