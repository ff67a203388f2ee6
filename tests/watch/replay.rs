//! A policy that was learned lets its program run: through every door, at every place, every time.

use std::time::Duration;

use sandbox_tests::{build_go, rounds};

use crate::programs::{self, hard, statics};
use crate::workshop::{Door, Job, PLACES};

/// Goroutines that wait for each other, garbage, and a child.
const GO: &str = r#"
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	var group sync.WaitGroup
	var lock sync.Mutex
	sum, kept := 0, [][]byte{}
	for n := 1; n <= 200; n++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			block := make([]byte, n*1000)
			lock.Lock()
			defer lock.Unlock()
			sum += n + len(block)
			if n%10 == 0 {
				kept = append(kept, block)
			}
		}(n)
	}
	group.Wait()
	if os.WriteFile("kept", []byte("words"), 0o600) != nil {
		os.Exit(1)
	}
	fmt.Println("sum", sum, len(kept))
}
"#;

#[test]
fn a_greeting_replays() {
    Job::new(programs::hello(), &[]).replays(&Door::ALL);
}

#[test]
fn files_and_an_exit_status_replay() {
    Job::new(programs::files(), &[]).replays(&Door::ALL);
}

#[test]
fn a_tree_of_processes_replays() {
    Job::new(programs::tree(), &[]).replays(&Door::ALL);
}

#[test]
fn signal_handlers_and_timers_replay() {
    Job::new(programs::signals(), &[]).replays(&Door::ALL);
}

#[test]
fn threads_replay() {
    Job::new(programs::threads(), &[]).replays(&Door::ALL);
}

#[test]
fn static_programs_replay() {
    for source in hard() {
        for (_, program) in statics(source) {
            Job::new(program, &[]).replays(&Door::STATIC);
        }
    }
}

/// Runs of a program whose calls depend on timing, under what one run showed.
fn again_and_again(job: &Job, doors: &[Door]) {
    for place in PLACES {
        let _ = std::fs::remove_file(job.policy());
        job.learn(place).succeeded();
        for round in 0..rounds(50) {
            let outcome = job.enforce_at(place, &job.policy());
            job.same(&format!("{place}, run {round}"), &outcome);
            for &door in doors.iter().filter(|_| place == "exec") {
                let outcome = job.enforce(door, &job.policy());
                job.same(&format!("{door:?}, run {round}"), &outcome);
            }
        }
    }
}

#[test]
fn one_run_of_threads_is_enough_for_many() {
    again_and_again(&Job::new(programs::threads(), &[]), &Door::ALL);
}

#[test]
fn one_run_of_a_go_program_is_enough_for_many() {
    again_and_again(&Job::new(build_go(GO), &[]), &Door::STATIC);
}

/// Processes and threads that begin and end faster than a tracer hears of them.
#[test]
fn an_explained_run_comes_to_its_end() {
    let jobs = [
        Job::new(programs::tree(), &[]),
        Job::new(programs::threads(), &[]),
        Job::new(build_go(GO), &[]),
    ];
    for job in jobs {
        for place in PLACES {
            for _ in 0..rounds(50) {
                let options = ["-q", "--explain", "--at", place, "--deny", "reboot"];
                let running = job.launched(options).start();
                let outcome = running.outcome_within(Duration::from_secs(30));
                job.same(place, &outcome);
            }
        }
    }
}
