package front

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/status"
)

// Config says how to serve. Zero numbers are no limit.
type Config struct {
	Listen       string
	AllowedHosts []string
	Auth         bool // ask for tokens; without, only loopback addresses are served
	// Files of a certificate, with those that signed it, and its key, in PEM: the server
	// speaks TLS. They are read again when they change, which is looked for every TLSCheck (10 s).
	TLSCert, TLSKey string
	TLSCheck        time.Duration
	BodySize        int64
	ImportSize      int64 // of the files of an import; 0: 64 GiB
	Requests        int   // at once
	TokenRate       int   // requests of one token a second
	Connections     int   // that carry many requests each, at once
	SlowQuery       time.Duration
	BodyTime        time.Duration // a body may take, beside what its length buys; 0: 10 s
	PieceTime       time.Duration // the next piece of an upload may take to come; 0: 30 s
	HeaderTime      time.Duration // a header, or a handshake of TLS, may take; 0: 5 s
	IdleTime        time.Duration // a connection may stand without a request; 0: 2 min
	WriteTime       time.Duration // a client may take to read what was sent; 0: 60 s
	Logger          *slog.Logger
}

// Server is the listener with its routes.
type Server struct {
	cfg      Config
	log      *slog.Logger
	hosts    *hosts
	routes   []*route
	failures rates[netip.Addr]
	callers  rates[caller]
	calls    calls
	sessions sessions
	metrics  *metrics
	http     *http.Server
	ln       net.Listener
	cert     *certificate  // nil: no TLS
	stopped  chan struct{} // closed by Drain
	stopOnce sync.Once

	db        atomic.Pointer[kadedb.DB]
	draining  atomic.Bool
	failed    chan struct{} // closed when the store takes no more writes
	failOnce  sync.Once
	recovered struct{ records, bytes, atMost atomic.Int64 }
	started   time.Time
}

// Access is what a route asks of the caller.
type Access uint8

// The kinds of access: anybody, or a token of at least that role.
const (
	Public Access = iota
	ForReaders
	ForWriters
	ForAdmins
	// ForSessions is for routes that turn into a connection, whose first message
	// brings the token.
	ForSessions
)

type route struct {
	pattern  string
	segments []string
	methods  map[string]endpoint
}

type endpoint struct {
	access Access
	run    func(*Call) error
}

// New returns a server that does not listen yet.
func New(c Config) (*Server, error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, status.Errorf(status.InvalidSetting, "`listen` is %q: %w", c.Listen, err).WithHint("write it as 127.0.0.1:7480")
	}
	if !c.Auth && !loopback(host) {
		return nil, status.Errorf(status.InvalidSetting, "`auth` is off, and %s is not a loopback address", c.Listen).
			WithHint("listen on 127.0.0.1, or leave tokens on")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	for _, d := range []struct {
		of    *time.Duration
		usual time.Duration
	}{{&c.BodyTime, bodyTime}, {&c.PieceTime, pieceTime}, {&c.HeaderTime, headerTime}, {&c.IdleTime, idleTime}, {&c.WriteTime, writeTime}, {&c.TLSCheck, certificateCheck}} {
		if *d.of <= 0 {
			*d.of = d.usual
		}
	}
	if c.ImportSize <= 0 {
		c.ImportSize = importSize
	}
	s := &Server{cfg: c, log: c.Logger, failed: make(chan struct{}), stopped: make(chan struct{}), started: time.Now()}
	if s.cert, err = newCertificate(c.TLSCert, c.TLSKey, c.Logger); err != nil {
		return nil, err
	}
	if s.cert == nil && !loopback(host) {
		s.log.Warn("tokens and data go over the network as they are: no certificate is set", "listen", c.Listen)
	}
	s.metrics = newMetrics(s)
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: c.HeaderTime, IdleTimeout: c.IdleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug), DisableGeneralOptionsHandler: true,
		ConnContext: withConn, ConnState: idle,
	}
	if s.cert != nil {
		s.http.TLSConfig, s.http.HTTP2 = s.cert.config(), http2Config(c.WriteTime)
	}
	s.Handle("GET", "/livez", Public, s.livez)
	s.Handle("GET", "/readyz", Public, s.readyz)
	s.Handle("GET", "/v1/status", ForReaders, s.status)
	s.Handle("GET", "/metrics", ForReaders, func(c *Call) error {
		s.metrics.handler.ServeHTTP(c.W, c.R)
		return nil
	})
	return s, nil
}

// Handle adds a route. A segment {name} of the pattern matches any one segment.
// It is for the time before Serve.
func (s *Server) Handle(method, pattern string, access Access, run func(*Call) error) {
	for _, r := range s.routes {
		if r.pattern == pattern {
			r.methods[method] = endpoint{access, run}
			return
		}
	}
	s.routes = append(s.routes, &route{pattern, strings.Split(pattern, "/"), map[string]endpoint{method: {access, run}}})
}

