//! Keys of the kernel (keyctl(2), add_key(2), request_key(2)).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::prototype::with;
use super::vectors::{Contents, vector};
use super::view::View;
use super::{named, text};
use crate::errno;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "add_key" => with(view, [(2, view.data(view.register(2), view.register(3)))]),
        "keyctl" => operation(view),
        _ => return None,
    })
}

/// A key by its number, or by the name of a special one.
fn key(number: i32) -> String {
    let bits = u64::from(u32::from_ne_bytes(number.to_ne_bytes()));
    named::RING_OF_KEYS
        .name(bits)
        .unwrap_or_else(|| format!("{number}"))
}

/// For each operation (include/uapi/linux/keyctl.h) a letter for each argument that it has: a key `k`,
/// an int `i`, an unsigned one `u`, a size `c`, a string `w`, an address `p`, data of the size behind it
/// `d`, a vector `v`, a user or group `o`, an error `e`, and what only one operation has in capitals.
const SHAPES: [&str; 33] = [
    "ki", "w", "kdc", "k", "koo", "kP", "kpc", "k", "kk", "kk", "kwwk", "kpc", "kdck", "kuk", "R",
    "ku", "k", "kpc", "", "kuek", "kvck", "k", "ok", "Xpcp", "kiwX", "Xwdp", "Xwdp", "Xwdp",
    "Xwdd", "kww", "kkkM", "pc", "kii",
];

/// The operation and as many arguments as it has.
fn operation(view: &View<'_>) -> Vec<String> {
    let shape = usize::try_from(view.low(0))
        .ok()
        .and_then(|at| SHAPES.get(at));
    let name = named::KEYCTL.choice(view.low(0));
    let rest: Vec<String> = match shape {
        Some(shape) => {
            let letters = (1..).zip(shape.bytes());
            letters
                .map(|(place, letter)| shown(view, place, letter))
                .collect()
        }
        None => (1..5)
            .map(|place| text::hex(view.register(place)))
            .collect(),
    };
    [name].into_iter().chain(rest).collect()
}

fn shown(view: &View<'_>, place: usize, letter: u8) -> String {
    let [value, next] = [place, place + 1].map(|place| view.register(place));
    match letter {
        b'k' => key(view.int(place)),
        b'i' => format!("{}", view.int(place)),
        b'u' => format!("{}", view.low(place)),
        b'c' => format!("{value}"),
        b'w' => view.path(place),
        b'd' => view.data(value, next),
        b'v' => vector(view, value, next, Contents::There),
        b'o' => text::identity(value),
        b'e' => error(view.int(place)),
        b'P' => named::KEY_PERMISSION.flags(view.low(place)),
        b'R' => default_ring(view),
        b'M' => named::KEY_MOVE.flags(view.low(place)),
        b'X' if view.low(0) == EXCHANGE => exchange(view),
        _ => text::pointer(value),
    }
}

/// KEYCTL_DH_COMPUTE.
const EXCHANGE: u64 = 23;

fn error(number: i32) -> String {
    let name = u16::try_from(number).ok().and_then(errno::name);
    name.map_or_else(|| format!("{number}"), String::from)
}

fn default_ring(view: &View<'_>) -> String {
    let name = named::DEFAULT_KEYRING.name(view.low(1));
    name.unwrap_or_else(|| format!("{} /* KEY_REQKEY_DEFL_??? */", view.int(1)))
}

/// `struct keyctl_dh_params`.
fn exchange(view: &View<'_>) -> String {
    let Some(known) = view.fixed::<12>(view.register(1)) else {
        return view.pointer(1);
    };
    let [private, prime, base] = [0, 4, 8].map(|at| key(text::i32_in(&known, at)));
    format!("{{private={private}, prime={prime}, base={base}}}")
}
