//! What holds for every account and every policy, tried on one million of them.
//!
//! Each case is drawn from its own number, so a case that fails names the number that brings it back. A debug build
//! runs every fiftieth case; the million is the business of release builds, in which the tests of this workspace run.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

mod accounts;
mod plans;
mod world;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use world::Draw;

/// One property: its number makes its cases differ from those of the others.
#[derive(Clone, Copy)]
struct Property {
    number: u64,
    cases: u32,
}

const PROTECTED: Property = Property { number: 1, cases: 200_000 };
const FRESHER: Property = Property { number: 2, cases: 250_000 };
const EMERGENCY: Property = Property { number: 3, cases: 150_000 };
const OBSTACLE: Property = Property { number: 4, cases: 100_000 };
const WORDS: Property = Property { number: 5, cases: 50_000 };
const CAPPED: Property = Property { number: 6, cases: 50_000 };
const ORDER: Property = Property { number: 7, cases: 50_000 };
const OURS: Property = Property { number: 8, cases: 50_000 };
const SPOILED: Property = Property { number: 9, cases: 50_000 };
const SPARED: Property = Property { number: 10, cases: 50_000 };

const ALL: [Property; 10] = [PROTECTED, FRESHER, EMERGENCY, OBSTACLE, WORDS, CAPPED, ORDER, OURS, SPOILED, SPARED];

const fn total() -> u32 {
    let mut sum = 0;
    let mut index = 0;
    while index < ALL.len() {
        sum += ALL[index].cases;
        index += 1;
    }
    sum
}

const _: () = assert!(total() == 1_000_000, "the properties are tried on one million cases together");

/// Says which case it was when a case fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the case that failed: Draw::of({:#x})", self.0);
        }
    }
}

impl Property {
    /// Tries all cases. `case` tells whether it met what the property is about; so many in a thousand must, or the
    /// property would hold for want of anything to try.
    fn holds(self, in_a_thousand: u32, case: impl Fn(&mut Draw) -> bool) {
        let step = if cfg!(debug_assertions) { 50 } else { 1 };
        let (mut ran, mut met) = (0_u32, 0_u32);
        for index in (0..self.cases).step_by(step) {
            let seed = self.number << 32 | u64::from(index);
            let named = Named(seed);
            met += u32::from(case(&mut Draw::of(seed)));
            drop(named);
            ran += 1;
        }
        println!("{ran} cases, of which {met} met what the property is about");
        assert_eq!(ran, if cfg!(debug_assertions) { self.cases / 50 } else { self.cases });
        assert!(u64::from(met) * 1_000 >= u64::from(ran) * u64::from(in_a_thousand), "only {met} of {ran} cases");
    }
}

impl Draw {
    fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}
