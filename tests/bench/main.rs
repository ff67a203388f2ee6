//! `make bench`: what a filter costs, as ratios to baselines measured in the same run.
//!
//! Absolute times depend on the machine and the minute; the ratios hold. Every round runs every
//! case once, so that whatever slows the machine down slows all of them. `--json` prints the same
//! as JSON, `--runs N` repeats the start-ups and judges on the medians of the runs, `--watched` measures
//! watched runs alone, `--cells` cells alone.

mod cases;
mod cells;
mod filtered_cells;
mod making;
mod per_call;
mod redis;
mod watching;

use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use cases::{Bound, Case};

const ROUNDS: usize = 400;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    if arguments.iter().any(|argument| argument == "--watched") {
        return ExitCode::from(u8::from(watched(json)));
    }
    if arguments.iter().any(|argument| argument == "--cells") {
        return ExitCode::from(u8::from(celled(json) | filtered(json)));
    }
    let runs = arguments
        .iter()
        .skip_while(|argument| *argument != "--runs")
        .nth(1);
    let runs = runs.and_then(|count| count.parse().ok()).unwrap_or(1);
    let cases = cases::all();
    let measured: Vec<Vec<f64>> = (0..runs).map(|_| measure(&cases)).collect();
    let bounds = cases::bounds();
    let ratios: Vec<f64> = bounds
        .iter()
        .map(|bound| over_runs(bound, &cases, &measured))
        .collect();
    let calls = per_call::measure();
    let share = making::share_of_the_check();
    let report: Report = if json { as_json } else { as_table };
    print!(
        "{}",
        report(&cases, &measured, &bounds, &ratios, &calls, share)
    );
    let watched = watched(json) | celled(json) | filtered(json);
    let missed = bounds
        .iter()
        .zip(&ratios)
        .any(|(bound, ratio)| *ratio > bound.at_most);
    let missed = missed || per_call::costs_more_than_libseccomp(&calls);
    if missed || watched || share > making::MOST {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// What a cell costs, printed; whether a bound was missed.
fn celled(json: bool) -> bool {
    let Some(times) = cells::measure() else {
        return false;
    };
    let of_firejail = times.firejail.map(|firejail| times.oz / firejail);
    let bounds = [
        ("bwrap", Some(times.oz / times.bwrap), cells::MOST),
        ("firejail", of_firejail, cells::MOST_OF_FIREJAIL),
    ];
    if json {
        let ratios = bounds.map(|(name, ratio, most)| {
            serde_json::json!({"case": "oz run true", "baseline": name, "ratio": ratio, "at_most": most})
        });
        println!("{}", serde_json::json!({"cells": ratios, "oz": times.oz}));
    } else {
        println!("cells (oz run true: {:.0} us)", times.oz);
    }
    let mut missed = false;
    for (name, ratio, most) in bounds {
        let Some(ratio) = ratio else { continue };
        missed |= ratio > most;
        if !json {
            let verdict = if ratio <= most { "ok" } else { "MISSED" };
            println!("  oz run true / {name:<28} {ratio:5.3}  (at most {most:.2}) {verdict}");
        }
    }
    missed
}

/// What filters of cells cost, printed; whether a bound was missed.
fn filtered(json: bool) -> bool {
    let ratios = filtered_cells::measure();
    for one in &ratios {
        let (name, ratio, most) = (one.name, one.ratio, one.at_most);
        let verdict = if ratio <= most { "ok" } else { "MISSED" };
        match json {
            true => println!(
                "{}",
                serde_json::json!({"case": name, "ratio": ratio, "at_most": most})
            ),
            false => println!("  {name:<42} {ratio:5.3}  (at most {most:.2}) {verdict}"),
        }
    }
    ratios.iter().any(|one| one.ratio > one.at_most)
}

/// What watched runs cost, printed; whether a bound was missed.
fn watched(json: bool) -> bool {
    let times = watching::measure();
    let bounds = watching::bounds();
    let ratios: Vec<f64> = bounds
        .iter()
        .map(|bound| watching::ratio(bound, &times))
        .collect();
    let kept = redis::kept();
    if json {
        println!("{}", watched_as_json(&bounds, &ratios, kept));
    } else {
        println!("watched runs");
        for (bound, ratio) in bounds.iter().zip(&ratios) {
            let verdict = if *ratio <= bound.at_most {
                "ok"
            } else {
                "MISSED"
            };
            println!(
                "  {:<40} / {:<28} {ratio:5.3}  (at most {:.2}) {verdict}",
                bound.case, bound.baseline, bound.at_most
            );
        }
        let verdict = if kept >= redis::LEAST { "ok" } else { "MISSED" };
        println!(
            "  throughput of redis while learning, of bare: {kept:5.3}  (at least {:.2}) {verdict}",
            redis::LEAST
        );
    }
    kept < redis::LEAST
        || bounds
            .iter()
            .zip(&ratios)
            .any(|(b, ratio)| *ratio > b.at_most)
}

fn watched_as_json(bounds: &[Bound], ratios: &[f64], kept: f64) -> serde_json::Value {
    let ratios: Vec<_> = bounds
        .iter()
        .zip(ratios)
        .map(|(bound, ratio)| {
            serde_json::json!({"case": bound.case, "baseline": bound.baseline, "ratio": ratio, "at_most": bound.at_most})
        })
        .collect();
    serde_json::json!({"watched": ratios, "redis_learning": kept})
}

/// The median time of each case in microseconds.
fn measure(cases: &[Case]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for (case, times) in cases.iter().zip(&mut times) {
            times.push(once(case));
        }
    }
    times.into_iter().map(median).collect()
}

