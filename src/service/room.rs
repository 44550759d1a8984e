//! What can a server run out of?

/// What the server ran out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Calls,
    LaboratoryCalls,
    Searches,
    LaboratorySearches,
    Jobs,
    Files,
    Verifications,
}

impl Room {
    /// Its name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::LaboratoryCalls => "laboratory_calls",
            Self::Searches => "searches",
            Self::LaboratorySearches => "laboratory_searches",
            Self::Jobs => "work",
            Self::Files => "files",
            Self::Verifications => "verifications",
        }
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Calls => "more calls",
            Self::LaboratoryCalls => "more calls of one laboratory",
            Self::Searches => "more searches",
            Self::LaboratorySearches => "more searches of one laboratory",
            Self::Jobs => "more work",
            Self::Files => "more files in memory",
            Self::Verifications => "a second verification",
        })
    }
}
