//! The coarse pass against the sums it stands for, what is chosen against the whole, blocks from bytes.

use super::*;

/// What the coarse pass stands for, term by term: the best over its centres and angles.
fn naive(indexer: &Indexer, questioned: &Signature, entry: &Entry) -> f64 {
    let layout = &indexer.layout;
    let search = &indexer.parameters.search;
    let (heights, masks) = (height_places(layout), mask_places(layout));
    let [reference, reference_squares, reference_mask] = numbers(layout, entry);
    let texture = indexer.texture(questioned);
    let middle = centre::centre(&texture);
    let [_, squares, mask] = at_centre(indexer, &texture, middle);
    let smaller = measured(layout, &mask).min(measured(layout, &reference_mask));
    let angles = indexer.sieve.angles();
    let turn = |angle: usize| std::f64::consts::TAU * angle as f64 / angles as f64;
    // What the coarse angles hold.
    let kept = masks.iter().filter(|(k, _)| *k <= (angles / layout::COARSE - 1) / 2).count();
    let masks = &masks[..kept];
    let factor = |angle: usize| {
        let turn = turn(angle * layout::COARSE);
        let overlap = product(&mask, &reference_mask, masks, layout.mask_areas(), turn);
        let first = product(&squares, &reference_mask, masks, layout.mask_areas(), turn);
        let second = product(&mask, &reference_squares, masks, layout.mask_areas(), turn);
        if overlap <= search.least_overlap * smaller {
            return 0.0;
        }
        ((overlap / smaller).min(1.0) / (first * second).max(1e-8 * overlap * overlap)).sqrt()
    };
    let factors: Vec<f64> = (0..angles / layout::COARSE).map(factor).collect();
    let kept = heights.iter().filter(|(k, _)| *k <= search.sieve_harmonics).count();
    let mut best: f64 = 0.0;
    for centre in question::lattice(middle, search.sieve_reach, search.sieve_spacing) {
        let [mut own, ..] = at_centre(indexer, &texture, centre);
        emphasise(indexer, &heights, &mut own, &reference);
        for angle in 0..angles {
            let (coarse, between) = (angle / layout::COARSE, angle % layout::COARSE);
            let share = between as f64 / layout::COARSE as f64;
            let next = factors[(coarse + 1) % factors.len()];
            let factor = factors[coarse] * (1.0 - share) + next * share;
            let areas = layout.areas();
            let product = product(&own, &reference, &heights[..kept], areas, turn(angle));
            best = best.max(product * factor);
        }
    }
    best
}

#[test]
fn the_coarse_pass_gives_what_the_sums_give() {
    for (parameters, references) in [(small(), 19), (Index::default(), 3)] {
        for arithmetic in [Arithmetic::Vectorised, Arithmetic::Portable] {
            let indexer = Indexer::new(parameters.clone(), arithmetic).unwrap();
            let questioned = signature(&surface(1));
            let entries: Vec<Entry> =
                (1..=references).map(|seed| indexer.entry(&signature(&surface(seed)))).collect();
            let block = block_of(&indexer, &entries);
            let question = indexer.question(&questioned);
            let mut workspace = indexer.workspace();
            let found = indexer.sieve_block(&[&question], &block, &mut workspace).unwrap();
            assert_eq!(found[0].len(), entries.len());
            for (number, (entry, found)) in entries.iter().zip(&found[0]).enumerate() {
                let wanted = naive(&indexer, &questioned, entry);
                let away = (f64::from(*found) - wanted).abs();
                assert!(wanted > 0.05 && away < 2e-4, "{number}: {found} instead of {wanted}");
            }
        }
    }
}

