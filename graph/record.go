package graph

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// A transaction's section of the log is a sequence of logical operations: one
// byte of op, then
//
//	opCreateNode  id labelset n (key value)×n
//	opCreateRel   id type start end n (key value)×n
//	opSetNode     id key value          null removes
//	opSetRel      id key value
//	opSetLabels   id labelset
//	opDeleteNode  id
//	opDeleteRel   id
//	opDropIndex   index                 its data; the catalog's section has the definition
//
// Ids are the ids that leave the engine (generation · 2³² + number) as uvarints,
// tokens uvarints, values as in appendValue. The numbers are those that the
// transaction was given, so that replay needs no allocation.
const (
	opCreateNode = iota + 1
	opCreateRel
	opSetNode
	opSetRel
	opSetLabels
	opDeleteNode
	opDeleteRel
	opDropIndex
)

func appendOp(dst []byte, op byte, fields ...uint64) []byte {
	dst = append(dst, op)
	for _, f := range fields {
		dst = binary.AppendUvarint(dst, f)
	}
	return dst
}

func appendProps(dst []byte, keys []catalog.KeyID, vals []value.Value) []byte {
	n := 0
	for _, v := range vals {
		if !v.IsNull() {
			n++
		}
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	for i, k := range keys {
		if !vals[i].IsNull() {
			dst = appendValue(binary.AppendUvarint(dst, uint64(k)), vals[i])
		}
	}
	return dst
}

// apply performs the operations of a section.
func (e *editor) apply(section []byte) error {
	d := reader{b: section}
	var keys []catalog.KeyID
	var vals []value.Value
	for len(d.b) > 0 && d.err == nil {
		op := d.byte()
		id := d.uvarint()
		ref := uint32(id)
		if d.err != nil {
			break
		}
		var err error
		switch op {
		case opCreateNode:
			set := catalog.LabelSetID(d.u32())
			keys, vals = d.props(keys[:0], vals[:0])
			if d.err == nil {
				err = e.createNode(id, set, keys, vals)
			}
		case opCreateRel:
			typ, src, dst := catalog.TypeID(d.u32()), uint32(d.uvarint()), uint32(d.uvarint())
			keys, vals = d.props(keys[:0], vals[:0])
			if d.err == nil {
				err = e.createRel(id, typ, src, dst, keys, vals)
			}
		case opSetNode, opSetRel:
			key, v := catalog.KeyID(d.u32()), d.value()
			if d.err != nil {
				break
			}
			if op == opSetNode {
				err = e.setNodeProperty(ref, key, v)
			} else {
				err = e.setRelProperty(ref, key, v)
			}
		case opSetLabels:
			set := catalog.LabelSetID(d.u32())
			if d.err == nil {
				err = e.setLabels(ref, set)
			}
		case opDeleteNode:
			err = e.deleteNode(ref)
		case opDeleteRel:
			err = e.deleteRel(ref)
		case opDropIndex:
			e.s.indexes.drop(e.own, catalog.IndexID(ref))
		default:
			return status.Errorf(status.Corruption, "unknown operation %d in a log record", op)
		}
		if err != nil {
			return err
		}
	}
	return d.err
}

func (r *reader) props(keys []catalog.KeyID, vals []value.Value) ([]catalog.KeyID, []value.Value) {
	n := r.uvarint()
	for i := uint64(0); i < n && r.err == nil; i++ {
		keys = append(keys, catalog.KeyID(r.u32()))
		vals = append(vals, r.value())
	}
	return keys, vals
}
