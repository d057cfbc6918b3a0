//! Where chance comes from. Teaches that a seed repeats a run only if each component draws from a generator of its own: what one draws
//! then never shifts another.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A random generator for one component of one service, or of whoever else needs chance.
pub fn rng(seed: u64, service: &str, component: &str) -> ChaCha8Rng {
    // FNV-1a (Fowler, Noll, Vo): a hash that is the same in every process, which std's is not.
    let label = service.bytes().chain(*b"/").chain(component.bytes());
    let hash = label.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ChaCha8Rng::seed_from_u64(seed ^ hash)
}
