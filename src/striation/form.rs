//! What of the heights is form and not mark?
//!
//! A form of second degree, by least squares over the measured samples: tilt and bow of the object. It comes
//! first, since filters smear a tilt at the edges.

/// Takes the best sum of `shapes` away from the measured heights; others become 0. Shapes that the samples
/// cannot tell from those before them are left out.
pub(super) fn remove(heights: &mut [f64], mask: &[bool], shapes: impl Iterator<Item = Vec<f64>>) {
    let inner = |first: &[f64], second: &[f64]| -> f64 {
        let both = first.iter().zip(second).zip(mask);
        both.map(|((a, b), &valid)| if valid { a * b } else { 0.0 }).sum()
    };
    let subtract = |from: &mut [f64], shape: &[f64]| {
        let share = inner(from, shape) / inner(shape, shape);
        from.iter_mut().zip(shape).for_each(|(value, shape)| *value -= share * shape);
    };
    // Made orthogonal one after the other.
    let mut forms: Vec<Vec<f64>> = Vec::new();
    for mut shape in shapes {
        let before = inner(&shape, &shape);
        forms.iter().for_each(|form| subtract(&mut shape, form));
        // What is left of a shape that is the sum of others is rounding.
        if inner(&shape, &shape) > 1e-12 * before {
            forms.push(shape);
        }
    }
    forms.iter().for_each(|form| subtract(heights, form));
    heights.iter_mut().zip(mask).for_each(|(height, &valid)| {
        if !valid {
            *height = 0.0;
        }
    });
}

/// A power of the place, which is -1 at the first and 1 at the last of `count` samples.
pub(super) fn power(index: usize, count: usize, degree: usize) -> f64 {
    let place = 2.0 * index as f64 / (count - 1).max(1) as f64 - 1.0;
    (0..degree).fold(1.0, |power, _| power * place)
}
