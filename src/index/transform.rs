//! Inverse Fourier transforms of many short functions at once, one a lane.
//!
//! rustfft transforms one function with vectors along it; here every vector operation serves sixteen
//! functions, so nothing is shuffled and results need no transposing. Decimation in frequency, in place;
//! results come in digit-reversed order, which [`Transform::place`] tells.

use pulp::Simd;

/// A planned transform.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    size: usize,
    stages: Vec<Stage>,
    places: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Stage {
    radix: usize,
    /// For every sample of a part, the factors of the second, third and fourth part: (cosine, sine).
    twiddles: Vec<(f32, f32)>,
}

impl Transform {
    /// Plans a transform of a size whose factors are 2 and 3.
    ///
    /// # Panics
    /// If it has another factor.
    pub(super) fn new(size: usize) -> Self {
        let mut stages = Vec::new();
        let mut rest = size;
        while rest > 1 {
            let radix = [4, 2, 3].into_iter().find(|radix| rest.is_multiple_of(*radix));
            let radix = radix.expect("parameters allow the factors 2 and 3 only");
            let part = rest / radix;
            let twiddle = |sample: usize, of: usize| {
                let angle = std::f64::consts::TAU * (sample * of) as f64 / rest as f64;
                (libm::cos(angle) as f32, libm::sin(angle) as f32)
            };
            let twiddles = (0..part).flat_map(|sample| (1..radix).map(move |of| (sample, of)));
            stages.push(Stage {
                radix,
                twiddles: twiddles.map(|(sample, of)| twiddle(sample, of)).collect(),
            });
            rest = part;
        }
        let radices: Vec<usize> = stages.iter().map(|stage| stage.radix).collect();
        let mut places = vec![0; size];
        for place in 0..size {
            places[result_at(&radices, place, size)] = place;
        }
        Self { size, stages, places }
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Where result number `result` is found, in complex values.
    #[inline(always)]
    pub(super) fn place(&self, result: usize) -> usize {
        self.places[result]
    }

    /// Sums value k times exp(+2 pi i k x / size), not divided by the size. `data` has real and imaginary
    /// parts in turn.
    #[inline(always)]
    pub(super) fn inverse<S: Simd>(&self, simd: S, data: &mut [S::f32s]) {
        let mut size = self.size;
        for stage in &self.stages {
            for part in data.chunks_exact_mut(2 * size) {
                match stage.radix {
                    4 => four(simd, part, &stage.twiddles),
                    3 => three(simd, part, &stage.twiddles),
                    _ => two(simd, part, &stage.twiddles),
                }
            }
            size /= stage.radix;
        }
    }
}

/// Which result a place holds.
fn result_at(radices: &[usize], place: usize, size: usize) -> usize {
    let Some((radix, rest)) = radices.split_first() else { return 0 };
    let part = size / radix;
    radix * result_at(rest, place % part, part) + place / part
}

/// Real and imaginary parts of the lanes.
type Pair<S> = (<S as Simd>::f32s, <S as Simd>::f32s);

#[inline(always)]
fn add<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    (simd.add_f32s(a.0, b.0), simd.add_f32s(a.1, b.1))
}

#[inline(always)]
fn subtract<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    (simd.sub_f32s(a.0, b.0), simd.sub_f32s(a.1, b.1))
}

/// a + i b
#[inline(always)]
fn add_turned<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    (simd.sub_f32s(a.0, b.1), simd.add_f32s(a.1, b.0))
}

/// a - i b
#[inline(always)]
fn subtract_turned<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    (simd.add_f32s(a.0, b.1), simd.sub_f32s(a.1, b.0))
}

/// Times a factor; the last stage's are all 1.
#[inline(always)]
fn times<S: Simd>(simd: S, a: Pair<S>, (cos, sin): (f32, f32), last: bool) -> Pair<S> {
    if last {
        return a;
    }
    let (cos, sin) = (simd.splat_f32s(cos), simd.splat_f32s(sin));
    let re = simd.mul_f32s(a.0, cos);
    let im = simd.mul_f32s(a.1, cos);
    (simd.negate_mul_add_e_f32s(a.1, sin, re), simd.mul_add_e_f32s(a.0, sin, im))
}

#[inline(always)]
fn put<S: Simd>(place: &mut [S::f32s], value: Pair<S>) {
    place[0] = value.0;
    place[1] = value.1;
}

#[inline(always)]
fn four<S: Simd>(simd: S, data: &mut [S::f32s], twiddles: &[(f32, f32)]) {
    let (first, second) = data.split_at_mut(data.len() / 2);
    let (a, b) = first.split_at_mut(first.len() / 2);
    let (c, d) = second.split_at_mut(second.len() / 2);
    let (a, b) = (a.chunks_exact_mut(2), b.chunks_exact_mut(2));
    let (c, d) = (c.chunks_exact_mut(2), d.chunks_exact_mut(2));
    let last = twiddles.len() == 3;
    for ((((a, b), c), d), w) in a.zip(b).zip(c).zip(d).zip(twiddles.chunks_exact(3)) {
        let (va, vb, vc, vd) = ((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1]));
        let (sum, difference) = (add(simd, va, vc), subtract(simd, va, vc));
        let (other, turned) = (add(simd, vb, vd), subtract(simd, vb, vd));
        put::<S>(a, add(simd, sum, other));
        let one = add_turned(simd, difference, turned);
        let two = subtract(simd, sum, other);
        let three = subtract_turned(simd, difference, turned);
        put::<S>(b, times(simd, one, w[0], last));
        put::<S>(c, times(simd, two, w[1], last));
        put::<S>(d, times(simd, three, w[2], last));
    }
}

#[inline(always)]
fn three<S: Simd>(simd: S, data: &mut [S::f32s], twiddles: &[(f32, f32)]) {
    let third = data.len() / 3;
    let (a, rest) = data.split_at_mut(third);
    let (b, c) = rest.split_at_mut(third);
    let (half, side) = (simd.splat_f32s(0.5), simd.splat_f32s(0.866_025_4));
    let parts = a.chunks_exact_mut(2).zip(b.chunks_exact_mut(2)).zip(c.chunks_exact_mut(2));
    let last = twiddles.len() == 2;
    for (((a, b), c), w) in parts.zip(twiddles.chunks_exact(2)) {
        let (va, vb, vc) = ((a[0], a[1]), (b[0], b[1]), (c[0], c[1]));
        let (sum, difference) = (add(simd, vb, vc), subtract(simd, vb, vc));
        let middle = (
            simd.negate_mul_add_e_f32s(sum.0, half, va.0),
            simd.negate_mul_add_e_f32s(sum.1, half, va.1),
        );
        let turned = (simd.mul_f32s(difference.0, side), simd.mul_f32s(difference.1, side));
        put::<S>(a, add(simd, va, sum));
        put::<S>(b, times(simd, add_turned(simd, middle, turned), w[0], last));
        put::<S>(c, times(simd, subtract_turned(simd, middle, turned), w[1], last));
    }
}

#[inline(always)]
fn two<S: Simd>(simd: S, data: &mut [S::f32s], twiddles: &[(f32, f32)]) {
    let (a, b) = data.split_at_mut(data.len() / 2);
    let last = twiddles.len() == 1;
    for ((a, b), w) in a.chunks_exact_mut(2).zip(b.chunks_exact_mut(2)).zip(twiddles) {
        let (va, vb) = ((a[0], a[1]), (b[0], b[1]));
        put::<S>(a, add(simd, va, vb));
        put::<S>(b, times(simd, subtract(simd, va, vb), *w, last));
    }
}
