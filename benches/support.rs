//! What both benchmarks measure on.

#![allow(dead_code, reason = "neither uses all of it")]

use casemark::correlate::fft::Arithmetic;
use casemark::digest::Digest;
use casemark::matcher::Engine;
use casemark::parameters::Parameters;
use casemark::signature::Signature;
use casemark::simulate::Simulation;
use casemark::surface::Surface;

/// Three cases: the questioned one, a reference of the same firearm, one of another.
#[derive(Debug)]
pub(crate) struct Cases {
    pub(crate) questioned: Surface,
    pub(crate) same_source: Surface,
    pub(crate) different_source: Surface,
}

impl Cases {
    pub(crate) fn simulate() -> Self {
        let simulation = Simulation { seed: 2026, ..Simulation::default() };
        let firearm = |index| simulation.firearm(index).expect("the defaults are within bounds");
        let (one, other) = (firearm(0), firearm(9));
        Self {
            questioned: one.shot(0).surface,
            same_source: one.shot(1).surface,
            different_source: other.shot(0).surface,
        }
    }
}

pub(crate) fn engine() -> Engine {
    Engine::new(Parameters::default(), Arithmetic::Vectorised)
}

pub(crate) fn signature(surface: &Surface) -> Signature {
    let source = Digest::of(b"simulated");
    Signature::extract(surface, source, &Parameters::default()).expect("a whole case has texture")
}
