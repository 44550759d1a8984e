//! Where between its samples is a peak?

/// Offset of the vertex of the parabola through three equally spaced values, the middle one the
/// greatest: -0.5 to 0.5 of the distance, from the middle; 0 where a neighbour is missing or all three
/// are equal.
#[must_use]
pub fn vertex(before: Option<f32>, middle: f32, after: Option<f32>) -> f64 {
    let (Some(before), Some(after)) = (before, after) else { return 0.0 };
    let (before, middle, after) = (f64::from(before), f64::from(middle), f64::from(after));
    let curvature = before - 2.0 * middle + after;
    if curvature < 0.0 { (0.5 * (before - after) / curvature).clamp(-0.5, 0.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertex_of_a_known_parabola_is_found() {
        let at = |x: f64| (1.0 - 0.3 * (x - 0.2).powi(2)) as f32;
        let offset = vertex(Some(at(-1.0)), at(0.0), Some(at(1.0)));
        assert!((offset - 0.2).abs() < 1e-5, "{offset}");
        assert!(vertex(None, 1.0, Some(0.5)).abs() < f64::EPSILON);
        assert!(vertex(Some(1.0), 1.0, Some(1.0)).abs() < f64::EPSILON);
    }
}
