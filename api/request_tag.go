package api

import "reflect"

// tag is a tag in a request.
type tag struct{ key, value string }

// requestTags are the tags that an input carries: a map or a list named Tags,
// or EC2's TagSpecifications.
func requestTags(in any) []tag {
	if in == nil {
		return nil
	}
	v := reflect.ValueOf(in).Elem()
	if specifications := v.FieldByName("TagSpecifications"); specifications.IsValid() {
		var all []tag
		for _, spec := range specifications.Seq2() {
			all = append(all, tagsIn(spec.FieldByName("Tags"))...)
		}
		return all
	}
	return tagsIn(v.FieldByName("Tags"))
}

// removedTags are the keys of the tags that an input takes away.
func removedTags(in any) []string {
	if in == nil {
		return nil
	}
	v := reflect.ValueOf(in).Elem().FieldByName("TagKeys")
	if !v.IsValid() {
		return nil
	}
	keys, _ := v.Interface().([]string)
	return keys
}

func tagsIn(v reflect.Value) []tag {
	if !v.IsValid() {
		return nil
	}
	var all []tag
	if m, ok := v.Interface().(map[string]string); ok {
		for key, value := range m {
			all = append(all, tag{key, value})
		}
		return all
	}
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return nil
	}
	for _, item := range v.Seq2() {
		key, _ := fieldString(item, "Key")
		value, ok := fieldString(item, "Value")
		if ok {
			all = append(all, tag{key, value})
		}
	}
	return all
}

func fieldString(v reflect.Value, name string) (string, bool) {
	f := v.FieldByName(name)
	if !f.IsValid() {
		return "", false
	}
	s, ok := f.Interface().(*string)
	if !ok || s == nil {
		return "", ok
	}
	return *s, true
}
