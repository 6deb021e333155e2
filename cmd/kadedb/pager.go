package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// output is where a statement's rows go: to the pager, on a terminal whose rows they
// overrun.
func (sh *shell) output(format string) io.WriteCloser {
	screen := sh.a.screen()
	command := sh.a.pagerCommand()
	if !sh.interactive || !sh.pager || screen.Rows == 0 || command == "" {
		return plainOutput{sh.a.out}
	}
	return &pager{a: sh.a, command: command, most: screen.Rows - 2} // a line for the report and one for the prompt
}

type plainOutput struct{ io.Writer }

func (plainOutput) Close() error { return nil }

// pagerCommand returns the user's pager, or less where that is installed; "" for none.
func (a *app) pagerCommand() string {
	for _, name := range []string{"KADEDB_PAGER", "PAGER"} {
		if c, set := a.lookupEnv(name); set {
			return strings.TrimSpace(c)
		}
	}
	if a.dumb() {
		return ""
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less -SRX"
}

// pager holds what is written back until it is more than most lines, and then gives all
// to a command. A write returns EPIPE after the user has left it.
type pager struct {
	a       *app
	command string
	most    int
	held    bytes.Buffer
	lines   int
	cmd     *exec.Cmd
	to      io.WriteCloser
}

func (p *pager) Write(b []byte) (int, error) {
	if p.to != nil {
		return p.write(b)
	}
	p.lines += bytes.Count(b, []byte("\n"))
	p.held.Write(b)
	if p.lines <= p.most {
		return len(b), nil
	}
	if err := p.start(); err != nil {
		return 0, err
	}
	if _, err := p.write(p.held.Bytes()); err != nil {
		return 0, err
	}
	p.held = bytes.Buffer{}
	return len(b), nil
}

func (p *pager) write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	if errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		err = syscall.EPIPE
	}
	return n, err
}

// start runs the command, or else writes past it.
func (p *pager) start() error {
	cmd := exec.Command("sh", "-c", p.command)
	cmd.Stdout, cmd.Stderr = p.a.out, p.a.err
	to, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.a.say("note: the pager `%s` cannot be run: %v", printable(p.command), err)
		p.to = plainOutput{p.a.out}
		return nil
	}
	p.cmd, p.to = cmd, to
	return nil
}

// Close writes what was held, or waits until the user has left the pager.
func (p *pager) Close() error {
	if p.cmd == nil {
		_, err := p.a.out.Write(p.held.Bytes())
		return err
	}
	err := p.to.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	var exit *exec.ExitError
	if werr := p.cmd.Wait(); werr != nil && !errors.As(werr, &exit) && err == nil {
		err = werr
	}
	return err
}