/// Spawns a case, waits for it, and gives the microseconds from before to after.
fn once(case: &Case) -> f64 {
    let mut command = Command::new(&case.program);
    command
        .args(&case.arguments)
        .env_clear()
        .envs(case.environment.iter().cloned());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let elapsed = start.elapsed();
    assert!(status.success(), "{}: {status}", case.name);
    elapsed.as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A bound's ratio: the median over the runs.
fn over_runs(bound: &Bound, cases: &[Case], measured: &[Vec<f64>]) -> f64 {
    let at = |name| {
        cases
            .iter()
            .position(|case| case.name == name)
            .expect("a case of that name")
    };
    let (case, baseline) = (at(bound.case), at(bound.baseline));
    median(
        measured
            .iter()
            .map(|medians| medians[case] / medians[baseline])
            .collect(),
    )
}

type Report = fn(&[Case], &[Vec<f64>], &[Bound], &[f64], &[per_call::Cost], f64) -> String;

fn as_table(
    cases: &[Case],
    measured: &[Vec<f64>],
    bounds: &[Bound],
    ratios: &[f64],
    calls: &[per_call::Cost],
    share: f64,
) -> String {
    let mut text = format!(
        "start-up, median of {ROUNDS} rounds x {} runs\n",
        measured.len()
    );
    for (at, case) in cases.iter().enumerate() {
        let time = median(measured.iter().map(|medians| medians[at]).collect());
        let _ = writeln!(text, "  {:<46} {time:8.0} us", case.name);
    }
    add_ratios(&mut text, bounds, ratios, share);
    add_calls(&mut text, calls);
    text
}

/// The ratios, each with its bound.
fn add_ratios(text: &mut String, bounds: &[Bound], ratios: &[f64], share: f64) {
    let verdict = |kept: bool| if kept { "ok" } else { "MISSED" };
    text.push_str("ratios\n");
    for (bound, ratio) in bounds.iter().zip(ratios) {
        let verdict = verdict(*ratio <= bound.at_most);
        let _ = writeln!(
            text,
            "  {:<38} / {:<28} {ratio:5.3}  (at most {:.2}) {verdict}",
            bound.case, bound.baseline, bound.at_most
        );
    }
    let verdict = verdict(share <= making::MOST);
    let _ = writeln!(
        text,
        "  the check, of making a filter of 400 conditions: {share:5.3}  (at most {:.2}) {verdict}",
        making::MOST
    );
}

/// What single calls cost.
fn add_calls(text: &mut String, calls: &[per_call::Cost]) {
    text.push_str("an allowed call\n");
    for cost in calls {
        let _ = writeln!(text, "  {:<46} {:8.1} ns", cost.name, cost.nanoseconds);
    }
    if per_call::grows_with_the_list(calls) {
        text.push_str("  MISSED: the long list costs over 10 ns more\n");
    }
    if per_call::costs_more_than_libseccomp(calls) {
        text.push_str("  MISSED: the comparison costs over 10 ns more than under libseccomp\n");
    }
}

fn as_json(
    cases: &[Case],
    measured: &[Vec<f64>],
    bounds: &[Bound],
    ratios: &[f64],
    calls: &[per_call::Cost],
    share: f64,
) -> String {
    let startup: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| {
            let time = median(measured.iter().map(|medians| medians[at]).collect());
            serde_json::json!({"case": case.name, "microseconds": time})
        })
        .collect();
    let ratios: Vec<_> = bounds
        .iter()
        .zip(ratios)
        .map(|(bound, ratio)| {
            serde_json::json!({"case": bound.case, "baseline": bound.baseline, "ratio": ratio, "at_most": bound.at_most})
        })
        .collect();
    let calls: Vec<_> = calls
        .iter()
        .map(|cost| serde_json::json!({"case": cost.name, "nanoseconds": cost.nanoseconds}))
        .collect();
    format!(
        "{}\n",
        serde_json::json!({"startup": startup, "ratios": ratios, "calls": calls, "check_share": share})
    )
}
