//! How fast may the uploads of one laboratory come?
//!
//! Files without end, sent as fast as a line allows, would have the server decrypt and copy and do nothing else. So each
//! laboratory has a rate, all its uploads together; as many bytes as the largest file has go before it holds. Who
//! is faster is read later, and its sender waits: nothing is refused for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When each laboratory's bytes have come at its rate.
#[derive(Debug)]
pub(super) struct Flow {
    bytes_per_s: f64,
    /// How long the bytes that go before would take.
    ahead: Duration,
    level: Mutex<HashMap<String, Instant>>,
}

impl Flow {
    pub(super) fn new(bytes_per_s: u64, bytes_ahead: u64) -> Self {
        let bytes_per_s = bytes_per_s.max(1) as f64;
        let ahead = Duration::from_secs_f64(bytes_ahead as f64 / bytes_per_s);
        Self { bytes_per_s, ahead, level: Mutex::default() }
    }

    /// How long to wait before more is read, after so many bytes of this account came.
    pub(super) fn wait(&self, account: &str, bytes: usize, now: Instant) -> Duration {
        let took = Duration::from_secs_f64(bytes as f64 / self.bytes_per_s);
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let until = match level.get_mut(account) {
            Some(until) => {
                *until = (*until).max(now) + took;
                *until
            }
            None => {
                level.retain(|_, until| *until > now);
                level.insert(account.to_owned(), now + took);
                now + took
            }
        };
        (until - now).saturating_sub(self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_file_goes_at_once_and_what_follows_at_the_rate() {
        let (flow, now) = (Flow::new(1000, 3000), Instant::now());
        assert_eq!(flow.wait("one", 2000, now), Duration::ZERO);
        assert_eq!(flow.wait("one", 1000, now), Duration::ZERO);
        assert_eq!(flow.wait("one", 500, now), SECOND / 2);
        assert_eq!(flow.wait("one", 500, now + SECOND / 2), SECOND / 2);
        assert_eq!(flow.wait("other", 3000, now), Duration::ZERO, "one waits for another");
        // After a while there is room for a whole file again.
        assert_eq!(flow.wait("one", 3000, now + 4 * SECOND), Duration::ZERO);
        assert_eq!(flow.wait("one", 1, now + 4 * SECOND), Duration::from_millis(1));
    }

    #[test]
    fn who_stays_away_is_forgotten() {
        let (flow, now) = (Flow::new(1000, 3000), Instant::now());
        flow.wait("one", 2000, now);
        flow.wait("other", 1, now + 3 * SECOND);
        let level = flow.level.lock().unwrap();
        assert!(level.keys().eq(["other"]), "{level:?}");
    }
}
