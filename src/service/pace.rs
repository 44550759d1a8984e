//! How soon is a caller told that it has its share?
//!
//! Who comes again at once would keep the machine busy with refusals. So each of them waits a little, and those of one
//! account are told one after the other: however many ask, refusals cost little. Accounts are kept only of those who wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long each waits at least.
const LEAST: Duration = Duration::from_secs(1);
/// Between two refusals of one account.
const STEP: Duration = Duration::from_millis(10);
/// How long each waits at most.
const MOST: Duration = Duration::from_secs(10);

/// When each account is told next.
#[derive(Debug, Default)]
pub(super) struct Pace {
    told: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// When one more of this account, that came now, is told.
    pub(super) fn turn(&self, account: &str, now: Instant) -> Instant {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (soonest, latest) = (now + LEAST, now + MOST);
        if let Some(last) = told.get_mut(account) {
            *last = (*last + STEP).clamp(soonest, latest);
            return *last;
        }
        told.retain(|_, last| *last > now);
        told.insert(account.to_owned(), soonest);
        soonest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_one_account_are_told_one_after_the_other() {
        let (pace, now) = (Pace::default(), Instant::now());
        let turns: Vec<Duration> = (0..2000).map(|_| pace.turn("one", now) - now).collect();
        assert_eq!(turns[0], LEAST);
        assert!(turns[..900].windows(2).all(|pair| pair[1] - pair[0] == STEP));
        assert_eq!(turns[1999], MOST, "nobody waits without end");
        assert_eq!(pace.turn("other", now) - now, LEAST, "one account waits for another");
    }

    #[test]
    fn who_stays_away_is_forgotten() {
        let (pace, now) = (Pace::default(), Instant::now());
        for _ in 0..100 {
            pace.turn("one", now);
        }
        let later = now + MOST;
        assert_eq!(pace.turn("one", later) - later, LEAST);
        pace.turn("other", later + MOST);
        let told = pace.told.lock().unwrap();
        assert!(told.keys().eq(["other"]), "{told:?}");
    }
}
