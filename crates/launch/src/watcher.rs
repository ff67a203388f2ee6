//! The beginning of a watcher's life: it gets the filter's listener from the launcher.

use std::mem::ManuallyDrop;

use nix::unistd::Pid;
use supervise::sys::{close_all_but, own_descriptor};
use supervise::{Orders, descriptors, kill, run};
use trace::{Listener, Scope, Watcher};

use crate::companion::Line;

/// What the launcher says when it has no listener.
pub(crate) const NO_LISTENER: i32 = -1;

/// The life of a watcher that is there before the program is executed, and gets the listener through
/// the descriptors that it shares with the launcher.
pub(crate) fn live(launcher: Pid, mut line: Line, orders: Orders, traced: bool) {
    // Until the tables are parted, a file closed here is closed for the launcher, too.
    let orders = ManuallyDrop::new(orders);
    let seized = match traced {
        true => Watcher::seize(launcher.as_raw(), orders.scope()).map(Some),
        false => Ok(None),
    };
    let answer = seized.as_ref().err().map_or(0, crate::inject::errno_of);
    if line.say(answer).is_err() {
        return;
    }
    let Ok(mut watcher) = seized else {
        return;
    };
    let Some(number) = hear_while_attending(&mut line, watcher.as_mut()) else {
        return;
    };
    let asks = number == NO_LISTENER && !orders.needs_tracer();
    if let Some(watcher) = watcher.as_mut().filter(|_| asks) {
        watcher.rescope(Scope::Questions);
    }
    let Ok(listeners) = part(number) else {
        return kill(
            launcher,
            orders.voice,
            "the filter's listener could not be taken over",
        );
    };
    let mut kept = line.descriptors().to_vec();
    kept.extend(descriptors(&listeners, &orders));
    close_all_but(&kept);
    drop(line);
    run(
        launcher,
        watcher,
        listeners,
        ManuallyDrop::into_inner(orders),
    );
}

/// Waits for the launcher's word. A launcher that is traced may stop meanwhile.
fn hear_while_attending(line: &mut Line, mut watcher: Option<&mut Watcher>) -> Option<i32> {
    const SOON: u16 = 5;
    loop {
        match line.hear_within(SOON) {
            Ok(Some(number)) => return Some(number),
            Ok(None) => {}
            Err(_) => return None,
        }
        if watcher.as_mut().is_some_and(|watcher| !watcher.attend()) {
            return None;
        }
    }
}

/// Takes the listener into a descriptor table of one's own.
fn part(number: i32) -> Result<Vec<Listener>, i32> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES).map_err(|errno| errno as i32)?;
    match number {
        NO_LISTENER => Ok(Vec::new()),
        number => Ok(vec![Listener::new(own_descriptor(number))]),
    }
}
