package front

import (
	"net"
	"syscall"
	"testing"
)

// Connections inherit from their listener how long they wait for one that is gone.
func TestUnansweredTime(t *testing.T) {
	s, err := New(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	defer s.ln.Close()
	dialled := make(chan error, 1)
	go func() {
		c, err := net.Dial("tcp", s.ln.Addr().String())
		if err == nil {
			err = c.Close()
		}
		dialled <- err
	}()
	c, err := s.ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := <-dialled; err != nil {
		t.Fatal(err)
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		name               string
		level, option, min int
	}{{"TCP_USER_TIMEOUT", syscall.IPPROTO_TCP, tcpUserTimeout, 90_000}, {"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15}} {
		var got int
		var failed error
		if err := raw.Control(func(fd uintptr) { got, failed = syscall.GetsockoptInt(int(fd), o.level, o.option) }); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if got != o.min {
			t.Errorf("%s is %d, want %d", o.name, got, o.min)
		}
	}
}
