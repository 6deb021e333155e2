package rest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
	"github.com/kadedb/kadedb/status"
)

// pair makes a certificate for this machine, signed by itself, and its key.
func pair(t *testing.T, name string) (cert, key []byte) { return pairUntil(t, name, 24*time.Hour) }

func pairUntil(t *testing.T, name string, left time.Duration) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(left), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func put(t *testing.T, name string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// secure serves with a certificate.
func secure(t *testing.T) (s *server, certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	cert, key := pair(t, "first")
	certFile, keyFile = put(t, filepath.Join(dir, "cert.pem"), cert), put(t, filepath.Join(dir, "key.pem"), key)
	s = start(t, func(c *front.Config, _ *kadedb.Options) {
		c.TLSCert, c.TLSKey, c.TLSCheck = certFile, keyFile, 20*time.Millisecond
	})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return s, certFile, keyFile, pool
}

// secureWith is secure with other settings too.
func secureWith(t *testing.T, change func(*front.Config, *kadedb.Options)) (*server, *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	cert, key := pair(t, "first")
	s := start(t, func(c *front.Config, o *kadedb.Options) {
		c.TLSCert, c.TLSKey = put(t, filepath.Join(dir, "cert.pem"), cert), put(t, filepath.Join(dir, "key.pem"), key)
		change(c, o)
	})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return s, pool
}

// trusting returns a client that speaks HTTP/1.1 or HTTP/2.
func (s *server) trusting(pool *x509.CertPool, two bool) *http.Client {
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: two}}
	s.t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestTLS(t *testing.T) {
	s, certFile, _, pool := secure(t)
	if !strings.HasPrefix(s.URL, "https://127.0.0.1:") {
		t.Errorf("the address is %s", s.URL)
	}
	for _, two := range []bool{false, true} {
		c := s.trusting(pool, two)
		for _, accept := range []string{"application/json", "application/x-ndjson", arrowType} {
			res, err := c.Do(s.request(context.Background(), call{as: auth.Reader, body: queryBody("UNWIND range(1, 100000) AS x RETURN x"), header: map[string]string{"Accept": accept}}))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 || len(b) < 500_000 || (res.ProtoMajor == 2) != two || res.TLS.Version != tls.VersionTLS13 {
				t.Errorf("%s over %s gives %d, %d bytes, %v", accept, res.Proto, res.StatusCode, len(b), err)
			}
			res.Body.Close()
		}
		// An answer that breaks off does so over HTTP/2 too.
		res, err := c.Do(s.request(context.Background(), call{as: auth.Reader, body: queryBody("UNWIND range(1, 300000) AS x RETURN 1 / (300000 - x) AS y"),
			header: map[string]string{"Accept": "text/csv"}}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("over %s a broken answer has an end", res.Proto)
		}
		res.Body.Close()
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}}}
	if _, err := old.Get(s.URL + "/livez"); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
	if res, err := http.Get("http://" + s.Host + "/livez"); err != nil || res.StatusCode != 400 {
		t.Errorf("without TLS: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
	// The client of the commands, which is told whom to trust.
	c, err := client.New(s.URL, s.Token[auth.Reader])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Exec(context.Background(), client.Request{Query: "RETURN 1"}); status.CodeOf(err) != status.Unreachable || !strings.Contains(status.From(err).Hint, "--ca") {
		t.Errorf("an unknown certificate gives %v", err)
	}
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Trust([]byte("x")); err == nil {
		t.Error("no certificate is trusted")
	}
	if err := c.Trust(pem); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(context.Background(), client.Request{Query: "RETURN 1"}); err != nil {
		t.Error(err)
	}
}

// shown returns the name on the certificate that a new connection gets.
func (s *server) shown() string {
	s.t.Helper()
	c, err := tls.Dial("tcp", s.Host, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestCertificateIsReadAgain(t *testing.T) {
	s, certFile, keyFile, _ := secure(t)
	until := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); s.shown() != want; {
			if time.Now().After(deadline) {
				t.Fatalf("the certificate is %s, not %s; log: %s", s.shown(), want, s.Log)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	until("first")
	cert, key := pair(t, "second")
	put(t, certFile, cert) // for a moment the two do not fit
	put(t, keyFile, key)
	until("second")
	// A broken pair changes nothing.
	put(t, certFile, []byte("broken"))
	s.Front.ReloadCertificate()
	if got := s.shown(); got != "second" || !strings.Contains(s.Log.String(), "the one before is kept") {
		t.Errorf("after a broken one it is %s; log: %s", got, s.Log)
	}
	cert, key = pair(t, "third")
	put(t, certFile, cert)
	put(t, keyFile, key)
	s.Front.ReloadCertificate()
	if got := s.shown(); got != "third" {
		t.Errorf("after a signal it is %s; log: %s", got, s.Log)
	}
}

// Connections that begin while the certificate changes get one or the other, and those
// that are open go on.
func TestReloadUnderLoad(t *testing.T) {
	s, certFile, keyFile, _ := secure(t)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var asked atomic.Int64
	for i := range 4 {
		clients.Go(func() {
			kept := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: i%2 == 0, DisableKeepAlives: i < 2}}
			defer kept.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := kept.Do(s.request(context.Background(), call{as: auth.Reader, body: queryBody("UNWIND range(1, 2000) AS x RETURN x"), header: map[string]string{"Accept": "text/csv"}}))
				if err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				b, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != 200 || len(b) < 8000 {
					t.Errorf("%d, %d bytes, %v", res.StatusCode, len(b), err)
				}
				if err := res.Body.Close(); err != nil {
					t.Error(err)
				}
				asked.Add(1)
			}
		})
	}
	for i := range 20 {
		name := fmt.Sprintf("number %d", i)
		cert, key := pair(t, name)
		put(t, certFile, cert)
		put(t, keyFile, key)
		s.Front.ReloadCertificate()
		if got := s.shown(); got != name {
			t.Errorf("after a change to %s it is %s", name, got)
		}
		for before := asked.Load(); asked.Load() < before+4 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	clients.Wait()
}

// Who operates the server is told of a certificate that nobody will take.
func TestCertificateThatEnds(t *testing.T) {
	for _, c := range []struct {
		left time.Duration
		want string
	}{{-time.Minute, "has ended"}, {time.Hour, "ends soon"}, {30 * 24 * time.Hour, ""}} {
		dir := t.TempDir()
		cert, key := pairUntil(t, "short", c.left)
		var log fronttest.Log
		_, err := front.New(front.Config{Listen: "127.0.0.1:0", TLSCert: put(t, filepath.Join(dir, "cert"), cert), TLSKey: put(t, filepath.Join(dir, "key"), key),
			Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if got := log.String(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("with %v left the log says %q", c.left, got)
		}
	}
}

func TestCertificatesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	cert, key := pair(t, "one")
	_, other := pair(t, "other")
	put(t, at("cert"), cert)
	put(t, at("key"), key)
	put(t, at("other"), other)
	put(t, at("junk"), []byte("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"))
	put(t, at("empty"), nil)
	put(t, at("long"), make([]byte, 2<<20))
	for _, c := range [][2]string{{at("cert"), ""}, {"", at("key")}, {at("none"), at("key")}, {at("cert"), at("none")}, {at("cert"), at("other")}, {at("key"), at("cert")},
		{at("junk"), at("key")}, {at("empty"), at("key")}, {at("cert"), at("long")}, {dir, at("key")}} {
		_, err := front.New(front.Config{Listen: "127.0.0.1:0", TLSCert: c[0], TLSKey: c[1], Logger: slog.New(slog.DiscardHandler)})
		if status.CodeOf(err) != status.InvalidSetting {
			t.Errorf("%v gives %v", c, err)
		}
	}
	if _, err := front.New(front.Config{Listen: "127.0.0.1:0", TLSCert: at("cert"), TLSKey: at("key"), Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Error(err)
	}
}
