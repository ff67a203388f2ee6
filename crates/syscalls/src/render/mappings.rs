//! Memory mappings (mmap(2), mremap(2)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::{argument, with};
use super::text;
use super::view::View;

/// Above this stands the logarithm of the size of huge pages (include/uapi/asm-generic/hugetlb_encode.h).
const HUGE_SHIFT: u32 = 26;
const HUGE_MASK: u64 = 0x3f << HUGE_SHIFT;
/// MAP_32BIT and MAP_ABOVE4G, which are nothing elsewhere (arch/x86/include/uapi/asm/mman.h).
const OF_X86: u64 = 0x40 | 0x80;
const FIXED: u64 = 2;
const MAY_MOVE: u64 = 1;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "mmap" => vec![
            view.pointer(0),
            argument(view, 1),
            named::PROTECTION.flags(view.register(2)),
            flags(view, view.register(3)),
            view.descriptor(view.int(4)),
            text::hex(view.register(5)),
        ],
        "mremap" => {
            let mut all = vec![view.pointer(0), argument(view, 1), argument(view, 2)];
            all.push(named::REMAPPING_FLAGS.flags(view.register(3)));
            if has_new_address(view.register(3)) {
                all.push(view.pointer(4));
            }
            all
        }
        "pkey_mprotect" => vec![
            view.pointer(0),
            argument(view, 1),
            argument(view, 2),
            format!("{}", view.int(3)),
        ],
        "cachestat" => {
            let range = match view.fixed::<16>(view.register(1)) {
                Some(range) => text::fields([
                    ("off", format!("{}", text::u64_in(&range, 0))),
                    ("len", format!("{}", text::u64_in(&range, 8))),
                ]),
                None => view.pointer(1),
            };
            with(view, [(1, range)])
        }
        _ => return None,
    })
}

/// The kernel looks at the new address only then (mm/mremap.c).
fn has_new_address(flags: u64) -> bool {
    flags & (FIXED | MAY_MOVE) == FIXED | MAY_MOVE
}

fn flags(view: &View<'_>, flags: u64) -> String {
    let kind = flags & 0xf;
    let huge = (flags & HUGE_MASK) >> HUGE_SHIFT;
    let mut all = match named::MAPPING_TYPE.name(kind) {
        Some(name) if kind != 0 || flags == 0 => vec![name],
        None => vec![named::MAPPING_TYPE.unknown(kind)],
        Some(_) => vec![],
    };
    let nameless = flags & if view.is_arm() { OF_X86 } else { 0 };
    let (names, rest) = named::MAPPING_FLAGS.split(flags & !0xf & !HUGE_MASK & !nameless);
    let rest = rest | nameless;
    all.extend(names);
    if rest != 0 {
        all.push(text::hex(rest));
    }
    if huge != 0 {
        all.push(format!("{huge}<<MAP_HUGE_SHIFT"));
    }
    text::joined(all, "|")
}
