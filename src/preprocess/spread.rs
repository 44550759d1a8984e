//! How widely do heights spread, whatever a few of them do?

/// Standard deviation estimated by the median of absolute values about zero, times 1.4826 (exact for
/// a normal distribution); `None` without values. Cost: one selection, linear in the count.
pub(crate) fn robust_deviation(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut absolute: Vec<f64> = values.map(f64::abs).collect();
    if absolute.is_empty() {
        return None;
    }
    let middle = absolute.len() / 2;
    let (_, median, _) = absolute.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median * 1.482_602_218_505_602)
}
