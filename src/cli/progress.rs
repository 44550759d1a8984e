//! Progress on standard error, for people: only on a terminal, never in a pipe.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Makes progress bars, or none. Its clones know the same bars.
#[derive(Clone)]
pub(super) struct Progress {
    bars: MultiProgress,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { bars: MultiProgress::with_draw_target(target) }
    }

    /// A bar over `length` steps of `what`, with an estimate of the time left.
    pub(super) fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(length).with_message(what));
        let template = "{msg} [{bar:30}] {pos}/{len} ({per_sec}, {eta} left)";
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            // The template is ours and sound; a plain bar would do as well.
            Err(_) => bar,
        }
    }

    /// A sign of life for work whose length is not known.
    pub(super) fn spinner(&self, what: &'static str) -> ProgressBar {
        let bar = self.bar(0, what);
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Takes the bars away while something is written on standard error.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        self.bars.suspend(write);
    }
}
