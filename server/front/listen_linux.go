package front

import (
	"errors"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h.
const tcpUserTimeout = 18

// unansweredTime makes connections of a listener end when what was sent is not answered
// for 90 s: probes of idle connections do not run while something is under way.
func unansweredTime(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, 90_000)
	})
	return errors.Join(err, failed)
}
