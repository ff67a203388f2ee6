//! The lines of Oz's tracer: a form for each of nineteen families, the generic one for the rest.
//!
//! Where that tracer said something false, such as O_RDONLY for every access mode, the truth stands
//! here. Flags stood in random order there; here they always stand in the same one.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::addresses::{self, Address};
use super::view::View;
use super::{capabilities, fcntl, files, futex, ioctl, named, oz_kinds, sockets};
use super::{options, text, time};
use crate::{arguments, c_type};

/// How much of what is written to the terminal is shown.
const LONGEST_TEXT: u64 = 128;

/// Requests of ioctl that had names: those without a direction and a size.
const LAST_NAMED_REQUEST: u64 = 0xffff;

pub(super) fn line(view: &View<'_>) -> String {
    let (parts, between) = match view.is_as_the_prototype_says() {
        true => wide(view).map(|parts| (parts, ", ")),
        false => None,
    }
    .or_else(|| narrow(view).map(|parts| (parts, ",")))
    .unwrap_or_else(|| (generic(view), ","));
    let line = format!("{}({})", view.name, text::joined(parts, between));
    match view.name {
        "madvise" => format!("{} {line}", view.low(2)),
        _ => line,
    }
}

/// The same without a family.
pub(super) fn generic_line(view: &View<'_>) -> String {
    let parts = written(view).filter(|_| view.is_as_the_prototype_says());
    let parts = parts.unwrap_or_else(|| generic(view));
    format!("{}({})", view.name, text::joined(parts, ","))
}

/// The families with a blank behind the comma.
fn wide(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "access" => vec![path(view, 0), files::ACCESS.flags(view.low(1))],
        "mkdir" => vec![path(view, 0), text::octal(view.low(1) & 0o7777)],
        "open" => opened(view, vec![path(view, 0)], 1),
        "openat" => opened(view, vec![view.directory(0), path(view, 1)], 2),
        "futex" => futex_words(view),
        "socket" => socket(view),
        "connect" => vec![
            format!("{}", view.int(0)),
            destination(view),
            format!("{}", view.low(2)),
        ],
        "setsockopt" => option(view),
        "recvmsg" => vec![
            format!("{}", view.int(0)),
            address(view.register(1)),
            named::MESSAGE_FLAGS.flags(view.low(2)),
        ],
        "pipe" => vec![pair(view)],
        "ioctl" => request(view),
        "prctl" if view.low(0) != SET_NAME => control(view),
        _ => return mappings(view),
    })
}

fn mappings(view: &View<'_>) -> Option<Vec<String>> {
    let number = |place| format!("{}", view.register(place));
    Some(match view.name {
        "mprotect" => vec![address(view.register(0)), number(1), protection(view)],
        "munmap" => vec![address(view.register(0)), number(1)],
        "madvise" => vec![
            address(view.register(0)),
            number(1),
            named_or_decimal(&named::ADVICE, view.low(2)),
        ],
        "mmap" => vec![
            null_or(view, 0),
            number(1),
            protection(view),
            mapping(view.register(3)),
            format!("{}", view.int(4)),
            number(5),
        ],
        "mremap" => vec![
            null_or(view, 0),
            number(1),
            number(2),
            named::REMAPPING_FLAGS.flags(view.register(3)),
            null_or(view, 4),
        ],
        _ => return None,
    })
}

const SET_NAME: u64 = 15;
const SET_NO_NEW_PRIVS: u64 = 38;

/// The families without one.
fn narrow(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "fcntl" => vec![
            format!("{}", view.int(0)),
            named_or_decimal(&named::FCNTL, view.low(1)),
            fcntl_value(view),
        ],
        "prctl" => vec![
            named::PRCTL.choice(SET_NAME),
            view.string(view.register(1), 16),
        ],
        "capget" => vec![capability_header(view), null_or(view, 1)],
        _ => return written(view),
    })
}

/// What goes to the terminal is shown.
fn written(view: &View<'_>) -> Option<Vec<String>> {
    let shown = view.name == "write" && matches!(view.low(0), 1 | 2);
    shown.then(|| {
        vec![
            format!("{}", view.low(0)),
            printed(view),
            format!("{}", view.register(2)),
        ]
    })
}

fn generic(view: &View<'_>) -> Vec<String> {
    let kinds = match oz_kinds::of(view.name) {
        Some(kinds) if view.is_as_the_prototype_says() => String::from(kinds),
        _ => younger(view),
    };
    let places = kinds.bytes().enumerate();
    let show = |(place, kind)| match kind {
        b's' => path(view, place),
        b'p' => address(view.register(place)),
        _ => format!("{}", view.register(place)),
    };
    places.map(show).collect()
}

