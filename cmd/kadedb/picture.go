package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"

	"github.com/kadedb/kadedb/status"
)

// graphviz is the program that makes pictures of graphs.
const graphviz = "dot"

// haveGraphviz is an error where pictures cannot be made.
func haveGraphviz() error {
	if _, err := exec.LookPath(graphviz); err != nil {
		return status.Errorf(status.InvalidUsage, "the format svg needs Graphviz, whose program `%s` is not installed here", graphviz).
			WithHint("install the package graphviz, or take --format dot and draw it elsewhere")
	}
	return nil
}

// drawSVG has Graphviz make a picture of what the format dot writes.
func drawSVG(ctx context.Context, graph []byte, to io.Writer) error {
	var picture, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, graphviz, "-Tsvg")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(graph), &picture, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return status.Errorf(status.Cancelled, "the picture was not finished: %w", ctx.Err())
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return status.Errorf(status.Internal, "Graphviz refuses the picture: %s", strings.TrimSpace(errs.String()))
		}
		return status.Errorf(status.InvalidUsage, "Graphviz cannot be run: %w", err)
	}
	_, err := to.Write(picture.Bytes())
	return err
}
