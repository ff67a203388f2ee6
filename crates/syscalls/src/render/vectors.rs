//! Reading and writing with vectors (readv(2)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::argument;
use super::text;
use super::view::View;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "writev" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::There),
            argument(view, 2),
        ],
        "readv" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::Elsewhere),
            argument(view, 2),
        ],
        "process_vm_readv" | "process_vm_writev" => both_sides(view),
        "preadv" | "pwritev" | "preadv2" | "pwritev2" => placed_vectors(view),
        "process_madvise" => {
            let mut all: Vec<String> = (0..5).map(|place| argument(view, place)).collect();
            all.splice(1..2, [vectors(view, [1, 2], Contents::Elsewhere)]);
            all
        }
        "vmsplice" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::There),
            argument(view, 2),
            argument(view, 3),
        ],
        _ => return None,
    })
}

/// The vectors of process_vm_readv(2): ours, and the other process's.
fn both_sides(view: &View<'_>) -> Vec<String> {
    let local = match view.name {
        "process_vm_writev" => Contents::There,
        _ => Contents::Elsewhere,
    };
    vec![
        argument(view, 0),
        vectors(view, [1, 2], local),
        argument(view, 2),
        vectors(view, [3, 4], Contents::Elsewhere),
        argument(view, 4),
        argument(view, 5),
    ]
}

/// Whether what a vector leads to is to be shown.
#[derive(Clone, Copy)]
pub(super) enum Contents {
    There,
    /// Still to be read, or in another process.
    Elsewhere,
}

/// A vector by the places of its address and of its length.
fn vectors(view: &View<'_>, [address, count]: [usize; 2], contents: Contents) -> String {
    vector(view, view.register(address), view.register(count), contents)
}

/// 64-bit kernels look at one half of the position, which holds all of it.
fn placed_vectors(view: &View<'_>) -> Vec<String> {
    let contents = match view.name.starts_with("pwrite") {
        true => Contents::There,
        false => Contents::Elsewhere,
    };
    let mut all = vec![
        argument(view, 0),
        vectors(view, [1, 2], contents),
        argument(view, 2),
        format!("{}", view.long(3)),
    ];
    if view.name.ends_with('2') {
        all.push(named::VECTOR_FLAGS.flags(view.low(5)));
    }
    all
}

/// The elements of a vector (`struct iovec`, readv(2)).
pub(super) fn vector(view: &View<'_>, address: u64, count: u64, contents: Contents) -> String {
    let shown = count.min(text::LONGEST_DATA as u64);
    let size = 2 * view.word().unwrap_or(8) as u64;
    let mut all = Vec::new();
    for place in 0..shown {
        let Some([base, length]) = view.longs(address.wrapping_add(size * place)) else {
            break;
        };
        let base = match contents {
            Contents::There => view.data(base, length),
            Contents::Elsewhere => text::pointer(base),
        };
        all.push(format!("{{iov_base={base}, iov_len={length}}}"));
    }
    if all.is_empty() && (count != 0 || address == 0) {
        return text::pointer(address);
    }
    if (all.len() as u64) < count {
        all.push("...".into());
    }
    format!("[{}]", text::list(all))
}
