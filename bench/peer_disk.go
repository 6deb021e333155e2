package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// peerOnDisk measures what the peer does with a file, since ours is one always.
type peerOnDisk struct {
	open   time.Duration // to the answer of a point read
	size   int64         // bytes of the file
	writes float64       // durable writes of one edge a second
}

func (c *contest) measurePeer(dir string) (d peerOnDisk, err error) {
	const store, read = "on disk", "MATCH (p:Person {id: 17}) RETURN p.name"
	path := filepath.Join(dir, "peer.lbug")
	if _, err := c.peer.Open(store, path, "RETURN 1"); err != nil {
		return d, err
	}
	if _, err := c.peer.Load(c.g, store, c.files); err != nil {
		return d, err
	}
	if err := c.peer.CloseStore(store); err != nil {
		return d, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return d, err
	}
	d.size = info.Size()
	r, err := c.peer.Open(store, path, read)
	if err != nil {
		return d, err
	}
	d.open = r.Elapsed
	ids := make([]int64, 200)
	for i := range ids {
		ids[i] = int64(c.r.IntN(c.g.Label("Person").N)) + 1
	}
	times, err := c.peer.Many(store, "MATCH (a:Person {id: $id}), (b:Person {id: 1}) CREATE (a)-[:KNOWS]->(b)", ids)
	if err != nil {
		return d, err
	}
	d.writes = float64(len(ids)) / sum(times).Seconds()
	return d, errors.Join(c.peer.CloseStore(store), os.RemoveAll(path))
}
