package main

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

// exportRemote asks a server for an export.
func (a *app) exportRemote(cmd *cobra.Command, f *exportFlags, format transfer.ExportFormat) (err error) {
	c, err := a.connect(f.server, f.token)
	if err != nil {
		return err
	}
	defer c.Close()
	vals, err := readParams(f.params)
	if err != nil {
		return err
	}
	r := client.Request{Query: f.query, Params: vals}
	if f.query != "" {
		if f.output == "-" {
			return c.Export(cmd.Context(), string(format), r, a.out)
		}
		to, err := createFile(f.output, f.force)
		if err != nil {
			return err
		}
		err = errors.Join(c.Export(cmd.Context(), string(format), r, to), to.Close())
		if err != nil {
			err = errors.Join(err, to.remove())
		}
		return err
	}
	if err := newFolder(f.to); err != nil {
		return err
	}
	name := filepath.Join(f.to, "graph.graphml")
	if format != transfer.ExportGraphML {
		name = filepath.Join(f.to, "export.zip.part")
	}
	to, err := createFile(name, false)
	if err != nil {
		return err
	}
	if err := errors.Join(c.Export(cmd.Context(), string(format), r, to), to.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	if format == transfer.ExportGraphML {
		return nil
	}
	files, err := unzip(name, f.to)
	if err = errors.Join(err, os.Remove(name)); err != nil {
		// Half an export is none.
		for _, file := range files {
			err = errors.Join(err, os.Remove(file))
		}
		return err
	}
	a.say("%s in %s", plural(int64(len(files)), "file"), printable(f.to))
	return nil
}

// unzip unpacks the files of an export, and returns those that it began. Names with
// anything but a file's name are refused.
func unzip(name, dir string) (files []string, err error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, status.Errorf(status.MalformedFile, "the export cannot be unpacked: %w", err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	for _, f := range z.File {
		if f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Method != zip.Store {
			return files, status.Errorf(status.MalformedFile, "the export holds a file %q", f.Name)
		}
		in, err := f.Open()
		if err != nil {
			return files, status.Errorf(status.MalformedFile, "the export cannot be unpacked: %w", err)
		}
		to := filepath.Join(dir, f.Name)
		out, err := createFile(to, false)
		if err != nil {
			return files, errors.Join(err, in.Close())
		}
		files = append(files, to)
		if _, err := io.Copy(out, in); err != nil {
			return files, errors.Join(err, in.Close(), out.Close())
		}
		if err := errors.Join(in.Close(), out.Close()); err != nil {
			return files, err
		}
	}
	return files, nil
}
