package txn

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
)

// bbolt checks its meta pages only, so that every value that is not a block carries
// a CRC-32C of its key and itself in its last four bytes, and every manifest
// a record of how many others there are and of the sum of their checksums.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key, val []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, val)
}

// Seal returns val with its checksum.
func Seal(key, val []byte) []byte {
	return binary.LittleEndian.AppendUint32(append([]byte(nil), val...), checksum(key, val))
}

// Unseal returns what Seal got, or Corruption.
func Unseal(key, sealed []byte) ([]byte, error) {
	n := len(sealed) - 4
	if n < 0 || binary.LittleEndian.Uint32(sealed[n:]) != checksum(key, sealed[:n]) {
		return nil, status.Errorf(status.Corruption, "the record %q of the manifest does not match its checksum", key)
	}
	return sealed[:n], nil
}

// totalKey sorts after every other key of a manifest.
var totalKey = []byte{0xff}

// WriteManifest applies changes (nil deletes) to the sealed records of a bucket.
func WriteManifest(tx *kv.Tx, bucket string, changes map[string][]byte) error {
	b, err := tx.CreateBucket(bucket)
	if err != nil {
		return err
	}
	for k, v := range changes {
		if v == nil {
			err = b.Delete([]byte(k))
		} else {
			err = b.Put([]byte(k), Seal([]byte(k), v))
		}
		if err != nil {
			return err
		}
	}
	n, sum, err := total(b)
	if err != nil {
		return err
	}
	return b.Put(totalKey, Seal(totalKey, binary.AppendUvarint(binary.AppendUvarint(nil, n), sum)))
}

func total(b *kv.Bucket) (n, sum uint64, err error) {
	err = b.Scan(nil, nil, func(k, v []byte) error {
		if string(k) != string(totalKey) && len(v) >= 4 {
			n++
			sum += uint64(binary.LittleEndian.Uint32(v[len(v)-4:]))
		}
		return nil
	})
	return n, sum, err
}

// ReadManifest calls f for the records of a bucket, checked, in the order of their keys.
func ReadManifest(tx *kv.Tx, bucket string, f func(k, v []byte) error) error {
	b := tx.Bucket(bucket)
	var wantN, wantSum uint64
	found := false
	err := b.Scan(nil, nil, func(k, v []byte) error {
		v, err := Unseal(k, v)
		if err != nil {
			return err
		}
		if string(k) == string(totalKey) {
			var n int
			wantN, n = binary.Uvarint(v)
			wantSum, _ = binary.Uvarint(v[max(n, 0):])
			found = true
			return nil
		}
		return f(k, v)
	})
	if err != nil {
		return err
	}
	n, sum, err := total(b)
	if err == nil && (n != wantN || sum != wantSum || !found && n > 0) {
		err = status.Errorf(status.Corruption, "the manifest %q has %d records, it was written with %d", bucket, n, wantN)
	}
	return err
}