#[test]
fn a_coarse_score_depends_on_nothing_but_the_two() {
    let indexer = indexer(Index::default());
    let signatures: Vec<Signature> = (1..=20).map(|seed| signature(&surface(seed))).collect();
    let entries: Vec<Entry> = signatures.iter().map(|s| indexer.entry(s)).collect();
    let questions: Vec<Question> = signatures[..3].iter().map(|s| indexer.question(s)).collect();
    let asked: Vec<&Question> = questions.iter().collect();
    let mut workspace = indexer.workspace();
    let block = block_of(&indexer, &entries);
    let whole = indexer.sieve_block(&asked, &block, &mut workspace).unwrap();
    for (number, found) in whole.iter().enumerate() {
        let best = (0..20).max_by(|a, b| found[*a].total_cmp(&found[*b])).unwrap();
        assert_eq!(best, number);
    }
    for (number, entry) in entries.iter().enumerate() {
        let block = block_of(&indexer, &[entries[3].clone(), entry.clone()]);
        for (question, whole) in questions.iter().zip(&whole) {
            let alone = indexer.sieve_block(&[question], &block, &mut workspace).unwrap();
            assert_eq!(alone[0], [whole[3], whole[number]]);
        }
    }
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let blocks: Vec<Block> = entries.chunks(7).map(|part| block_of(&indexer, part)).collect();
        let found: Vec<f32> = pool.install(|| {
            let sift = |block: &Block| {
                indexer.sieve_block(&asked, block, &mut indexer.workspace()).unwrap().swap_remove(1)
            };
            blocks.par_iter().flat_map_iter(sift).collect()
        });
        assert_eq!(found, whole[1]);
    }
}

#[test]
fn what_is_kept_is_a_share_and_not_too_few() {
    let indexer = indexer(Index::default());
    let IndexSearch { sieve_least, sieve_share, .. } = indexer.parameters.search;
    assert_eq!(indexer.kept(0), 0);
    assert_eq!(indexer.kept(sieve_least - 1), sieve_least - 1);
    assert_eq!(indexer.kept(sieve_least + 1), sieve_least);
    let share = (1_000_000.0 * sieve_share) as usize;
    assert_eq!(indexer.kept(1_000_000), share);
}

#[test]
fn what_is_chosen_is_scored_as_in_the_whole() {
    for arithmetic in [Arithmetic::Vectorised, Arithmetic::Portable] {
        let indexer = Indexer::new(small(), arithmetic).unwrap();
        let signatures: Vec<Signature> = (1..=37).map(|seed| signature(&surface(seed))).collect();
        let entries: Vec<Entry> = signatures.iter().map(|s| indexer.entry(s)).collect();
        let block = block_of(&indexer, &entries);
        let question = indexer.question(&signatures[4]);
        let mut workspace = indexer.workspace();
        let whole = indexer.score_block(&[&question], &block, &mut workspace).unwrap();
        let all: Vec<usize> = (0..37).collect();
        let backwards: Vec<usize> = (0..37).rev().step_by(2).collect();
        for chosen in [&[][..], &[36], &[4, 4, 0], &backwards, &all] {
            let found = indexer.score_chosen(&question, &block, chosen, &mut workspace).unwrap();
            let wanted: Vec<_> = chosen.iter().map(|reference| whole[0][*reference]).collect();
            assert_eq!(found, wanted, "{chosen:?}");
        }
        let refused = indexer.score_chosen(&question, &block, &[3, 37], &mut workspace);
        assert_eq!(refused, Err(IndexError::Reference { reference: 37, length: 37 }));
    }
}

#[test]
fn a_block_of_bytes_is_one_of_entries() {
    let indexer = indexer(small());
    let entries: Vec<Entry> =
        (1..=18).map(|seed| indexer.entry(&signature(&surface(seed)))).collect();
    let block = block_of(&indexer, &entries);
    let mut other = indexer.block(Kind::Topography, Parameters::default().extraction_digest());
    other.reserve(18);
    let reserved = other.bytes();
    for entry in &entries {
        other.push_bytes(&entry.to_bytes()).unwrap();
        let cut = &entry.to_bytes()[..90];
        assert!(matches!(other.push_bytes(cut), Err(IndexError::Length { .. })));
    }
    assert_eq!(other.len(), 18);
    assert_eq!(reserved, 0);
    assert_eq!(other.bytes(), block.bytes());
    assert!(block.bytes() > 32 * 2 * indexer.layout.values());
    let question = indexer.question(&signature(&surface(2)));
    let mut workspace = indexer.workspace();
    let mut score = |block| indexer.score_block(&[&question], block, &mut workspace).unwrap();
    assert_eq!(score(&block), score(&other));
    let stranger = super::indexer(Index::default()).entry(&signature(&surface(1))).to_bytes();
    assert!(matches!(other.push_bytes(&stranger), Err(IndexError::EntryDigest { .. })));
    assert_eq!(other.len(), 18);
}
