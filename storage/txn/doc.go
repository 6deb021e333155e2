// Package txn makes transactions of several data models atomic, durable and
// isolated, over one log and one file of blocks.
//
//	Commit ─▶ queue ─▶ leader: check and apply in order, one write and one
//	          fdatasync for the batch, ONE new root ─▶ everybody acknowledged
//	Acquire ─▶ root (immutable) ─▶ release
//	Checkpoint: fold a root into new blocks (nobody waits), swap the manifest in
//	          one small update, lay what came since over the new base
//
// A Root holds one immutable state a model. What a model is, how its states
// conflict, apply and fold, is behind the Model interface; txn knows only bytes.
//
// A record of the log, one or more a transaction:
//
//	uvarint number of the commit
//	uvarint part (0, 1, …)
//	byte    1 = last part
//	bytes   of the body: sections, each byte model, uvarint length, bytes
//
// It is not for reading data: models read their blocks through Store.Block.
package txn
