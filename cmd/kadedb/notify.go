package main

import (
	"net"
)

// notify tells the service manager how the server is, where it asked to be told: a
// datagram to the socket in NOTIFY_SOCKET (sd_notify). It is not there for others.
func (v *served) notify(state string) {
	name := v.a.env("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	if name[0] == '@' {
		name = "\x00" + name[1:] // of the abstract name space
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err == nil {
		_, err = c.Write([]byte(state))
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		v.log.Warn("the service manager was not told", "state", state, "error", err)
	}
}
