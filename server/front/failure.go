package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// ErrGone ends a call whose client left: nobody is there to read an error, and what
// was sent is not whole.
var ErrGone = errors.New("the client is gone")

// StatusOf maps an error to its HTTP status: by who can mend it.
func StatusOf(e *status.Error) int {
	switch e.Code {
	case status.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case status.NotAcceptable:
		return http.StatusNotAcceptable
	case status.HeaderLimit:
		return http.StatusRequestHeaderFieldsTooLarge
	}
	switch e.Code.Info().Blame {
	case status.Client:
		return http.StatusBadRequest
	case status.Unauthorized:
		return http.StatusUnauthorized
	case status.Forbidden:
		return http.StatusForbidden
	case status.NotFound:
		return http.StatusNotFound
	case status.Conflict:
		return http.StatusConflict
	case status.TooLarge:
		return http.StatusRequestEntityTooLarge
	case status.Limited:
		return http.StatusTooManyRequests
	case status.Transient:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// explain returns err as users see it: a context that ended says why it did.
func explain(ctx context.Context, err error) *status.Error {
	if errors.Is(err, ErrGone) {
		return status.Errorf(status.Cancelled, "the client left")
	}
	var known *status.Error
	if errors.As(err, &known) && known.Code != status.Cancelled {
		return known
	}
	switch {
	case known != nil || errors.Is(err, context.Canceled):
		var cause *status.Error
		if errors.As(context.Cause(ctx), &cause) {
			return cause
		}
		return status.Errorf(status.Cancelled, "the request was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Errorf(status.QueryTimeLimit, "the query ran longer than it may").WithHint("raise `query-time` (or `timeout_ms` in the request)")
	}
	return status.From(err)
}

// fail answers with an error.
func (s *Server) fail(w *recorder, r *http.Request, err error) {
	e := explain(r.Context(), err)
	code := StatusOf(e)
	s.metrics.errors.WithLabelValues(e.Code.Info().Name).Inc()
	if code >= 500 && e.Code.Info().Blame != status.Transient {
		s.log.Error("request failed", "method", r.Method, "path", PathMark(r.URL.Path), "code", e.Code, "error", err)
	}
	h := w.Header()
	switch code {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="kadedb"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		// The other limits hold for the next time as well.
		if e.Code == status.RateLimit || e.Code == status.SessionLimit || e.Code == status.TooManyFailures {
			h.Set("Retry-After", "1")
		}
	}
	body := append(wire.AppendError(nil, e), '\n')
	if s.bodyCame(w, r) {
		s.reply(w, r, code, jsonType, body)
		return
	}
	if r.ProtoMajor > 1 { // what comes of the stream is not taken any more
		s.reply(w, r, code, jsonType, body)
		return
	}
	// The answer does not wait for a body that nobody reads. What comes of it yet must
	// not be taken for another request.
	h.Set("Connection", "close")
	rc := http.NewResponseController(w)
	if err := rc.EnableFullDuplex(); err != nil {
		s.log.Debug("answering before the body", "error", err)
	}
	s.reply(w, r, code, jsonType, body)
	if err := rc.Flush(); err != nil {
		return // the client has left
	}
	if err := s.drop(w, r, dropBytes, min(dropTime, s.cfg.BodyTime)); err != nil {
		s.log.Debug("the rest of a refused body", "error", err)
	}
}

const (
	// A client that is still sending when the connection closes may never read why:
	// so much of its body is thrown away, within that time.
	dropBytes = 256 << 20
	dropTime  = 5 * time.Second
	// A small body is there already, mostly: its connection can be used again.
	smallDrop = 256 << 10
	smallTime = 20 * time.Millisecond
)

// body remembers whether a request's body was read to its end.
type body struct {
	io.ReadCloser
	whole bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.whole = b.whole || errors.Is(err, io.EOF)
	return n, err
}

// bodyCame reports whether all of a request's body came, or does within a moment. A
// client that waits to be asked for it is not asked.
func (s *Server) bodyCame(w *recorder, r *http.Request) bool {
	switch {
	case w.body.whole || r.ContentLength == 0:
		return true
	case r.ProtoMajor > 1:
		return false
	case r.Header.Get("Expect") != "" || r.ContentLength > smallDrop || r.ContentLength < 0:
		return false // what is in chunks cannot be read on once it was waited for in vain
	}
	return s.drop(w, r, smallDrop, smallTime) == nil && w.body.whole
}

// drop throws away so much of a body, as far as it comes in time.
func (s *Server) drop(w *recorder, r *http.Request, most int64, within time.Duration) error {
	if r.Header.Get("Expect") != "" {
		return nil
	}
	if w.body.ReadCloser == nil {
		w.body.ReadCloser = r.Body
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, &w.body, most); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// writeTime is the default of Config.WriteTime.
const writeTime = 60 * time.Second

// WriteTime is how long a client may take to read what was sent.
func (s *Server) WriteTime() time.Duration { return s.cfg.WriteTime }

// writeStep is how much of a body a client must take in that time.
const writeStep = 1 << 20

const jsonType = "application/json"

// reply sends a body.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, code int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	rc := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(len(body), writeStep)
		err := rc.SetWriteDeadline(time.Now().Add(s.cfg.WriteTime))
		if err == nil || errors.Is(err, http.ErrNotSupported) {
			_, err = w.Write(body[:n])
		}
		if err != nil {
			s.log.Debug("the client left before its answer", "path", PathMark(r.URL.Path), "error", err)
			return
		}
		body = body[n:]
	}
}
