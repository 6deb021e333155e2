package main

import (
	"os"
	"syscall"
)

// syncData is what the log waits for.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
