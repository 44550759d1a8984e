//! Does a simulated head look like a real one, and is its truth true?

use super::super::Simulation;
use super::*;

#[test]
fn heads_differ_by_shot_and_never_by_what_was_made_before() {
    let firearm = Simulation { seed: 3, ..Simulation::default() }.firearm(1).unwrap();
    let (first, second) = (firearm.head(0), firearm.head(1));
    assert_ne!(first.surface, second.surface);
    assert_eq!(first.surface, firearm.head(0).surface);
}
