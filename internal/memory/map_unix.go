//go:build unix

package memory

import "golang.org/x/sys/unix"

const canMap = true

// mapAnonymous reserves address space; pages count once they are written to. Huge
// pages are refused because they would make more resident than was asked for.
func mapAnonymous(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	refuseHugePages(b)
	return b, nil
}

func unmap(b []byte) {
	if err := unix.Munmap(b); err != nil {
		panic("memory: unmapping what was mapped: " + err.Error())
	}
}
