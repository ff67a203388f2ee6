//! `syscalls`: names, numbers and arguments.

use syscalls::Abi;

use crate::{json, tool};

#[test]
fn a_call_has_its_prototype_its_numbers_and_its_groups() {
    tool(["syscalls", "openat"]).outcome().succeeded().stdout(
        "openat(int dfd, const char *filename, int flags, umode_t mode)\n  \
         aarch64  56\n  arm      322\n  x32      257\n  x86      295\n  x86_64   257\n  \
         in @known @file-system @system-service\n",
    );
}

#[test]
fn a_call_that_this_machine_does_not_have_is_in_no_group() {
    tool(["syscalls", "socketcall"])
        .outcome()
        .succeeded()
        .stdout("socketcall\n  x86      102\n");
}

#[test]
fn a_number_finds_the_native_call() {
    let number = syscalls::number(Abi::NATIVE, "newfstatat").expect("a number");
    for word in [number.to_string(), format!("{number:#x}")] {
        let by_number = tool(["syscalls", &word]).outcome().succeeded();
        tool(["syscalls", "newfstatat"])
            .outcome()
            .succeeded()
            .stdout(&by_number.stdout)
            .stdout_has("newfstatat(");
    }
}

#[test]
fn the_json_has_the_same() {
    let value = json(&tool(["syscalls", "--json", "dup2"]).outcome().succeeded());
    let expected = serde_json::json!({
        "name": "dup2",
        "numbers": {"x86_64": 33, "x86": 63, "x32": 33, "arm": 63},
        "arguments": ["unsigned int oldfd", "unsigned int newfd"],
        "groups": value["groups"],
    });
    assert_eq!(value, expected);
    let groups = value["groups"].as_array().expect("groups");
    assert!(groups.contains(&"basic-io".into()), "{groups:?}");
}

#[test]
fn the_table_has_each_native_call_with_its_number_on_each_abi() {
    let outcome = tool(["syscalls"]).outcome().succeeded();
    let mut lines = outcome.stdout.lines().map(str::split_whitespace);
    let head: Vec<&str> = lines.next().expect("a head").collect();
    assert_eq!(head, ["name", "x86_64", "aarch64", "x86", "x32", "arm"]);
    let abis = [Abi::X86_64, Abi::Aarch64, Abi::X86, Abi::X32, Abi::Arm];
    let number = |abi, name: &str| {
        let number = syscalls::number(abi, name);
        number.map_or("-".to_string(), |number| number.to_string())
    };
    let mut names = syscalls::names(Abi::NATIVE);
    for line in lines {
        let cells: Vec<&str> = line.collect();
        let (name, _) = names.next().expect("a call for each line");
        let expected = abis.map(|abi| number(abi, name));
        assert_eq!(cells[0], name);
        assert_eq!(cells[1..], expected, "{name}");
    }
    assert_eq!(names.next(), None);
}

#[test]
fn the_table_as_json_has_a_call_for_each_name() {
    let value = json(&tool(["syscalls", "--json"]).outcome().succeeded());
    let calls = value.as_object().expect("an object");
    assert_eq!(calls.len(), syscalls::names(Abi::NATIVE).count());
    assert_eq!(
        calls["openat"],
        serde_json::json!({"x86_64": 257, "aarch64": 56, "x86": 295, "x32": 257, "arm": 322})
    );
}

#[test]
fn a_word_that_is_no_call_is_an_error() {
    for word in ["nosuch", "99999", "-"] {
        tool(["syscalls", word])
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has(&format!("\"{word}\" is no system call"));
    }
}
