//! How many searches has a laboratory at once?
//!
//! One laboratory that asks much must not keep the others waiting. Counts are kept only of those who have some.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many each has.
#[derive(Debug)]
pub(super) struct Quota {
    limit: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// One of those that somebody has; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    quota: Arc<Quota>,
    account: String,
}

impl Quota {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), taken: Mutex::default() }
    }

    /// One more for this account, if it has fewer than the limit.
    pub(super) fn take(self: &Arc<Self>, account: &str) -> Option<Share> {
        let mut taken = self.taken();
        let count = taken.entry(account.to_owned()).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Share { quota: Arc::clone(self), account: account.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.quota.taken().entry(self.account.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_share_and_gets_it_back() {
        let quota = Arc::new(Quota::new(2));
        let held: Vec<Share> = (0..2).map(|_| quota.take("one").unwrap()).collect();
        assert!(quota.take("one").is_none());
        assert!(quota.take("other").is_some());
        drop(held);
        assert!(quota.take("one").is_some());
        assert!(quota.taken().is_empty(), "what nobody has is kept");
    }
}
