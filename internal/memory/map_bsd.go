//go:build unix && !linux

package memory

import "golang.org/x/sys/unix"

// giveBack lets the system take the pages of b.
func giveBack(b []byte) {
	if err := unix.Madvise(b, unix.MADV_FREE); err != nil {
		panic("memory: giving pages back: " + err.Error())
	}
}

func refuseHugePages([]byte) {}
