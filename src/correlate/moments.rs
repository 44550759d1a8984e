//! What two fields have in common where both were measured.
//!
//! The sums over jointly valid samples from which the masked normalised cross-correlation follows
//! (Padfield 2012, equation 3), whoever computed them: a direct sum or an inverse FFT.

/// Sums over the jointly valid samples of f (the moved field) and g.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of jointly valid samples.
    pub count: f32,
    /// Sum of f.
    pub f: f32,
    /// Sum of g.
    pub g: f32,
    /// Sum of f squared.
    pub ff: f32,
    /// Sum of g squared.
    pub gg: f32,
    /// Sum of f times g.
    pub fg: f32,
}

impl Moments {
    /// Normalised cross-correlation, -1 to 1; `None` where fewer than two samples are shared or one
    /// of the fields is constant on them.
    #[must_use]
    pub fn ncc(&self) -> Option<f32> {
        if self.count < 2.0 {
            return None;
        }
        let variance_f = self.ff - self.f * self.f / self.count;
        let variance_g = self.gg - self.g * self.g / self.count;
        // Rounding in single precision leaves about 1e-5 of the sums of squares.
        if variance_f <= 1e-4 * self.ff || variance_g <= 1e-4 * self.gg {
            return None;
        }
        let covariance = self.fg - self.f * self.g / self.count;
        Some((covariance / (variance_f * variance_g).sqrt()).clamp(-1.0, 1.0))
    }
}
