//! What came of it, counted: how long calls took, what was refused and why, what went wrong.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Errors that are kept in words; the others are counted.
const KEPT: usize = 50;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Search,
    /// Over everything, to its end.
    SearchWhole,
    /// One that its client ends before it is done.
    SearchCut,
    Enrol,
    Get,
    List,
    Download,
    Compare,
    Extract,
    Statistics,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Search => "search, narrowed",
            Self::SearchWhole => "search, whole store",
            Self::SearchCut => "search, cut short",
            Self::Enrol => "enrol",
            Self::Get => "get",
            Self::List => "list",
            Self::Download => "download",
            Self::Compare => "compare",
            Self::Extract => "extract",
            Self::Statistics => "statistics",
        }
    }
}

/// Calls of one kind that ended as they should.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timed {
    /// From the first message to the last answer, of the attempt that was not refused.
    answered: Vec<Duration>,
    /// From the first attempt on, with all refusals and waits.
    waited: Vec<Duration>,
}

/// What clients saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    calls: BTreeMap<Kind, Timed>,
    refused: BTreeMap<(Kind, String), u64>,
    ended: BTreeMap<String, u64>,
    errors: Vec<String>,
    error_count: u64,
}

/// The share of a sorted list that is not above the answer; zero of an empty one.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Milliseconds, to a tenth.
pub(crate) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}

impl Tally {
    pub(crate) fn answered(&mut self, kind: Kind, attempt: Duration, whole: Duration) {
        let timed = self.calls.entry(kind).or_default();
        timed.answered.push(attempt);
        timed.waited.push(whole);
    }

    pub(crate) fn refused(&mut self, kind: Kind, reason: String) {
        *self.refused.entry((kind, reason)).or_default() += 1;
    }

    /// Counts a way in which the service ended calls when it was told to stop.
    pub(crate) fn ended(&mut self, when: &str, how: &str) {
        *self.ended.entry(format!("{when}: {how}")).or_default() += 1;
    }

    pub(crate) fn error(&mut self, what: String) {
        self.error_count += 1;
        if self.errors.len() < KEPT {
            self.errors.push(what);
        }
    }

    pub(crate) fn errors(&self) -> u64 {
        self.error_count
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.values().map(|timed| timed.answered.len()).sum()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, timed) in other.calls {
            let mine = self.calls.entry(kind).or_default();
            mine.answered.extend(timed.answered);
            mine.waited.extend(timed.waited);
        }
        for (key, count) in other.refused {
            *self.refused.entry(key).or_default() += count;
        }
        for (key, count) in other.ended {
            *self.ended.entry(key).or_default() += count;
        }
        self.error_count += other.error_count;
        let room = KEPT.saturating_sub(self.errors.len());
        self.errors.extend(other.errors.into_iter().take(room));
    }

    /// As JSON, over a load that took so long.
    pub(crate) fn json(&self, took: Duration) -> Value {
        let calls = self.calls.iter().map(|(kind, timed)| {
            let mut sorted = [timed.answered.clone(), timed.waited.clone()];
            sorted.iter_mut().for_each(|times| times.sort_unstable());
            let [answered, waited] = sorted;
            json!({
                "call": kind.name(),
                "count": answered.len(),
                "per_second": answered.len() as f64 / took.as_secs_f64(),
                "p50_ms": ms(quantile(&answered, 0.5)),
                "p95_ms": ms(quantile(&answered, 0.95)),
                "p99_ms": ms(quantile(&answered, 0.99)),
                "max_ms": ms(quantile(&answered, 1.0)),
                "p50_with_refusals_ms": ms(quantile(&waited, 0.5)),
                "p99_with_refusals_ms": ms(quantile(&waited, 0.99)),
            })
        });
        let refused = self.refused.iter().map(
            |((kind, reason), count)| json!({"call": kind.name(), "reason": reason, "count": count}),
        );
        json!({
            "seconds": took.as_secs_f64(),
            "calls": calls.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "ended_by_the_stop": self.ended,
            "errors": self.error_count,
            "first_errors": self.errors,
        })
    }

    /// For people.
    pub(crate) fn print(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        println!(
            "\n{} calls answered in {seconds:.1} s, {:.2} a second",
            self.count(),
            self.count() as f64 / seconds
        );
        let heads = ["call", "count", "per s", "p50", "p95", "p99", "max", "p50 *", "p99 *"];
        let mut table = table(&heads);
        for (kind, timed) in &self.calls {
            let mut sorted = [timed.answered.clone(), timed.waited.clone()];
            sorted.iter_mut().for_each(|times| times.sort_unstable());
            let [answered, waited] = &sorted;
            let at = |times: &[Duration], share| format!("{:.1}", ms(quantile(times, share)));
            table.add_row([
                kind.name().to_owned(),
                answered.len().to_string(),
                format!("{:.2}", answered.len() as f64 / seconds),
                at(answered, 0.5),
                at(answered, 0.95),
                at(answered, 0.99),
                at(answered, 1.0),
                at(waited, 0.5),
                at(waited, 0.99),
            ]);
        }
        println!(
            "{table}\nTimes in ms; * from the first attempt on, with refusals and the waits after them."
        );
        if !self.refused.is_empty() {
            let mut table = self::table(&["refused", "reason", "count"]);
            for ((kind, reason), count) in &self.refused {
                table.add_row([kind.name(), reason, &count.to_string()]);
            }
            println!("{table}");
        }
        for (how, count) in &self.ended {
            println!("{count} calls {how}");
        }
        self.print_errors();
    }

    fn print_errors(&self) {
        if self.error_count > 0 {
            println!("{} errors, the first of them:", self.error_count);
            for error in &self.errors {
                println!("  {error}");
            }
        }
    }
}

/// A table with its first column to the left, the others to the right.
pub(crate) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Whether everything was as it has to be, and what was not.
#[derive(Debug, Default)]
pub(crate) struct Verdict(Vec<String>);

impl Verdict {
    /// Says and keeps how something came out.
    pub(crate) fn check(&mut self, what: &str, result: Result<String, String>) {
        match result {
            Ok(how) => println!("ok     {what}: {how}"),
            Err(why) => {
                println!("FAILED {what}: {why}");
                self.0.push(format!("{what}: {why}"));
            }
        }
    }

    /// Prints the end and writes the JSON, if that is wanted. Whether all is well.
    pub(crate) fn conclude(
        self,
        mut report: Value,
        file: Option<&std::path::Path>,
    ) -> anyhow::Result<bool> {
        let well = self.0.is_empty();
        report["failures"] = json!(self.0);
        if let Some(file) = file {
            std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
        }
        println!("\n{}", if well { "All as it has to be." } else { "Not all is as it has to be." });
        Ok(well)
    }
}
