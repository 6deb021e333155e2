package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/bench/server"
)

// What the server adds to a read, seen by a client that does nothing but to send bytes
// and to wait for others: the usual client's own work is not the server's.

// bareDoors are the doors without our client.
func bareDoors(s *server.Server) []door {
	host := strings.TrimPrefix(s.URL, "http://")
	open := func(ask func(conn net.Conn, in *bufio.Reader) (reader, error)) func(context.Context) (reader, func() error, error) {
		return func(ctx context.Context) (reader, func() error, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", host)
			if err != nil {
				return nil, nil, err
			}
			read, err := ask(conn, bufio.NewReader(conn))
			if err != nil {
				return nil, nil, errors.Join(err, conn.Close())
			}
			return read, conn.Close, nil
		}
	}
	return []door{
		{"WebSocket", open(func(conn net.Conn, in *bufio.Reader) (reader, error) { return bareSocket(host, conn, in) })},
		{"REST", open(func(conn net.Conn, in *bufio.Reader) (reader, error) {
			var b, body []byte
			return func(_ context.Context, id int64) (string, error) {
				body = appendAsk(body[:0], `{"query":"`, id)
				b = fmt.Appendf(b[:0], "POST /v1/query HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", host, len(body), body)
				if _, err := conn.Write(b); err != nil {
					return "", err
				}
				answer, err := readAnswer(in, body[:0])
				return nameIn(answer), err
			}, nil
		})},
	}
}

func appendAsk(b []byte, begin string, id int64) []byte {
	b = append(append(append(b, begin...), readPerson...), `","params":{"id":`...)
	return append(strconv.AppendInt(b, id, 10), "}}"...)
}

// nameIn returns the first text of the first row of an answer in JSON.
func nameIn(answer []byte) string {
	_, rows, _ := bytes.Cut(answer, []byte(`"rows":[["`))
	name, _, _ := bytes.Cut(rows, []byte{'"'})
	return string(name)
}

// readAnswer reads an answer of HTTP that tells its length.
func readAnswer(in *bufio.Reader, b []byte) ([]byte, error) {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimSuffix(line, []byte("\r\n"))
		if first && string(line) != "HTTP/1.1 200 OK" {
			return nil, fmt.Errorf("the server answers %q", line)
		}
		if len(line) == 0 {
			break
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(n)); err != nil {
				return nil, err
			}
		}
	}
	b = append(b, make([]byte, length)...)
	_, err := io.ReadFull(in, b)
	return b, err
}

func bareSocket(host string, conn net.Conn, in *bufio.Reader) (reader, error) {
	if _, err := conn.Write(upgrade(host)); err != nil {
		return nil, err
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" {
			break
		}
	}
	var b, text []byte
	if _, err := conn.Write(frame(nil, `{"type":"init"}`)); err != nil {
		return nil, err
	}
	if _, err := readFrame(in, nil); err != nil {
		return nil, err
	}
	return func(_ context.Context, id int64) (string, error) {
		text = appendAsk(text[:0], `{"type":"query","id":1,"query":"`, id)
		b = frame(b[:0], string(text))
		if _, err := conn.Write(b); err != nil {
			return "", err
		}
		answer, err := readFrame(in, text[:0])
		return nameIn(answer), err
	}, nil
}

// upgrade is the request that opens a WebSocket.
func upgrade(host string) []byte {
	return fmt.Appendf(nil, "GET /v1/ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: kadeql.v1.json\r\n\r\n", host)
}

// frame appends a text message of less than 64 KiB, masked with zeros.
func frame(b []byte, text string) []byte {
	b = append(b, 0x81)
	if len(text) < 126 {
		b = append(b, 0x80|byte(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(len(text)))
	}
	return append(append(b, 0, 0, 0, 0), text...)
}

// readFrame reads a message of less than 64 KiB.
func readFrame(in *bufio.Reader, b []byte) ([]byte, error) {
	head, err := in.Peek(2)
	if err != nil {
		return nil, err
	}
	size, skip := int(head[1]), 2
	if size == 126 {
		if head, err = in.Peek(4); err != nil {
			return nil, err
		}
		size, skip = int(binary.BigEndian.Uint16(head[2:])), 4
	}
	if _, err := in.Discard(skip); err != nil {
		return nil, err
	}
	b = append(b, make([]byte, size)...)
	_, err = io.ReadFull(in, b)
	return b, err
}

// A bare exchange of as many bytes as a point read's, between two processes over
// loopback: what nothing that answers over a socket can be without.

const (
	echoAsked    = 160
	echoAnswered = 160
)

// echoChild answers until its standard input ends.
func echoChild() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	asked, answer := make([]byte, echoAsked), make([]byte, echoAnswered)
	for {
		if _, err := io.ReadFull(conn, asked); err != nil {
			if err == io.EOF {
				err = nil
			}
			return errors.Join(err, conn.Close(), l.Close())
		}
		if _, err := conn.Write(answer); err != nil {
			return err
		}
	}
}

// bareExchange measures it.
func bareExchange(ctx context.Context, n int) (took []time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, childArg, "echo")
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, cmd.Wait())
	}
	conn, err := net.Dial("tcp", strings.TrimSpace(address))
	if err != nil {
		return nil, err
	}
	ask, answer := make([]byte, echoAsked), make([]byte, echoAnswered)
	for range n {
		start := time.Now()
		if _, err = conn.Write(ask); err == nil {
			_, err = io.ReadFull(conn, answer)
		}
		if err != nil {
			break
		}
		took = append(took, time.Since(start))
	}
	return took, errors.Join(err, conn.Close(), cmd.Wait())
}
