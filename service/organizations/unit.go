package organizations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// maxDepth is how many units may be below one another.
const maxDepth = 5

// Node is a place in the tree as it is shown.
type Node struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Parent     string    `json:"parent,omitempty"`
	Depth      int       `json:"depth"` // 0: the root
	Created    time.Time `json:"created"`
	Management bool      `json:"management,omitempty"`
	SCPs       []string  `json:"scps"` // names
	RCPs       []string  `json:"rcps"`
}

// CreateUnit makes a unit below a parent, the root where it is empty, and
// returns its id.
func (s *Service) CreateUnit(ctx context.Context, name, parent string) (id string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if parent == "" {
		parent = s.root
	}
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		if err := s.checkParent(tx, parent, 1); err != nil {
			return err
		}
		if s.child(tx, parent, name) {
			return fmt.Errorf("there is a unit %q in %s already", name, parent)
		}
		id = newID("ou-"+strings.TrimPrefix(s.root, "r-")+"-", 8)
		s.put(tx, id, name, parent)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("create unit: %w", err)
	}
	return id, nil
}

// child reports whether parent has a unit of that name.
func (s *Service) child(r store.Reader, parent, name string) bool {
	for n := range s.store.OrganizationNodes.By(r, "parent", parent) {
		if n.Name == name && !vpc.IsAccount(n.ID) {
			return true
		}
	}
	return false
}

// DeleteUnit removes a unit in which nothing is.
func (s *Service) DeleteUnit(ctx context.Context, id string) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		if _, ok := s.node(tx, id); !ok || !strings.HasPrefix(id, "ou-") {
			return fmt.Errorf("there is no unit %s", id)
		}
		for n := range s.store.OrganizationNodes.By(tx, "parent", id) {
			return fmt.Errorf("%s is in it", n.ID)
		}
		s.store.OrganizationNodes.Delete(tx, key(id))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete unit: %w", err)
	}
	return nil
}

// Move puts an account or a unit, with all that is in it, below another parent.
func (s *Service) Move(ctx context.Context, id, parent string) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		n, ok := s.node(tx, id)
		switch {
		case !ok:
			return fmt.Errorf("there is no %s", id)
		case id == s.root:
			return errors.New("the root stays where it is")
		}
		height := 0
		if !vpc.IsAccount(id) {
			height = 1 + s.height(tx, id)
			if n.Parent != parent && s.child(tx, parent, n.Name) {
				return fmt.Errorf("there is a unit %q in %s already", n.Name, parent)
			}
		}
		for at := parent; at != ""; {
			if at == id {
				return fmt.Errorf("%s is in %s", parent, id)
			}
			above, _ := s.node(tx, at)
			at = above.Parent
		}
		if err := s.checkParent(tx, parent, height); err != nil {
			return err
		}
		n.Parent = parent
		s.store.OrganizationNodes.Put(tx, n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("move: %w", err)
	}
	return nil
}

// checkParent wants a root or a unit below which there is room for units of
// that height.
func (s *Service) checkParent(r store.Reader, parent string, height int) error {
	n, ok := s.node(r, parent)
	if !ok || vpc.IsAccount(parent) {
		return fmt.Errorf("there is no unit %s", parent)
	}
	depth := 0
	for ; n.Parent != ""; depth++ {
		n, _ = s.node(r, n.Parent)
	}
	if depth+height > maxDepth {
		return fmt.Errorf("units can be %d levels deep", maxDepth)
	}
	return nil
}

// height is how many units are below one another in a unit.
func (s *Service) height(r store.Reader, id string) int {
	most := 0
	for n := range s.store.OrganizationNodes.By(r, "parent", id) {
		if !vpc.IsAccount(n.ID) {
			most = max(most, 1+s.height(r, n.ID))
		}
	}
	return most
}

// Tree returns all nodes, each before what is in it.
func (s *Service) Tree() []Node {
	r := s.store.Snapshot()
	root, _ := s.node(r, s.root)
	return s.tree(r, root, 0)
}

func (s *Service) tree(r store.Reader, n store.OrganizationNode, depth int) []Node {
	nodes := []Node{s.show(r, n, depth)}
	for child := range s.store.OrganizationNodes.By(r, "parent", n.ID) {
		nodes = append(nodes, s.tree(r, child, depth+1)...)
	}
	return nodes
}

func (s *Service) show(r store.Reader, n store.OrganizationNode, depth int) Node {
	return Node{
		ID: n.ID, Name: n.Name, Parent: n.Parent, Depth: depth, Created: n.Created, Management: n.ID == s.management,
		SCPs: s.names(r, n.SCPs), RCPs: s.names(r, n.RCPs),
	}
}

func (s *Service) names(r store.Reader, ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if p, ok := s.policy(r, id); ok {
			names = append(names, p.Name)
		}
	}
	return names
}
