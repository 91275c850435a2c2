package PACKAGE

// Put beside a vendor's tests before they run: all names are this machine, so that hosts of the vendor's lead to the
// server under test, whose port the endpoint names, and nothing leaves the machine.

import (
	"context"
	"encoding/binary"
	"io"
	"net"
)

func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerNames(ours)
		return theirs, nil
	}}
}

// answerNames is a name server for one connection: 127.0.0.1 for every name. As the connection is no packet
// connection, messages have their length in front (RFC 1035 section 4.2.2).
func answerNames(conn net.Conn) {
	defer conn.Close()
	for {
		var size uint16
		if binary.Read(conn, binary.BigEndian, &size) != nil {
			return
		}
		query := make([]byte, size)
		if _, err := io.ReadFull(conn, query); err != nil || size < 17 {
			return
		}
		end := 12
		for end < len(query) && query[end] != 0 {
			end += int(query[end]) + 1
		}
		end += 5
		if end > len(query) {
			return
		}
		answer := append([]byte{0, 0}, query[:end]...)
		// A response, recursion available, one question, nothing else.
		copy(answer[4:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
		if binary.BigEndian.Uint16(query[end-4:]) == 1 {
			answer[9] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
		}
		binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}
