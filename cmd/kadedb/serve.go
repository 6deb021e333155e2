package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/internal/setting"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/server/ws"
	"github.com/kadedb/kadedb/status"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a store over HTTP",
		Long: `Serves the store in --data, making it where there is none, until Ctrl-C. The first start prints a token
for the administrator, once. With --demo it serves a store with sample data in a temporary folder, to this machine
alone and without tokens.`,
		Example: "  kadedb serve --demo\n  kadedb serve --data flights --memory 4GiB",
		Args:    exactly(0, 0),
	}
	demo := cmd.Flags().Bool("demo", false, "serve sample data from a temporary folder")
	settingFlags(cmd, allSettings()...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := a.settings(cmd)
		if err != nil {
			return err
		}
		v := &served{a: a, set: set, log: a.logger(set), demo: *demo, auth: set.Text(setting.Auth) == "token"}
		switch {
		case v.demo && set.Origin(setting.Data) == setting.FromFlag:
			return status.Errorf(status.InvalidUsage, "--demo and --data exclude each other").WithHint("the demo's folder is temporary")
		case !v.demo && set.Text(setting.Data) == "":
			return status.Errorf(status.InvalidUsage, "a folder is needed").WithHint("give --data DIR, or --demo for a first look")
		}
		if v.demo && set.Text(setting.TLSCert)+set.Text(setting.TLSKey) != "" {
			return status.Errorf(status.InvalidUsage, "--demo and a certificate exclude each other").WithHint("the demo is for this machine alone")
		}
		if v.demo && set.Origin(setting.Auth) == setting.FromDefault {
			v.auth = false
		}
		return v.run(cmd.Context())
	}
	return cmd
}

// served is one run of the server.
type served struct {
	a    *app
	set  *setting.Set
	log  *slog.Logger
	demo bool
	auth bool

	front *front.Server
	db    *kadedb.DB
}

func (v *served) run(ctx context.Context) error {
	var hosts []string
	if list := v.set.Text(setting.AllowedHosts); list != "" {
		hosts = strings.Split(list, ",")
	}
	var err error
	v.front, err = front.New(front.Config{Listen: v.set.Text(setting.Listen), AllowedHosts: hosts, Auth: v.auth,
		TLSCert: v.set.Text(setting.TLSCert), TLSKey: v.set.Text(setting.TLSKey),
		BodySize: v.set.Size(setting.BodySize, 0), ImportSize: v.set.Size(setting.ImportSize, 0), Requests: int(v.set.Count(setting.Requests)), TokenRate: int(min(v.set.Count(setting.TokenRate), 1<<30)),
		Connections: int(v.set.Count(setting.WSConnections)),
		SlowQuery:   v.set.Duration(setting.SlowQuery), Logger: v.log})
	if err != nil {
		return err
	}
	rest.Register(v.front)
	ws.Register(v.front, ws.Options{Statements: int(v.set.Count(setting.WSStatements)), Ping: v.set.Duration(setting.WSPing)})
	if err := v.front.Listen(); err != nil {
		return err
	}
	defer v.reloadOnSignal()()
	stopped := make(chan error, 1)
	go func() { stopped <- v.front.Serve() }()
	err = v.open(ctx)
	if err == nil {
		err = v.wait(ctx, stopped)
	}
	return v.stop(err)
}

// reloadOnSignal has SIGHUP read the certificate again, until what it returns is called.
func (v *served) reloadOnSignal() (stop func()) {
	managed := v.a.env("NOTIFY_SOCKET") != "" // systemctl reload hangs up, whether there is a certificate or not
	if v.set.Text(setting.TLSCert) == "" && !managed {
		return func() {}
	}
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangups:
				v.front.ReloadCertificate()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(done)
	}
}

// open opens the store and lets requests in. Until then they are told to wait.
func (v *served) open(ctx context.Context) error {
	o := storeOptions(v.set, v.log)
	o.Progress = v.front.Progress
	o.Holder = fmt.Sprintf("`kadedb serve` at %s (process %d)", v.front.URL(), os.Getpid())
	o.Address = v.front.URL()
	var err error
	if v.demo {
		v.db, err = kadedb.OpenTemporary(o)
	} else {
		v.db, err = kadedb.Open(v.set.Text(setting.Data), o)
	}
	if err != nil {
		return err
	}
	memory.Govern(ctx, v.db.Budget())
	token, err := v.firstToken()
	if err != nil {
		return err
	}
	if !v.demo {
		v.front.Ready(v.db)
		v.notify("READY=1")
		v.log.Info("serving", "address", v.front.URL(), "data", v.db.Dir(), "memory", o.Memory, "auth", v.auth)
		return nil
	}
	start := time.Now()
	if err := loadDemo(ctx, v.db); err != nil {
		return err
	}
	v.front.Ready(v.db)
	return v.a.welcome(ctx, v.front.URL(), token, time.Since(start))
}

