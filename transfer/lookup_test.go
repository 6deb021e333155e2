package transfer

// LookUp makes an import look ids of the store up in its indexes, few as they are.
func (s *Spec) LookUp() { s.lookUp = true }
