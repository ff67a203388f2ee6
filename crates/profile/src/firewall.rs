//! Where a sandbox on a bridge may connect to (oz.md §2.2, §5.5).

use crate::block::{Block, Field};
use crate::report::Report;
use crate::socket::{Host, Port, host};

/// The keys of an item of `firewall`.
pub(crate) const KEYS: &[&str] = &["whitelist", "dst_host", "dst_port"];

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirewallRule {
    /// Whether it allows.
    pub allow: bool,
    /// Connections to this host.
    pub host: Host,
    /// At this port; `None` for all.
    pub port: Option<Port>,
}

/// Reads `firewall`.
pub(crate) fn read(items: Vec<Field<'_>>, report: &mut Report) -> Vec<FirewallRule> {
    let mut rules = Vec::new();
    for item in items {
        let block = Block::open(Some(item), KEYS, report);
        let allow = block.flag("whitelist", false, report);
        let port = block.number("dst_port", 0..=u64::from(u16::MAX), report);
        let port = port.and_then(|port| Port::new(u16::try_from(port).ok()?));
        block.missing("dst_host", report);
        let text = block.text("dst_host", report);
        if let Some(host) = text.and_then(|text| host(&text, report)) {
            rules.push(FirewallRule { allow, host, port });
        }
    }
    rules
}
