package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// A refusal is heard while a file still waits for what nobody writes.
func TestImportRefusedEarly(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		err := rc.EnableFullDuplex()
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		if err == nil {
			_, err = w.Write(wire.AppendError(nil, status.Errorf(status.InvalidArgumentValue, "no")))
		}
		if err = errors.Join(err, rc.Flush()); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	c, err := New(s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	waits, more := io.Pipe()
	defer more.Close()
	answer := make(chan error, 1)
	go func() {
		_, err := c.Import(context.Background(), []byte("{}"), []Upload{{Name: "-", Open: func() (io.ReadCloser, error) { return waits, nil }}}, ImportEvents{})
		answer <- err
	}()
	select {
	case err := <-answer:
		if status.CodeOf(err) != status.InvalidArgumentValue {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the refusal waits for the file")
	}
}
