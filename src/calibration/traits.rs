//! What is known of a scan besides its surface?

use super::Scope;
use crate::digest::Digest;
use crate::surface::Kind;

/// What a population may have or lack. What is not known of a scan does not count against it, as with a questioned scan whose
/// calibre nobody says; but whether it is of heights has to be known of one of two scans that were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// Heights or reflectance.
    pub kind: Option<Kind>,
    /// Kind of mark, as `breech_face`.
    pub mark: Option<String>,
    /// Calibre, as `9 mm Luger`.
    pub calibre: Option<String>,
    /// Name of the instrument that measured it.
    pub instrument: Option<String>,
}

impl Traits {
    /// Of a scan of which only its surface is known.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }
}

impl<'a> Scope<'a> {
    /// Of a comparison of a questioned scan with a reference, by an engine of this version and with these parameters. Scans
    /// of two kinds or of two kinds of mark are not compared, so that either tells of both.
    #[must_use]
    pub fn of(
        engine_version: &'a str,
        parameters_digest: Digest,
        [questioned, reference]: [&'a Traits; 2],
    ) -> Self {
        let scans = [questioned, reference];
        Self {
            engine_version,
            parameters_digest,
            kind: reference.kind.or(questioned.kind),
            mark: reference.mark.as_deref().or(questioned.mark.as_deref()),
            instruments: scans.map(|scan| scan.instrument.as_deref()),
            calibres: scans.map(|scan| scan.calibre.as_deref()),
        }
    }
}
