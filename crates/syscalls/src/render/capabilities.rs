//! capget(2) and capset(2).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::named::CAPABILITY;
use super::text;
use super::view::View;

/// The versions with more than 32 capabilities.
const WIDE: [u32; 2] = [0x2007_1026, 0x2008_0522];

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "capget" => vec![header(view), view.pointer(1)],
        "capset" => vec![header(view), sets(view).unwrap_or_else(|| view.pointer(1))],
        _ => return None,
    })
}

/// The version and the process of `struct __user_cap_header_struct`.
pub(super) fn parts(view: &View<'_>) -> Option<(u32, i32)> {
    let header = view.fixed::<8>(view.register(0))?;
    Some((text::u32_in(&header, 0), text::i32_in(&header, 4)))
}

pub(super) fn version(version: u32) -> String {
    named::CAPABILITY_VERSION.choice(version.into())
}

fn header(view: &View<'_>) -> String {
    match parts(view) {
        Some((number, process)) => format!("{{version={}, pid={process}}}", version(number)),
        None => view.pointer(0),
    }
}

/// Two `struct __user_cap_data_struct`, with the upper half of each set in the second one; one where
/// the version has no upper half.
fn sets(view: &View<'_>) -> Option<String> {
    let (version, _) = parts(view)?;
    let size = match WIDE.contains(&version) {
        true => 24,
        false => 12,
    };
    let data = view.bytes(view.register(1), size)?;
    let half = |at| u64::from(text::u32_in(&data, at));
    let [effective, permitted, inheritable] =
        [0, 4, 8].map(|at| set(half(at) | half(at + 12) << 32));
    Some(format!(
        "{{effective={effective}, permitted={permitted}, inheritable={inheritable}}}"
    ))
}

fn set(bits: u64) -> String {
    let set = (0..64).filter(|place| bits >> place & 1 != 0);
    match bits {
        0 => "0".into(),
        _ => text::joined(set.map(|place| format!("1<<{}", name(place))), "|"),
    }
}

fn name(capability: u64) -> String {
    CAPABILITY
        .name(capability)
        .unwrap_or_else(|| format!("{capability}"))
}