// firstToken makes the administrator's token where the store has none yet.
func (v *served) firstToken() (string, error) {
	if !v.auth || len(v.db.Tokens().List()) > 0 {
		return "", nil
	}
	t, secret, err := v.db.Tokens().Create("first administrator", auth.Admin)
	if err != nil {
		return "", err
	}
	v.a.say("Token of the administrator (id %s); it is shown this once:\n\n  %s\n", t.ID, secret)
	return secret, nil
}

// wait returns when the server has to stop: nil after a signal.
func (v *served) wait(ctx context.Context, stopped <-chan error) error {
	select {
	case <-ctx.Done():
		v.log.Info("stopping: requests under way may end", "within", v.set.Duration(setting.DrainTime))
		return nil
	case err := <-stopped:
		if err == nil {
			return nil
		}
		return status.Errorf(status.Unreachable, "the listener failed: %w", err)
	case <-v.front.Failed():
		// Reads of what was acknowledged go on for a while.
		select {
		case <-ctx.Done():
		case <-time.After(v.set.Duration(setting.DrainTime)):
		}
		return status.Errorf(status.StorePoisoned, "the store takes no more writes, because its log could not be synced").
			WithHint("look after the disk, then start again: nothing acknowledged is lost")
	}
}

const (
	// sameSignal is for how long further signals are the first one's: whoever signals
	// a process and its group does so twice.
	sameSignal = time.Second
	// closeTime is how long closing the store may take, also where no drain time is left.
	closeTime = 5 * time.Second
)

// stop drains and closes, and returns in bounded time. A second signal ends the
// process at once.
func (v *served) stop(err error) error {
	v.notify("STOPPING=1")
	began := time.Now()
	grace := v.set.Duration(setting.DrainTime)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if time.Since(began) > sameSignal {
				v.log.Warn("stopped by a second signal")
				v.abandon()
				os.Exit(exitInterrupted)
			}
		}
	}()
	derr := v.front.Drain(grace)
	if err == nil {
		err = derr
	}
	if status.CodeOf(derr) == status.Draining {
		// They hold the store, so that it cannot be closed.
		v.log.Error("stopped without closing the store", "error", derr)
		v.abandon()
		return err
	}
	if v.db == nil {
		return err
	}
	closed := make(chan error, 1)
	go func() { closed <- v.db.Close() }()
	select {
	case cerr := <-closed:
		if err == nil {
			err = cerr
		}
	case <-time.After(max(grace-time.Since(began), closeTime)):
		v.log.Error("stopped before the store was closed: the next start reads its log", "after", time.Since(began))
		v.abandon()
		if err == nil {
			err = status.Errorf(status.Draining, "the store did not close within %v", max(grace, closeTime)).
				WithHint("what was acknowledged is in the log; the next start reads it")
		}
	}
	if err == nil {
		v.log.Info("stopped")
	} else {
		v.log.Error("stopped", "error", err)
	}
	return err
}

// abandon removes the demo's folder where its store was not closed.
func (v *served) abandon() {
	if !v.demo || v.db == nil {
		return
	}
	if err := os.RemoveAll(v.db.Dir()); err != nil {
		v.log.Error("the demo's folder stays", "folder", v.db.Dir(), "error", err)
	}
}

// welcome tells what the demo serves, with a first query and the answer that the
// server gives to it.
func (a *app) welcome(ctx context.Context, url, token string, took time.Duration) error {
	answer, err := demoAnswer(ctx, url, token)
	if err != nil {
		return err
	}
	header := ""
	if token != "" {
		header = " -H 'Authorization: Bearer " + token + "'"
	}
	port := url[strings.LastIndexByte(url, ':')+1:]
	server := ""
	if _, p, err := net.SplitHostPort(strings.TrimPrefix(defaultServer, "http://")); err != nil || p != port {
		server = " --server " + url
	}
	_, err = fmt.Fprintf(a.out, `KadeDB %s serves %s  (sample data loaded in %.1f s; Ctrl-C stops)

Paste this first query into another terminal:

  curl %s/v1/query%s -H 'Content-Type: application/json' -d '{"query": "%s"}'

Its answer:

  %s

Or by hand: kadedb shell%s  (from a checkout: go run ./cmd/kadedb shell%s)
`, kadedb.Version, url, took.Seconds(), url, header, demoQuery, answer, server, server)
	return err
}
