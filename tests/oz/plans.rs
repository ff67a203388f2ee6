//! Plans: what `oz run --plan` shows, for profiles of ours to the letter, and for Oz's own as far as it can
//! be said of all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sandbox_tests::{Outcome, repository, skip};
use serde_json::Value;

use super::World;

fn plan(world: &World, profile: &str, options: &str) -> Outcome {
    let script = format!(
        "cd /usr; \"$OZ\" run --user tester --plan {options} '{profile}' -- one 'two words'"
    );
    world.script(&script).outcome()
}

/// Where the tester's documents and the like are.
const DIRECTORIES: &str = "XDG_DOWNLOAD_DIR=\"$HOME/Downloads\"\nXDG_DOCUMENTS_DIR=\"$HOME/Documents\"\n\
    XDG_MUSIC_DIR=\"$HOME/Music\"\nXDG_PICTURES_DIR=\"$HOME/Pictures\"\nXDG_VIDEOS_DIR=\"$HOME/Videos\"\n";

#[test]
fn plans_of_these_profiles_are_these() {
    let Some(world) = World::new() else { return };
    let profiles = repository().join("tests/oz/profiles");
    world.configure("\"etc_prefix\": \"/no-settings\",");
    for (name, options, wanted) in [
        ("reader", "", "reader"),
        ("reader", "--ephemeral", "reader-ephemeral"),
        ("windows", "", "windows"),
        ("limited", "", "limited"),
    ] {
        let text = fs::read_to_string(profiles.join(format!("{name}.json"))).unwrap();
        let profile = world.write(&format!("{name}.json"), &text, 0, 0o644);
        let outcome = plan(&world, profile.to_str().unwrap(), options).succeeded();
        let kind = if World::ORDINARY { "ordinary." } else { "" };
        let golden = profiles.join(format!("{wanted}.{kind}plan"));
        if std::env::var_os("OZ_TESTS_WRITE_PLANS").is_some() {
            fs::write(&golden, &outcome.stdout).unwrap();
        }
        assert_eq!(
            outcome.stdout,
            fs::read_to_string(golden).unwrap(),
            "{wanted}"
        );
    }
}

#[test]
fn a_plan_makes_nothing() {
    let Some(world) = World::new() else { return };
    world.profile(r#""whitelist": [{"path": "${HOME}/new", "can_create": true}]"#);
    plan(&world, world.at("cell.json").to_str().unwrap(), "").succeeded();
    assert!(!world.home("new").exists() && !world.at("cells").exists());
}

/// Oz's own profile, as JSON: lines that begin with # are comments.
fn json(text: &str) -> Value {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    serde_json::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap()
}

/// The names in a list of steps, with their place in it.
fn steps(plan: &Value) -> Vec<(&str, &Value)> {
    let steps = plan["plan"]["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            step.as_object()
                .unwrap()
                .iter()
                .next()
                .map(|(name, step)| (name.as_str(), step))
                .unwrap()
        })
        .collect()
}

fn wanted_needs(profile: &Value) -> BTreeSet<&'static str> {
    let networking = &profile["networking"];
    let has = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    let needs = [
        ("xserver", profile["xserver"]["enabled"] == true),
        ("bridge", networking["type"] == "bridge"),
        ("sockets", has(&networking["sockets"])),
        ("external_forwarders", has(&profile["external_forwarders"])),
        ("vpn", !networking["vpn"].is_null()),
        ("firewall", has(&profile["firewall"])),
    ];
    needs
        .into_iter()
        .filter(|(_, needed)| *needed)
        .map(|(name, _)| name)
        .collect()
}

/// What a whitelist names of the home directory.
fn named_of_home(profile: &Value) -> BTreeSet<String> {
    let items = profile["whitelist"].as_array().into_iter().flatten();
    let paths = items.filter_map(|item| item["path"].as_str());
    let plain = paths.map(|path| {
        let path = path
            .replace("${HOME}", "/home/tester")
            .replace("${UID}", "4711")
            .replace("${USER}", "tester");
        [
            "DOWNLOAD=Downloads",
            "DOCUMENTS=Documents",
            "MUSIC=Music",
            "PICTURES=Pictures",
            "VIDEOS=Videos",
        ]
        .iter()
        .fold(path, |path, pair| {
            let (name, place) = pair.split_once('=').unwrap();
            path.replace(
                &format!("${{XDG_{name}_DIR}}"),
                &format!("/home/tester/{place}"),
            )
        })
    });
    plain
        .map(|path| path.trim_end_matches('/').to_string())
        .collect()
}

