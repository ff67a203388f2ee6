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
