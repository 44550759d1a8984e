//! How much has each laboratory at once?
//!
//! One that asks much must not keep the others waiting: it has no more than its share, and of that no more runs at the same
//! time than leaves room for others. Accounts are kept only of those who have something.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much each has.
#[derive(Debug)]
pub(super) struct Quota {
    limit: usize,
    running: usize,
    accounts: Mutex<HashMap<String, Account>>,
}

#[derive(Debug)]
struct Account {
    taken: usize,
    turns: Arc<Semaphore>,
}

/// One of those that somebody has; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    quota: Arc<Quota>,
    account: String,
    turns: Arc<Semaphore>,
}

impl Quota {
    /// So many for each.
    pub(super) fn new(limit: usize) -> Self {
        Self::with_turns(limit, limit)
    }

    /// So many for each, of which so many have their turn at the same time.
    pub(super) fn with_turns(limit: usize, running: usize) -> Self {
        Self { limit: limit.max(1), running: running.max(1), accounts: Mutex::default() }
    }

    /// One more for this account, if it has fewer than the limit.
    pub(super) fn take(self: &Arc<Self>, account: &str) -> Option<Share> {
        let mut accounts = self.accounts();
        let running = self.running;
        let known = accounts
            .entry(account.to_owned())
            .or_insert_with(|| Account { taken: 0, turns: Arc::new(Semaphore::new(running)) });
        if known.taken >= self.limit {
            return None;
        }
        known.taken += 1;
        let turns = Arc::clone(&known.turns);
        Some(Share { quota: Arc::clone(self), account: account.to_owned(), turns })
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Waits for the account's turn; `None` never comes, since nobody closes it.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Entry::Occupied(mut account) = self.quota.accounts().entry(self.account.clone()) {
            account.get_mut().taken -= 1;
            if account.get().taken == 0 {
                account.remove();
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
        assert!(quota.accounts().is_empty(), "what nobody has is kept");
    }

    #[tokio::test]
    async fn of_its_share_so_many_have_their_turn() {
        let quota = Arc::new(Quota::with_turns(2, 1));
        let (one, two) = (quota.take("one").unwrap(), quota.take("one").unwrap());
        let turn = one.turn().await;
        let mut waiting = std::pin::pin!(two.turn());
        let now = std::time::Duration::ZERO;
        assert!(tokio::time::timeout(now, &mut waiting).await.is_err(), "both run");
        assert!(tokio::time::timeout(now, quota.take("other").unwrap().turn()).await.is_ok());
        drop(turn);
        assert!(waiting.await.is_some());
    }
}
