package front

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/status"
)

// hosts knows which values of the Host header are ours. A page of another site whose
// name was pointed at our address sends its own name, and is refused.
type hosts struct {
	exact    map[string]bool // host:port
	anyPort  map[string]bool // host
	wildcard bool            // listening on every address
	port     string
}

func newHosts(listen string, at net.Addr, allowed []string) (*hosts, error) {
	h := &hosts{exact: map[string]bool{}, anyPort: map[string]bool{}}
	name, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, status.Errorf(status.InvalidSetting, "`listen` is %q: %w", listen, err).WithHint("write it as 127.0.0.1:7480")
	}
	if _, h.port, err = net.SplitHostPort(at.String()); err != nil {
		return nil, status.Errorf(status.Internal, "listening on %q: %w", at, err)
	}
	ip, err := netip.ParseAddr(name)
	switch {
	case name == "" || err == nil && ip.IsUnspecified():
		h.wildcard = true
	case loopback(name):
		for _, n := range []string{"localhost", "127.0.0.1", "::1", name} {
			h.exact[net.JoinHostPort(n, h.port)] = true
		}
	default:
		h.exact[net.JoinHostPort(strings.ToLower(name), h.port)] = true
	}
	for _, a := range allowed {
		a = strings.ToLower(strings.TrimSpace(a))
		if _, _, err := net.SplitHostPort(a); err == nil {
			h.exact[a] = true
		} else if a != "" {
			h.anyPort[strings.Trim(a, "[]")] = true
		}
	}
	return h, nil
}

// loopback reports whether only this machine reaches host.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// knows reports whether host, as a Host header or an Origin gives it, is ours for a
// connection that came in at local.
func (h *hosts) knows(host, defaultPort string, local net.Addr) bool {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), defaultPort
	}
	if name == "" {
		return false
	}
	if h.anyPort[name] || h.exact[net.JoinHostPort(name, port)] {
		return true
	}
	tcp, ok := local.(*net.TCPAddr)
	if !h.wildcard || !ok || port != h.port {
		return false
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return name == "localhost" && tcp.IP.IsLoopback()
	}
	at, ok := netip.AddrFromSlice(tcp.IP)
	return ok && ip.Unmap() == at.Unmap()
}

// check refuses a request for another host, or one that a foreign page sent.
func (h *hosts) check(r *http.Request) error {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	port := "80"
	if r.TLS != nil {
		port = "443"
	}
	if !h.knows(r.Host, port, local) {
		return status.Errorf(status.HostNotAllowed, "this is not %.200q", r.Host).
			WithHint("ask for the address that the server listens on, or start it with --allowed-hosts %.200s", hostName(r.Host))
	}
	for _, origin := range r.Header["Origin"] {
		scheme, host, ok := strings.Cut(origin, "://")
		port, web := map[string]string{"http": "80", "https": "443"}[scheme]
		if !ok || !web || !h.knows(host, port, local) {
			return status.Errorf(status.OriginNotAllowed, "a page of %.200q may not send requests here", origin).
				WithHint("start the server with --allowed-hosts to allow pages of another host")
		}
	}
	return nil
}

func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// bearer returns the token of a request's Authorization header.
func bearer(r *http.Request) (secret string, given bool) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", false
	}
	scheme, secret, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(secret), true
}

// authenticate returns whose request r is.
func (s *Server) authenticate(r *http.Request, tokens *auth.Tokens) (auth.Token, error) {
	secret, given := bearer(r)
	return s.tokenOf(secret, given, clientAddress(r), tokens)
}

func (s *Server) tokenOf(secret string, given bool, from netip.Addr, tokens *auth.Tokens) (auth.Token, error) {
	if !given {
		return auth.Token{}, status.Errorf(status.InvalidToken, "a token is needed").
			WithHint("send the header `Authorization: Bearer TOKEN` (over WebSocket: `token` in the first message); `kadedb token create` makes one")
	}
	if t, ok := tokens.Find(secret); ok {
		return t, nil
	}
	s.metrics.failedTokens.Inc()
	if !s.failures.allow(from, time.Now(), failuresASecond, failureBurst) {
		return auth.Token{}, status.Errorf(status.TooManyFailures, "too many wrong tokens from this address").
			WithHint("wait a second before the next")
	}
	return auth.Token{}, status.Errorf(status.InvalidToken, "the token is unknown or was revoked").
		WithHint("`kadedb token list` shows what is valid")
}

// clientAddress returns the address to count failures under: a whole /64 for IPv6,
// which one client can have all of.
func clientAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip := ap.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return ip
}

// Wrong tokens are counted by address. A right token is never refused for them:
// whoever shares the address with a guesser goes on working, and 256 random bits are
// not found by guessing.
const (
	failuresASecond = 4
	failureBurst    = 8
)
