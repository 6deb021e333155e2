package front

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// lastTime is how long a client may take to read once its statement was ended.
const lastTime = time.Second

// Stream sends an answer in parts, each as soon as it is ready. What is sent whole
// stays whole only after End: without it the call must return ErrGone.
type Stream struct {
	c     *Call
	kind  string
	plain bool
	rc    *http.ResponseController
	last  time.Time
	begun bool
	enc   encoder // nil: not compressed
	done  func() bool

	mu     sync.Mutex
	closed bool // the connection is no longer the call's
}

// Stream begins an answer of a media type. Nothing is sent yet. Close must be called.
func (c *Call) Stream(kind string) *Stream {
	s := &Stream{c: c, kind: kind, rc: http.NewResponseController(c.W), last: time.Now()}
	s.done = context.AfterFunc(c.ctx, s.hurry)
	return s
}

// Plain tells that the answer is compressed already.
func (s *Stream) Plain() { s.plain = true }

// Begun reports whether a part was sent: until then an error is one of the request.
func (s *Stream) Begun() bool { return s.begun }

// Last returns when the last part was sent, or the stream was made.
func (s *Stream) Last() time.Time { return s.last }

// Close lets go of the stream, also where it was not ended.
func (s *Stream) Close() {
	s.done()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if s.enc != nil {
		s.enc.free()
		s.enc = nil
	}
}

// hurry gives a client that does not read only a moment more. It runs beside the call,
// and may come too late.
func (s *Stream) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if err := s.rc.SetWriteDeadline(time.Now().Add(lastTime)); err != nil {
		return // the connection is gone: the next write says so
	}
}

// Send sends a part.
func (s *Stream) Send(b []byte) error {
	if !s.begun {
		s.begun = true
		h := s.c.W.Header()
		h.Set("Content-Type", s.kind)
		if !s.plain {
			s.enc = s.c.encoder()
		}
		if s.enc != nil {
			h.Set("Content-Encoding", s.enc.name())
		}
	}
	if err := s.arm(); err != nil {
		return err
	}
	if s.enc == nil {
		if _, err := s.c.W.Write(b); err != nil {
			return err
		}
	} else if err := s.enc.part(s.c.W, b); err != nil {
		return err
	}
	return s.rc.Flush()
}

// arm sets the deadline of the next write.
func (s *Stream) arm() error {
	s.last = time.Now()
	if err := s.rc.SetWriteDeadline(s.last.Add(s.c.Server.cfg.WriteTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if s.c.ctx.Err() != nil {
		s.hurry()
	}
	return nil
}

// End sends the last part. An answer of one part goes out with its length.
func (s *Stream) End(b []byte) error {
	if !s.begun && len(b) < leastPacked {
		s.begun = true
		h := s.c.W.Header()
		h.Set("Content-Type", s.kind)
		h.Set("Content-Length", strconv.Itoa(len(b)))
		if err := s.arm(); err != nil {
			return err
		}
		_, err := s.c.W.Write(b)
		return err
	}
	if len(b) > 0 || !s.begun {
		if err := s.Send(b); err != nil {
			return err
		}
	}
	if s.enc == nil {
		return nil
	}
	if err := s.arm(); err != nil {
		return err
	}
	return s.enc.end(s.c.W)
}
