package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb/client"
)

// A server with a certificate is asked over https and wss, and reads it again on SIGHUP.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(cert, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--data", filepath.Join(dir, "s"), "--tls-cert", cert}, {"--data", filepath.Join(dir, "s"), "--tls-cert", cert, "--tls-key", cert},
		{"--demo", "--tls-cert", cert, "--tls-key", key}} {
		if _, errs, code := (run{args: append([]string{"serve"}, args...)}).do(t); code != exitUsage {
			t.Errorf("%q ends with %d: %s", args, code, errs)
		}
	}
	d := serve(t, "--data", filepath.Join(dir, "store"), "--auth", "off", "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(d.url, "https://") {
		t.Fatalf("the address is %s", d.url)
	}
	ask := run{args: []string{"query", "RETURN 1 AS one", "--format", "csv", "--server", d.url}}
	if _, errs, code := ask.do(t); code != exitUnavailable || !strings.Contains(errs, "--ca") {
		t.Errorf("an unknown certificate ends with %d: %s", code, errs)
	}
	ask.env = []string{"KADEDB_CA=" + cert}
	if out, errs, code := ask.do(t); code != 0 || out != "one\n1\n" {
		t.Errorf("it answers %d %s%s", code, out, errs)
	}
	conn, err := client.New(d.url, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Trust(trusted); err != nil {
		t.Fatal(err)
	}
	socket, err := conn.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
	d.signal(syscall.SIGHUP)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(d.errs.String(), "the certificate was read again"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was read again: %s", d.errs)
		}
	}
	d.signal(os.Interrupt)
	if code := d.wait(); code != 0 {
		t.Errorf("it ends with %d: %s", code, d.errs)
	}
}