// Routes lists what was added, as "METHOD pattern".
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.routes {
		for m := range r.methods {
			out = append(out, m+" "+r.pattern)
		}
	}
	slices.Sort(out)
	return out
}

// AuthOn reports whether tokens are asked for.
func (s *Server) AuthOn() bool { return s.cfg.Auth }

// Listen takes the address.
func (s *Server) Listen() error {
	// Whoever is gone without a word is noticed, and what runs for him ends.
	lc := net.ListenConfig{Control: unansweredTime, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 6}}
	ln, err := lc.Listen(context.Background(), "tcp", s.cfg.Listen)
	if err != nil {
		return status.Errorf(status.InvalidSetting, "cannot listen on %s: %w", s.cfg.Listen, err).WithHint("choose another address with --listen")
	}
	if s.hosts, err = newHosts(s.cfg.Listen, ln.Addr(), s.cfg.AllowedHosts); err != nil {
		return errors.Join(err, ln.Close())
	}
	s.ln = ln
	return nil
}

// URL returns the address to ask, once Listen has taken it.
func (s *Server) URL() string {
	if s.ln == nil {
		return ""
	}
	scheme := "http://"
	if s.cert != nil {
		scheme = "https://"
	}
	host, _, err := net.SplitHostPort(s.cfg.Listen)
	_, port, perr := net.SplitHostPort(s.ln.Addr().String())
	if err != nil || perr != nil {
		return scheme + s.ln.Addr().String()
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Serve answers requests until Drain or an error.
func (s *Server) Serve() error {
	ln := net.Listener(&listener{s.ln, s})
	if s.cert != nil {
		go s.cert.watch(s.cfg.TLSCheck, s.stopped)
		ln = shakeHands(s.ln, s)
	}
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Progress tells /readyz how far recovery is.
func (s *Server) Progress(records, bytes, atMost int64) {
	s.recovered.records.Store(records)
	s.recovered.bytes.Store(bytes)
	s.recovered.atMost.Store(atMost)
}

// Ready gives the server its open store: from here on requests are answered. The
// caller closes db after Drain.
func (s *Server) Ready(db *kadedb.DB) { s.db.Store(db) }

// Failed is closed when the store takes no more writes, because its disk failed.
func (s *Server) Failed() <-chan struct{} { return s.failed }

// checkStore notices a store that stopped taking writes.
func (s *Server) checkStore(db *kadedb.DB) bool {
	if !db.Stats().Store.WAL.Poisoned {
		return true
	}
	s.failOnce.Do(func() {
		s.log.Error("the store takes no more writes: its log could not be synced")
		close(s.failed)
	})
	return false
}

// Drain stops the server: new requests are refused, those under way may take half of
// grace to end, are cancelled then, and have the other half to notice. Until the last
// one is out the listener answers probes. It returns after grace whatever happens;
// what still runs then is its error, Draining.
func (s *Server) Drain(grace time.Duration) error {
	began := time.Now()
	s.stopOnce.Do(func() { close(s.stopped) })
	s.draining.Store(true)
	s.calls.close()
	s.sessions.shut()
	left := s.calls.wait(began.Add(grace / 2))
	if left > 0 {
		s.log.Warn("requests are cancelled, because the server is stopping", "requests", left)
		s.calls.end(func(*Call) bool { return true }, errDraining())
		left = s.calls.wait(began.Add(grace))
	}
	s.sessions.endAll(func(*Session) bool { return true }, errDraining())
	s.sessions.wait(lastAnswers)
	// What is left now are probes, bodies half sent, and answers on their way.
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	var err error
	if left == 0 {
		err = s.http.Shutdown(ctx)
	}
	if left > 0 || errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if left > 0 {
		return status.Errorf(status.Draining, "%d requests did not end within %v, though they were cancelled", left, grace).
			WithHint("what was acknowledged is in the log; the next start reads it")
	}
	return err
}

// lastAnswers is how long answers that are written already have to reach their readers.
const lastAnswers = time.Second

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	taken(r.Context())
	rec := &recorder{ResponseWriter: w}
	pattern := "other"
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too
				panic(p)
			}
			s.log.Error("panic", "path", PathMark(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
			if rec.status != 0 {
				panic(http.ErrAbortHandler) // what was sent is not whole
			}
			s.fail(rec, r, status.Errorf(status.Internal, "a fault while answering; the log has it"))
		}
		s.metrics.requests.WithLabelValues(pattern, strconv.Itoa(rec.status)).Inc()
	}()
	// The deadline of the connection's last answer would hit this one. A body that does
	// not come is not waited for without end, also where nobody asks for it.
	rc := http.NewResponseController(w)
	err := rc.SetWriteDeadline(time.Time{})
	if err == nil && r.ContentLength != 0 {
		err = rc.SetReadDeadline(time.Now().Add(s.cfg.BodyTime))
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if err := s.hosts.check(r); err != nil {
		if r.Method == "PRI" {
			err = status.Errorf(status.MalformedRequest, "HTTP/2 is spoken over TLS alone").WithHint("ask in HTTP/1.1, or start the server with a certificate")
		}
		s.fail(rec, r, err)
		return
	}
	rt, vars := s.find(r.URL.Path)
	if rt == nil {
		s.fail(rec, r, status.Errorf(status.UnknownEndpoint, "there is no %s here", clip(r.URL.Path, 200)).WithHint("GET / lists what there is"))
		return
	}
	pattern = rt.pattern
	switch err := s.serve(rec, r, rt, vars); {
	case errors.Is(err, ErrGone):
		panic(http.ErrAbortHandler)
	case err != nil:
		s.fail(rec, r, err)
	}
}

func (s *Server) find(path string) (*route, map[string]string) {
	parts := strings.Split(path, "/")
next:
	for _, rt := range s.routes {
		if len(rt.segments) != len(parts) {
			continue
		}
		var vars map[string]string
		for i, seg := range rt.segments {
			if strings.HasPrefix(seg, "{") && parts[i] != "" {
				if vars == nil {
					vars = map[string]string{}
				}
				vars[strings.Trim(seg, "{}")] = parts[i]
			} else if seg != parts[i] {
				continue next
			}
		}
		return rt, vars
	}
	return nil, nil
}

func (s *Server) serve(w *recorder, r *http.Request, rt *route, vars map[string]string) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	ep, ok := rt.methods[method]
	if !ok {
		allow := make([]string, 0, len(rt.methods))
		for m := range rt.methods {
			allow = append(allow, m)
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return status.Errorf(status.MethodNotAllowed, "%s does not take %s", rt.pattern, clip(r.Method, 20)).WithHint("it takes %s", strings.Join(allow, ", "))
	}
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	// net/http has to find its own body in its own request.
	r = r.WithContext(ctx)
	w.body.ReadCloser = r.Body
	r.Body = &w.body
	c := &Call{Server: s, W: w, R: r, DB: s.db.Load(), Vars: vars, ctx: ctx, end: end, began: time.Now()}
	if ep.access == Public {
		return ep.run(c)
	}
	if s.draining.Load() {
		return errDraining()
	}
	if c.DB == nil {
		return status.Errorf(status.NotReady, "the store is still recovering").WithHint("GET /readyz tells how far it is")
	}
	if ep.access == ForSessions {
		return ep.run(c)
	}
	if s.cfg.Auth {
		var err error
		if c.Token, err = s.authenticate(r, c.DB.Tokens()); err != nil {
			return err
		}
		if need := auth.Role(ep.access); c.Token.Role < need {
			return status.Errorf(status.RoleTooLow, "the token's role is %s, and this takes %s", c.Token.Role, need)
		}
	}
	if s.cfg.TokenRate > 0 {
		if err := s.admit(c.Token, clientAddress(r)); err != nil {
			return err
		}
	}
	if err := s.calls.enter(c, s.cfg.Requests); err != nil {
		return err
	}
	defer s.calls.leave(c)
	defer c.release()
	if s.cfg.Auth && !c.DB.Tokens().Valid(c.Token.ID) { // revoked before it was registered
		return status.Errorf(status.InvalidToken, "the token was revoked")
	}
	err := ep.run(c)
	if err != nil && !errors.Is(err, ErrGone) {
		err = explain(ctx, err)
		if status.CodeOf(err) == status.StorePoisoned {
			s.checkStore(c.DB)
		}
	}
	return err
}

func (s *Server) livez(c *Call) error {
	c.Reply([]byte("{\"status\":\"live\"}\n"))
	return nil
}

func (s *Server) readyz(c *Call) error {
	state := "ready"
	switch {
	case s.draining.Load():
		state = "draining"
	case c.DB == nil:
		state = "recovering"
	case !s.checkStore(c.DB):
		state = "failed"
	}
	body := []byte(`{"status":"` + state + `"`)
	if state == "ready" {
		c.Reply(append(body, "}\n"...))
		return nil
	}
	if state == "recovering" {
		for _, n := range []struct {
			name string
			n    int64
		}{{"records", s.recovered.records.Load()}, {"bytes", s.recovered.bytes.Load()}, {"bytes_at_most", s.recovered.atMost.Load()},
			{"ms", time.Since(s.started).Milliseconds()}} {
			body = strconv.AppendInt(append(body, `,"`+n.name+`":`...), n.n, 10)
		}
	}
	c.W.Header().Set("Retry-After", "1")
	s.reply(c.W, c.R, http.StatusServiceUnavailable, jsonType, append(body, "}\n"...))
	return nil
}

// recorder remembers a response's status, and how much of its request came.
type recorder struct {
	http.ResponseWriter
	status int
	body   body
}

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Hijack gives the connection to a caller that speaks another protocol on it.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap gives http.ResponseController the connection's own methods.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
