//! Normal equations of a few unknowns, solved without trusting them.

/// The first unknown of a symmetric positive system of `N` (by Cholesky), or of its first `n` unknowns where
/// the rest cannot be told from the samples there are; none where not even one can. `sizes` are the
/// systems that may be left, the largest first.
pub(super) fn first_unknown<const N: usize>(
    matrix: &[[f64; N]; N],
    right: &[f64; N],
    sizes: &[usize],
) -> Option<f64> {
    sizes.iter().find_map(|&size| cholesky(matrix, right, size))
}

/// The first of `size` unknowns; none where a pivot is nothing but rounding.
fn cholesky<const N: usize>(matrix: &[[f64; N]; N], right: &[f64; N], size: usize) -> Option<f64> {
    /// Share of a diagonal element below which its pivot is rounding.
    const ROUNDING: f64 = 1e-9;
    let mut lower = [[0.0; N]; N];
    let mut forward = [0.0; N];
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| lower[row][k] * lower[column][k]).sum();
            let rest = matrix[row][column] - known;
            if column < row {
                lower[row][column] = rest / lower[column][column];
            } else if rest > ROUNDING * matrix[row][row] {
                lower[row][row] = libm::sqrt(rest);
            } else {
                return None;
            }
        }
        let known: f64 = (0..row).map(|k| lower[row][k] * forward[k]).sum();
        forward[row] = (right[row] - known) / lower[row][row];
    }
    let mut unknowns = [0.0; N];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| lower[k][row] * unknowns[k]).sum();
        unknowns[row] = (forward[row] - known) / lower[row][row];
    }
    Some(unknowns[0])
}
