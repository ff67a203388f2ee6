//! A static Go program: goroutines, files, HTTP, and its own way to start programs.

use std::path::PathBuf;

use sandbox_tests::{Outcome, Run, build_go};

use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

const SOURCE: &str = r#"
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func add() {
	var group sync.WaitGroup
	var lock sync.Mutex
	sum := 0
	for n := 1; n <= 100; n++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			lock.Lock()
			defer lock.Unlock()
			sum += n
		}(n)
	}
	group.Wait()
	fmt.Println("sum", sum)
}

func keep() {
	check(os.WriteFile("kept", []byte("kept words"), 0o600))
	words, err := os.ReadFile("kept")
	check(err)
	fmt.Println(string(words))
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "page ", r.URL.Path)
	}))
	answer, err := http.Get("http://" + listener.Addr().String() + "/here")
	check(err)
	page, err := io.ReadAll(answer.Body)
	check(err)
	fmt.Println(string(page))
}

func main() {
	if len(os.Args) > 1 {
		output, err := exec.Command("/bin/echo", "executed").Output()
		fmt.Print(string(output))
		check(err)
		return
	}
	add()
	keep()
	serve()
}
"#;

const DONE: &str = "sum 5050\nkept words\npage /here\n";

fn list() -> String {
    allow_list("go")
}

fn program(place: &Place) -> PathBuf {
    place.bring(&build_go(SOURCE))
}

fn job(place: &Place, list: &str) -> Outcome {
    place.allow_exactly(list, program(place)).outcome()
}

#[test]
fn goroutines_files_and_http_work_under_the_list() {
    for place in Place::launchers() {
        let outcome = job(&place, &list()).succeeded();
        outcome.stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::launchers() {
        for name in ["mmap", "openat", "write", "socket", "epoll_ctl"] {
            job(&place, &without(&list(), name)).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Launcher, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, list));
}

#[test]
fn a_child_that_would_exec_dies() {
    assert!(names(&list()).all(|name| !name.starts_with("execve")));
    let starts = |run: Run| run.arg("start a program").outcome();
    for place in Place::launchers() {
        let denied = starts(place.deny("execve", program(&place)));
        denied.status(1).stdout("signal: bad system call\n");
        let refused = starts(place.deny("execve=EPERM", program(&place)));
        refused
            .status(1)
            .stdout("fork/exec /bin/echo: operation not permitted\n");
        // Short of execve the list lacks what looks a program up, too.
        let outcome = starts(place.allow_exactly(&list(), program(&place)));
        assert_ne!(outcome.status, 0);
        assert_eq!(outcome.stdout, "", "{outcome:#?}");
    }
}

#[test]
fn a_denied_socket_is_an_error_in_go() {
    for place in Place::launchers() {
        let run = place.deny("socket=EACCES", program(&place));
        run.outcome()
            .status(1)
            .stdout_has("sum 5050\nkept words\nlisten tcp")
            .stdout_has("permission denied");
    }
}
