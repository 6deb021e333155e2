package front

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/status"
)

// certificate is the pair that the server shows, read anew when its files change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               atomic.Pointer[tls.Certificate]

	mu     sync.Mutex
	seen   [2]fileState // as of the last try
	until  time.Time    // the certificate is valid
	warned time.Time    // that it is not for long
}

// fileState tells one version of a file from the next.
type fileState struct {
	size int64
	at   time.Time
}

const (
	// certificateCheck is how often the files are looked at.
	certificateCheck = 10 * time.Second
	// maxCertificate bounds one of them.
	maxCertificate = 1 << 20
)

// newCertificate reads a pair; nil where none is given.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case certFile == "" || keyFile == "":
		return nil, status.Errorf(status.InvalidSetting, "a certificate needs its key, and a key its certificate").
			WithHint("give both --tls-cert and --tls-key")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.load()
}

// load reads the files. On an error what was shown before goes on being shown.
func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = c.state()
	cert, err := readPEM(c.certFile, "tls-cert")
	if err != nil {
		return err
	}
	key, err := readPEM(c.keyFile, "tls-key")
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return status.Errorf(status.InvalidSetting, "%s and %s are no certificate and its key: %w", c.certFile, c.keyFile, err).
			WithHint("both are PEM; the certificate comes first in its file, then those that signed it")
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return status.Errorf(status.InvalidSetting, "%s holds no certificate that can be read: %w", c.certFile, err)
	}
	c.until, c.warned = leaf.NotAfter, time.Time{}
	c.warn(time.Now())
	c.now.Store(&pair)
	return nil
}

// warn tells once a day of a certificate that is not valid for long, or not any more.
// c.mu is held.
func (c *certificate) warn(now time.Time) {
	const day = 24 * time.Hour
	left := c.until.Sub(now)
	switch {
	case left > 7*day || now.Sub(c.warned) < day:
		return
	case left > 0:
		c.log.Warn("the certificate ends soon", "file", c.certFile, "at", c.until.UTC())
	default:
		c.log.Warn("the certificate has ended: clients refuse it", "file", c.certFile, "at", c.until.UTC())
	}
	c.warned = now
}

func readPEM(name, setting string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && (info.Size() > maxCertificate || info.IsDir()) {
		err = errors.New("it is no file of PEM")
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, status.Errorf(status.InvalidSetting, "`%s` cannot be read: %w", setting, err)
	}
	return b, nil
}

func (c *certificate) state() [2]fileState {
	var s [2]fileState
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			s[i] = fileState{info.Size(), info.ModTime()}
		}
	}
	return s
}

// reload is load while the server runs.
func (c *certificate) reload() {
	if err := c.load(); err != nil {
		c.log.Error("the new certificate cannot be used; the one before is kept", "error", err)
		return
	}
	c.log.Info("the certificate was read again", "file", c.certFile)
}

// watch reads the pair again when a file has changed, until stop.
func (c *certificate) watch(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		changed := c.seen != c.state()
		c.warn(time.Now())
		c.mu.Unlock()
		if changed {
			c.reload()
		}
	}
}

// config speaks TLS 1.3 alone.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }}
}

// http2Config bounds what one connection of HTTP/2 may ask for, and drops those whose
// other end is gone.
func http2Config(write time.Duration) *http.HTTP2Config {
	return &http.HTTP2Config{MaxConcurrentStreams: 250, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second, WriteByteTimeout: write}
}

// ReloadCertificate reads the certificate and its key again. Where they cannot be
// used the log says so, and the server goes on with those that it has.
func (s *Server) ReloadCertificate() {
	if s.cert != nil {
		s.cert.reload()
	}
}
