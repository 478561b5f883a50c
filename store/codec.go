package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

func encode(v any) ([]byte, error) { return json.Marshal(v) }

// decode is strict: a field that the type does not have, or anything after
// the value, means that another program or version wrote the record, and
// writing it back would lose what this one does not know.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the value")
	}
	return nil
}