#[test]
fn oz_s_own_profiles_have_sane_plans() {
    let Some(world) = World::new() else { return };
    let profiles = repository().join("../shared/data/oz/profiles");
    let Ok(all) = fs::read_dir(&profiles) else {
        return skip("data/oz/profiles is not there");
    };
    world.mine(".config/user-dirs.dirs", DIRECTORIES);
    copy_policies(&world, &profiles);
    let here = world.at("").display().to_string();
    let mut count = 0;
    for entry in all.map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if !name.ends_with(".json") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let text = text.replace("/var/lib/oz/cells.d/", &here);
        let profile = json(&text);
        let file = world.write(&name, &text, 0, 0o644);
        let file = file.to_str().unwrap();
        let plan_text = plan(&world, file, "").succeeded().stdout;
        assert!(plan_text.starts_with("cell "), "{name}: {plan_text}");
        let outcome = plan(&world, file, "--json").succeeded();
        check(
            &name,
            &profile,
            &serde_json::from_str(&outcome.stdout).unwrap(),
        );
        count += 1;
    }
    assert!(count > 15, "{count}");
}

/// Oz's policies where the profiles are, and its own blacklist where the machine's settings are.
fn copy_policies(world: &World, profiles: &Path) {
    let settings = world.at("settings");
    world.directory_of(&settings, 0);
    world.configure(&format!("\"etc_prefix\": \"{}\",", settings.display()));
    let generic = fs::read_to_string(profiles.join("../etc/blacklist-generic.seccomp")).unwrap();
    world.write("settings/blacklist-generic.seccomp", &generic, 0, 0o644);
    for entry in fs::read_dir(profiles).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".seccomp") {
            let policy = fs::read_to_string(entry.path()).unwrap();
            world.write(&name, &policy, 0, 0o644);
        }
    }
}

/// The filter is made of the profile's policy, and enforced only where it says so.
fn check_filter(name: &str, seccomp: &Value, filter: &Value) {
    let mode = seccomp["mode"].as_str().unwrap_or("disabled");
    if mode == "disabled" {
        return assert_eq!(*filter, Value::Null, "{name}");
    }
    let purpose = match seccomp["enforce"].as_bool() {
        Some(true) => "enforce",
        _ => "audit",
    };
    assert_eq!(filter["purpose"], purpose, "{name}: {filter}");
    assert_eq!(filter["mode"], mode, "{name}: {filter}");
    let policy = filter["policy"].as_str().unwrap();
    let named = seccomp[mode]
        .as_str()
        .unwrap_or("/settings/blacklist-generic.seccomp");
    assert!(policy.ends_with(named), "{name}: {filter}");
}

fn check(name: &str, profile: &Value, plan: &Value) {
    let needs: BTreeSet<&str> = plan["needs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|need| need.as_str().unwrap())
        .collect();
    assert_eq!(needs, wanted_needs(profile), "{name}");
    check_filter(name, &profile["seccomp"], &plan["filter"]);
    let steps = steps(plan);
    let named = named_of_home(profile);
    for (_, bind) in steps.iter().filter(|(step, _)| *step == "bind") {
        let source = bind["source"].as_str().unwrap();
        let shared = source.starts_with("/home/tester/OZ/");
        let known = shared || named.contains(source) || !source.starts_with("/home");
        assert!(known, "{name}: {source} is not named");
        assert!(
            source != "/" && !source.starts_with("/proc") && !source.starts_with("/root"),
            "{name}: {source}"
        );
        let of_user = bind["reader"] == "user";
        let of_system = bind["reader"] == "root" && bind["read_only"] == true;
        assert!(of_user || of_system, "{name}: {bind}");
        let written_and_executed = bind["read_only"] == false && bind["executable"] == true;
        assert!(!written_and_executed, "{name}: {bind}");
    }
    check_order(name, profile, &steps);
}

/// First what is shown, then what is hidden, and the kernel's views behind.
fn check_order(name: &str, profile: &Value, steps: &[(&str, &Value)]) {
    let places = |wanted: &str| -> Vec<usize> {
        let all = steps.iter().enumerate();
        all.filter(|(_, (step, _))| *step == wanted)
            .map(|(place, _)| place)
            .collect()
    };
    let (binds, covers, processes) = (places("bind"), places("cover"), places("processes"));
    let (last_bind, first_cover, last_cover) = (binds.last(), covers.first(), covers.last());
    assert!(
        last_bind < first_cover,
        "{name}: something is shown after something was hidden"
    );
    assert!(
        processes.len() == 1 && last_cover < processes.first(),
        "{name}"
    );
    let hidden = profile["blacklist"].as_array().map_or(0, Vec::len);
    assert!(covers.len() >= hidden, "{name}");
    let behind = &steps[processes[0]..];
    let kernel = behind
        .iter()
        .all(|(step, _)| ["processes", "hardware", "seal", "mask", "freeze"].contains(step));
    assert!(kernel, "{name}: {behind:?}");
}

#[test]
fn a_plan_comes_back_from_json_as_it_was() {
    let Some(world) = World::new() else { return };
    world.profile("");
    let outcome = plan(&world, world.at("cell.json").to_str().unwrap(), "--json").succeeded();
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(plan["plan"]["name"], "cell");
    assert_eq!(plan["plan"]["user"]["uid"], 4711);
    assert_eq!(
        plan["plan"]["program"]["arguments"],
        serde_json::json!(["/bin/sh", "one", "two words"])
    );
}
