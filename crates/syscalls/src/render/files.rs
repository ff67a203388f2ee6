//! Opening and creating files, and asking for access.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::names::Names;
use super::prototype::argument;
use super::text;
use super::view::View;

/// include/uapi/asm-generic/fcntl.h, which x86 takes as it is.
const OPEN: Names = Names::new(
    "",
    "O_???",
    "0x40=O_CREAT 0x80=O_EXCL 0x100=O_NOCTTY 0x200=O_TRUNC 0x400=O_APPEND 0x800=O_NONBLOCK \
     0x101000=O_SYNC 0x1000=O_DSYNC 0x2000=FASYNC 0x4000=O_DIRECT 0x8000=O_LARGEFILE \
     0x20000=O_NOFOLLOW 0x40000=O_NOATIME 0x80000=O_CLOEXEC 0x200000=O_PATH 0x410000=O_TMPFILE \
     0x10000=O_DIRECTORY",
);

/// The same with the four that differ in arch/arm/include/uapi/asm/fcntl.h and arch/arm64's.
const OPEN_ON_ARM: Names = Names::new(
    "",
    "O_???",
    "0x40=O_CREAT 0x80=O_EXCL 0x100=O_NOCTTY 0x200=O_TRUNC 0x400=O_APPEND 0x800=O_NONBLOCK \
     0x101000=O_SYNC 0x1000=O_DSYNC 0x2000=FASYNC 0x10000=O_DIRECT 0x20000=O_LARGEFILE \
     0x8000=O_NOFOLLOW 0x40000=O_NOATIME 0x80000=O_CLOEXEC 0x200000=O_PATH 0x404000=O_TMPFILE \
     0x4000=O_DIRECTORY",
);

const ACCESS_MODE: Names = Names::new("O_", "O_???", "0=RDONLY 1=WRONLY 2=RDWR 3=ACCMODE");

/// include/uapi/linux/openat2.h.
const RESOLVE: Names = Names::new(
    "RESOLVE_",
    "RESOLVE_???",
    "1=NO_XDEV 2=NO_MAGICLINKS 4=NO_SYMLINKS 8=BENEATH 16=IN_ROOT 32=CACHED",
);

/// access(2), with the values of unistd.h.
pub(super) const ACCESS: Names = Names::new("", "?_OK", "0=F_OK 4=R_OK 2=W_OK 1=X_OK");

const ACCESS_FLAGS: Names = Names::new(
    "AT_",
    "AT_???",
    "0x100=SYMLINK_NOFOLLOW 0x200=EACCESS 0x1000=EMPTY_PATH",
);

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "access" => vec![view.path(0), ACCESS.flags(view.low(1))],
        "faccessat" | "faccessat2" => accesses_at(view),
        "open" => opening(view, vec![view.path(0)], 1),
        "openat" => opening(view, vec![view.base(0), view.path(1)], 2),
        "openat2" => vec![
            view.base(0),
            view.path(1),
            how(view).unwrap_or_else(|| view.pointer(2)),
            argument(view, 3),
        ],
        "pipe2" => vec![view.pointer(0), flags_alone(view, view.low(1))],
        "dup3" => vec![
            argument(view, 0),
            argument(view, 1),
            flags_alone(view, view.low(2)),
        ],
        _ => return None,
    })
}

fn accesses_at(view: &View<'_>) -> Vec<String> {
    let mut all = vec![view.base(0), view.path(1), ACCESS.flags(view.low(2))];
    if view.name == "faccessat2" {
        all.push(ACCESS_FLAGS.flags(view.low(3)));
    }
    all
}

/// The mode is only an argument where a file may be created (open(2)).
fn opening(view: &View<'_>, mut all: Vec<String>, place: usize) -> Vec<String> {
    let flags = view.low(place);
    all.push(open_flags(view, flags));
    if creates(flags) {
        all.push(text::octal(view.register(place + 1) & 0xffff));
    }
    all
}

/// O_CREAT, or the bit of O_TMPFILE that is not O_DIRECTORY's.
pub(super) fn creates(flags: u64) -> bool {
    flags & 0x40_0040 != 0
}

fn names(view: &View<'_>) -> &'static Names {
    match view.is_arm() {
        true => &OPEN_ON_ARM,
        false => &OPEN,
    }
}

/// The access mode and the names of the flags, and the bits without a name.
pub(super) fn open_names(view: &View<'_>, flags: u64) -> (Vec<String>, u64) {
    let mut all = vec![ACCESS_MODE.choice(flags & 3)];
    let (known, rest) = names(view).split(flags & !3);
    all.extend(known);
    (all, rest)
}

pub(super) fn open_flags(view: &View<'_>, flags: u64) -> String {
    let (mut all, rest) = open_names(view, flags);
    if rest != 0 {
        all.push(text::hex(rest));
    }
    text::joined(all, "|")
}

/// Flags of open where there is no access mode.
pub(super) fn flags_alone(view: &View<'_>, flags: u64) -> String {
    names(view).flags(flags)
}

/// `struct open_how` (openat2(2)).
fn how(view: &View<'_>) -> Option<String> {
    let size = view.register(3);
    let how = view.fixed::<24>(view.register(2)).filter(|_| size >= 24)?;
    let flags = text::u64_in(&how, 0);
    let mut all = vec![format!("flags={}", open_flags(view, flags))];
    let mode = text::u64_in(&how, 8);
    if mode != 0 || creates(flags) {
        all.push(format!("mode={}", text::octal(mode)));
    }
    all.push(format!("resolve={}", RESOLVE.flags(text::u64_in(&how, 16))));
    Some(format!("{{{}}}", text::list(all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_values_of_the_table_of_constants() {
        let machine = match cfg!(target_arch = "aarch64") {
            true => &OPEN_ON_ARM,
            false => &OPEN,
        };
        for (name, value) in machine.all() {
            // The table has what the C library gives for O_LARGEFILE: nothing on 64-bit machines.
            if !matches!(name.as_str(), "O_LARGEFILE" | "FASYNC") {
                assert_eq!(crate::constant(&name), Some(value), "{name}");
            }
        }
    }
}
