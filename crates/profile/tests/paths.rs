//! Paths: variables, directories of the user, patterns, and what a path must not become.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use profile::{
    Circumstances, ExpandedPath, Gid, Name, PathPattern, Problem, SEARCHED, Uid, User, directories,
};

fn user() -> User {
    User {
        name: "ann".into(),
        uid: Uid(1001),
        gid: Gid(1002),
        home: "/home/ann".into(),
        directories: directories(
            "/home/ann",
            b"XDG_DOWNLOAD_DIR=\"$HOME/Load\"\n",
            b"MUSIC=Music\n",
        ),
    }
}

fn expand_for(user: &User, path: &str) -> Result<Vec<ExpandedPath>, Problem> {
    let circumstances = Circumstances {
        user,
        sandbox: "cell",
        display: Some(7),
    };
    path.parse::<PathPattern>()?.expand(&circumstances)
}

/// The one path that comes of it.
fn one(path: &str) -> String {
    let found = expand_for(&user(), path).unwrap();
    assert_eq!(found.len(), 1);
    found[0].plain().unwrap()
}

#[test]
fn all_variables_of_a_path_are_put_in() {
    for (path, wanted) in [
        ("/a//b/./c/", "/a/b/c"),
        ("${HOME}", "/home/ann"),
        ("${HOME}/x-${UID}", "/home/ann/x-1001"),
        (
            "${HOME}/${USER}/${SANDBOXNAME}.${DISPLAY}",
            "/home/ann/ann/cell.7",
        ),
        ("/run/user/${UID}/${UID}${UID}", "/run/user/1001/10011001"),
        ("${XDG_DOWNLOAD_DIR}", "/home/ann/Load"),
        ("${XDG_MUSIC_DIR}/${USER}", "/home/ann/Music/ann"),
        // Without a *, the other letters of patterns are letters.
        ("/a[1]?\\$x{y}", "/a[1]?\\$x{y}"),
    ] {
        assert_eq!(one(path), wanted, "{path}");
    }
}

#[test]
fn a_variable_without_a_value_is_an_error() {
    let unset = |name: &str| Err(Problem::Unset(name.into()));
    let found = expand_for(&user(), "${XDG_PICTURES_DIR}/x");
    assert_eq!(found, unset("XDG_PICTURES_DIR"));
    assert_eq!(
        found.unwrap_err().to_string(),
        "${XDG_PICTURES_DIR} has no value here"
    );
    let user = user();
    let circumstances = Circumstances {
        user: &user,
        sandbox: "cell",
        display: None,
    };
    let path: PathPattern = "/tmp/.X11-unix/X${DISPLAY}".parse().unwrap();
    assert_eq!(path.expand(&circumstances), unset("DISPLAY"));
}

#[test]
fn a_program_is_looked_for_in_the_directories_of_programs() {
    let found = expand_for(&user(), "${PATH}/sudo").unwrap();
    let found: Vec<String> = found.iter().map(|path| path.plain().unwrap()).collect();
    let wanted: Vec<String> = SEARCHED
        .iter()
        .map(|place| format!("{place}/sudo"))
        .collect();
    assert_eq!(found, wanted);
    assert_eq!(found[0], "/bin/sudo");
    let found = expand_for(&user(), "${PATH}/systemd-*").unwrap();
    assert_eq!(found.len(), SEARCHED.len());
    let Some(Name::Pattern(glob)) = found[1].names.last() else {
        panic!("{found:?}");
    };
    assert!(glob.matches(b"systemd-run") && !glob.matches(b"systemd"));
}

#[test]
fn patterns_are_of_one_name_each_and_the_rest_is_plain() {
    let found = expand_for(&user(), "${HOME}/*.d/${USER}-[0-9]?*/x").unwrap();
    assert_eq!(found[0].to_string(), "/home/ann/*.d/ann-??*/x");
    assert_eq!(found[0].plain(), None);
    let plain = |name: &str| Name::Plain(name.into());
    let [home, ann, first, second, last] = &found[0].names[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        [home, ann, last],
        [&plain("home"), &plain("ann"), &plain("x")]
    );
    let (Name::Pattern(first), Name::Pattern(second)) = (first, second) else {
        panic!("{found:?}");
    };
    assert!(first.matches(b"conf.d") && !first.matches(b"conf"));
    assert!(second.matches(b"ann-12") && !second.matches(b"ann-x2"));
}

#[test]
fn what_a_variable_stands_for_is_no_pattern() {
    let hostile = User {
        name: "*".into(),
        home: "/home/[a]*".into(),
        ..user()
    };
    let found = expand_for(&hostile, "${HOME}/${USER}").unwrap();
    assert_eq!(found[0].plain().unwrap(), "/home/[a]*/*");
    let found = expand_for(&hostile, "/x/${USER}-*").unwrap();
    let Some(Name::Pattern(glob)) = found[0].names.last() else {
        panic!("{found:?}");
    };
    assert!(glob.matches(b"*-1") && !glob.matches(b"a-1"));
}

#[test]
fn no_value_leads_elsewhere() {
    for name in ["..", ".", "", "a/b", "a\0"] {
        let hostile = User {
            name: name.into(),
            ..user()
        };
        assert!(expand_for(&hostile, "/x/${USER}").is_err(), "{name:?}");
    }
    for home in ["", "/", "/home/../etc", "/a\0b"] {
        let hostile = User {
            home: home.into(),
            ..user()
        };
        assert!(expand_for(&hostile, "${HOME}").is_err(), "{home:?}");
    }
    let long = User {
        name: "n".repeat(200),
        home: "/h".repeat(2000),
        ..user()
    };
    assert!(expand_for(&long, "/${USER}").is_ok());
    assert!(expand_for(&long, "/${USER}${USER}").is_err());
    assert!(expand_for(&long, "${HOME}/${USER}").is_err());
}

#[test]
fn what_is_below_a_directory_is_told_by_whole_names() {
    let of = |path: &str| expand_for(&user(), path).unwrap().remove(0);
    assert!(of("${HOME}/x").is_below("/home/ann"));
    assert!(of("/home/ann/x/*").is_below("/home/ann/"));
    assert!(!of("/home/ann2/x").is_below("/home/ann"));
    assert!(!of("${HOME}").is_below("/home/ann"));
    assert!(!of("/home/*/x").is_below("/home/ann"));
    assert!(of("/x").is_below("/"));
}

#[test]
fn a_path_knows_where_it_stands_and_whose_it_is() {
    let profile =
        support::profile("{\"path\": \"/x\",\n\"blacklist\": [\n  {\"path\": \"${HOME}/*\"}]}");
    let path = &profile.blacklist[0].path;
    assert_eq!((path.place().line, path.place().column), (3, 12));
    assert!(path.is_pattern() && path.is_below_home());
    let path: PathPattern = "/a/b".parse().unwrap();
    assert!(!path.is_pattern() && !path.is_below_home());
    assert_eq!((path.as_str(), path.to_string().as_str()), ("/a/b", "/a/b"));
    assert!(
        "${XDG_MUSIC_DIR}"
            .parse::<PathPattern>()
            .unwrap()
            .is_below_home()
    );
    assert!("a\0".parse::<PathPattern>().is_err() && "/a\0".parse::<PathPattern>().is_err());
}