/// Kinds for calls that were made after that tracer, from their prototypes.
fn younger(view: &View<'_>) -> String {
    let count = match arguments(view.name) {
        Some(known) if view.is_as_the_prototype_says() => known.len(),
        _ => return "pppppp".into(),
    };
    let kind = |place| match c_type(view.name, place) {
        Some("const char *") => 's',
        Some(pointer) if pointer.contains('*') => 'p',
        _ => 'i',
    };
    (0..count).map(kind).collect()
}

fn address(address: u64) -> String {
    format!("0x{address:X}")
}

fn null_or(view: &View<'_>, place: usize) -> String {
    match view.register(place) {
        0 => "NULL".into(),
        other => address(other),
    }
}

fn path(view: &View<'_>, place: usize) -> String {
    match view.path(place) {
        text if text.starts_with('"') => text,
        _ => address(view.register(place)),
    }
}

fn named_or_decimal(names: &super::names::Names, value: u64) -> String {
    names.name(value).unwrap_or_else(|| format!("{value}"))
}

fn protection(view: &View<'_>) -> String {
    named::PROTECTION.flags(view.register(2))
}

fn opened(view: &View<'_>, mut all: Vec<String>, place: usize) -> Vec<String> {
    let flags = view.low(place);
    all.push(files::open_flags(view, flags));
    if files::creates(flags) {
        all.push(text::octal(view.low(place + 1) & 0o7777));
    }
    all
}

/// MAP_FILE, which is zero, stood behind every list of flags.
fn mapping(flags: u64) -> String {
    let kind = named_or_decimal(&named::MAPPING_TYPE, flags & 0xf);
    let (names, rest) = named::MAPPING_FLAGS.split(flags & !0xf);
    let kind = (flags & 0xf != 0).then_some(kind);
    let rest = (rest != 0).then(|| address(rest));
    let all = kind.into_iter().chain(names).chain(rest);
    text::joined(all.chain(["MAP_FILE".into()]), "|")
}

fn futex_words(view: &View<'_>) -> Vec<String> {
    let operation = view.low(1);
    let name = futex::operation_name(operation).unwrap_or_else(|| format!("{operation}"));
    let mut all = vec![address(view.register(0)), name, format!("{}", view.low(2))];
    match operation & !(futex::PRIVATE | futex::CLOCK_REALTIME) {
        futex::WAKE_OP => {
            all.push(address(view.low(3)));
            all.push(wake_operation(view.low(5)));
        }
        futex::WAIT_BITSET => {
            all.push(match time::parts(view, view.register(3)) {
                Some([seconds, rest]) => format!("{{{seconds}, {rest}}}"),
                None => null_or(view, 3),
            });
            all.push(format!("{:x}", view.low(5)));
        }
        _ => {}
    }
    all
}

fn wake_operation(word: u64) -> String {
    let [operation, argument, comparison, against] = futex::parts(word);
    let shifted = match operation & futex::SHIFTED {
        0 => "",
        _ => "FUTEX_OP_OPARG_SHIFT|",
    };
    let operation = named_or_decimal(&named::FUTEX_OPERATION, operation & !futex::SHIFTED);
    let comparison = named_or_decimal(&named::FUTEX_COMPARISON, comparison);
    format!("{{{shifted}{operation}, {argument}, {comparison}, {against}}}")
}

fn socket(view: &View<'_>) -> Vec<String> {
    let [family, kind, protocol] = [0, 1, 2].map(|place| view.low(place));
    let (flags, rest) = named::SOCKET_FLAGS.split(kind & !sockets::KIND);
    let kind = [named_or_decimal(&named::SOCKET_TYPE, kind & sockets::KIND)];
    let rest = (rest != 0).then(|| address(rest));
    let protocol = match family {
        2 | 10 => named_or_decimal(&named::PROTOCOL, protocol),
        _ => format!("{protocol}"),
    };
    let kind = text::joined(kind.into_iter().chain(flags).chain(rest), "|");
    vec![named_or_decimal(&named::FAMILY, family), kind, protocol]
}

