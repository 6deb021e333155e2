// Package front is what every way into a served store shares: the listener, who may
// ask, how much at once, and what an error looks like outside.
//
//	request ─▶ Host, Origin ─▶ route ─▶ token, role ─▶ ready? room? ─▶ Call ─▶ handler
//
//	s, err := front.New(front.Config{Listen: "127.0.0.1:7480", Auth: true, …})
//	rest.Register(s)
//	err = s.Listen()
//	go s.Serve()
//	s.Ready(db)          // until then requests get 503, and /readyz tells how far
//	err = s.Drain(10 * time.Second)
//
// Nothing of a body is read before the checks to its left. A front end adds its
// routes by Handle and knows nothing of tokens; it is not for the protocols
// themselves.
package front
