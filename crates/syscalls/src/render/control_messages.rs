//! What goes along with a message over a socket (cmsg(3)): descriptors, credentials, options.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::options;
use super::view::View;
use super::{named, text};

const SOCKET: u64 = 1;
const RIGHTS: u64 = 1;
const CREDENTIALS: u64 = 2;
const PACKET_INFORMATION: u64 = 8;

/// The headers between two addresses, each with what it carries; the address alone where not even one
/// header can be read.
pub(super) fn list(view: &View<'_>, address: u64, length: u64) -> String {
    let Some(word) = view.word() else {
        return text::pointer(address);
    };
    let head = word + 8;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = view.some(address, length);
    if address == 0 || bytes.len() < head {
        return text::pointer(address);
    }
    let mut all = Vec::new();
    let mut rest = bytes.as_slice();
    while rest.len() >= head {
        if all.len() == text::LONGEST_DATA {
            all.push("...".into());
            break;
        }
        let size = match word {
            4 => text::u32_in(rest, 0).into(),
            _ => text::u64_in(rest, 0),
        };
        all.push(one(view, rest, head, size));
        let whole = usize::try_from(size).unwrap_or(usize::MAX);
        // A header that says less than its own size ends the list (CMSG_OK, include/linux/socket.h).
        let Some(next) = whole
            .checked_next_multiple_of(word)
            .filter(|_| whole >= head)
        else {
            break;
        };
        rest = rest.get(next..).unwrap_or_default();
    }
    format!("[{}]", text::list(all))
}

fn one(view: &View<'_>, bytes: &[u8], head: usize, size: u64) -> String {
    let [level, kind] = [head - 8, head - 4].map(|at| u64::from(text::u32_in(bytes, at)));
    let whole = usize::try_from(size).unwrap_or(usize::MAX);
    let data = bytes
        .get(head..whole)
        .and_then(|data| carried(view, level, kind, data));
    let data = data.map_or_else(String::new, |data| format!(", cmsg_data={data}"));
    let name = match level {
        SOCKET => named::CONTROL_OF_SOCKET.choice(kind),
        _ => options::names(level).map_or_else(|| text::hex(kind), |names| names.choice(kind)),
    };
    let level = named::LEVEL.choice(level);
    format!("{{cmsg_len={size}, cmsg_level={level}, cmsg_type={name}{data}}}")
}

fn carried(view: &View<'_>, level: u64, kind: u64, data: &[u8]) -> Option<String> {
    Some(match (level, kind) {
        (SOCKET, RIGHTS) => {
            let mut all: Vec<String> = data
                .chunks_exact(4)
                .take(text::LONGEST_DATA)
                .map(|number| view.descriptor(text::i32_in(number, 0)))
                .collect();
            if data.len() / 4 > all.len() {
                all.push("...".into());
            }
            format!("[{}]", text::list(all))
        }
        (SOCKET, CREDENTIALS) if data.len() >= 12 => {
            let [process, user, group] = [0, 4, 8].map(|at| text::i32_in(data, at));
            format!("{{pid={process}, uid={user}, gid={group}}}")
        }
        (0, PACKET_INFORMATION) if data.len() >= 12 => {
            let host = |at| Ipv4Addr::from(text::field(data, at).unwrap_or([0; 4]));
            format!(
                "{{ipi_ifindex={}, ipi_spec_dst=inet_addr(\"{}\"), ipi_addr=inet_addr(\"{}\")}}",
                text::i32_in(data, 0),
                host(4),
                host(8)
            )
        }
        // IP_TOS and IP_TTL, IPV6_HOPLIMIT and IPV6_TCLASS.
        (0, 1 | 2) | (41, 52 | 67) if data.len() == 4 => format!("[{}]", text::i32_in(data, 0)),
        _ => return None,
    })
}