fn destination(view: &View<'_>) -> String {
    let known = addresses::address(view, view.register(1), view.int(2));
    let Some(known) = known else {
        return address(view.register(1));
    };
    match known {
        Address::Ip4 { port, host } => {
            format!("{{sin_family=AF_INET, sin_port={port}, sin_addr={host}}}")
        }
        Address::Ip6 { port, host, .. } => {
            format!("{{sin6_family=AF_INET6, sin6_port={port}, sin6_addr={host}}}")
        }
        Address::Path(path) => unix(text::quoted(&path)),
        Address::Abstract(name) => {
            // What is in front of the name stands inside its quotes.
            unix(text::quoted(&name).replacen('"', "\"@", 1))
        }
        Address::Netlink { port, groups } => {
            format!("{{nl_family=AF_NETLINK, nl_pid={port}, nl_groups={groups:X}}}")
        }
        Address::Other { family, .. } => {
            let family = named_or_decimal(&named::FAMILY, family.into());
            format!("{{sa_family={family}}}")
        }
    }
}

fn unix(path: String) -> String {
    format!("{{sin.family=AF_UNIX,sun_path={path}}}")
}

fn option(view: &View<'_>) -> Vec<String> {
    let [level, option] = [view.low(1), view.low(2)];
    // Only these two levels had names for their options.
    let names = options::names(level).filter(|_| matches!(level, 1 | 6));
    let option = match names {
        Some(names) => named_or_decimal(names, option),
        None => format!("{option}"),
    };
    vec![
        format!("{}", view.int(0)),
        named_or_decimal(&named::LEVEL, level),
        option,
        address(view.register(3)),
        format!("{}", view.low(4)),
    ]
}

fn pair(view: &View<'_>) -> String {
    match view.fixed::<8>(view.register(0)) {
        Some(pair) => format!("[{}, {}]", text::i32_in(&pair, 0), text::i32_in(&pair, 4)),
        None => address(view.register(0)),
    }
}

fn request(view: &View<'_>) -> Vec<String> {
    let number = view.int(0);
    let request = view.low(1);
    let name = named::IOCTL
        .name(request)
        .filter(|_| request <= LAST_NAMED_REQUEST);
    let target = view.memory.descriptor(number).map(|target| {
        let quoted = text::quoted(target.get(..text::LONGEST_PATH).unwrap_or(&target));
        format!("{number} ({})", quoted.trim_matches('"'))
    });
    vec![
        target.unwrap_or_else(|| format!("{number}")),
        name.unwrap_or_else(|| request_parts(request)),
        address(view.register(2)),
    ]
}

fn request_parts(request: u64) -> String {
    let [direction, size, kind, number] = ioctl::parts(request);
    let letter = u8::try_from(kind).ok().filter(u8::is_ascii_graphic);
    let kind = letter.map_or_else(|| format!("{kind:x}"), |letter| char::from(letter).into());
    format!("{{ dir={direction} type={kind} number={number:x} size={size} }}")
}

fn control(view: &View<'_>) -> Vec<String> {
    let mut all = vec![named_or_decimal(&named::PRCTL, view.low(0))];
    let last = match view.low(0) {
        SET_NO_NEW_PRIVS => 1,
        _ => 4,
    };
    all.extend((1..=last).map(|place| format!("{}", view.register(place))));
    all
}

fn fcntl_value(view: &View<'_>) -> String {
    let value = view.low(2);
    match view.low(1) {
        fcntl::SETFD if value == 1 => "O_CLOEXEC".into(),
        fcntl::SETFL => files::open_flags(view, value),
        fcntl::SETLK | fcntl::SETLKW => match fcntl::parts(view, view.register(2)) {
            Some((kind, whence, start, length)) => {
                format!("{{type={kind}, whence={whence}, start={start}, len={length}}}")
            }
            None => address(view.register(2)),
        },
        _ => format!("{}", view.register(2)),
    }
}

fn capability_header(view: &View<'_>) -> String {
    match capabilities::parts(view) {
        Some((number, process)) => {
            let version = capabilities::version(number);
            format!("{{version={version},pid={process}}}")
        }
        None => address(view.register(0)),
    }
}

/// What a program prints: dots for what a terminal would not show, nothing for zeros at the end.
fn printed(view: &View<'_>) -> String {
    let count = view.register(2).min(LONGEST_TEXT);
    let count = usize::try_from(count).unwrap_or(0);
    let Some(bytes) = view.bytes(view.register(1), count) else {
        return address(view.register(1));
    };
    let last = bytes.iter().rposition(|&byte| byte != 0);
    let shown = bytes.get(..last.map_or(0, |last| last + 1));
    let text: Vec<String> = shown
        .unwrap_or_default()
        .iter()
        .map(|&byte| shown_as(byte))
        .collect();
    format!("\"{}\"", text.concat())
}

fn shown_as(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        0 => "\\0".into(),
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).into(),
        _ => ".".into(),
    }
}
