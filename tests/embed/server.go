package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(answer, "path %s\n", request.URL.Path)
	})
	http.HandleFunc("/directory", func(http.ResponseWriter, *http.Request) {
		os.Mkdir("/proc/nothing", 0o700)
	})
	http.Serve(listener, nil)
}
