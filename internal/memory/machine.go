package memory

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine returns the bytes of memory that this process may use: the machine's, or
// its control group's limit where that is lower. Where neither is known it is 4 GiB.
func Machine() int64 {
	total := int64(4 << 30)
	if runtime.GOOS != "linux" {
		return total
	}
	if n := memTotal("/proc/meminfo"); n > 0 {
		total = n
	}
	for _, f := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // not in such a group
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 && n < total {
			total = n
		}
	}
	return total
}

func memTotal(file string) int64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		rest, ok := strings.CutPrefix(s.Text(), "MemTotal:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}
