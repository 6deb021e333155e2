//go:build unix

package edit

import (
	"os"

	"golang.org/x/sys/unix"
)

// escapeWait is how long, in milliseconds, the rest of a key's sequence may take.
const escapeWait = 50

// readable waits a moment for something to read.
func readable(f *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, escapeWait)
	return err != nil || n > 0
}
