package gen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

var interests = []string{"Fine Dining", "Tennis", "Photography", "Running", "Biking", "Swimming", "Hiking", "Skiing", "Climbing", "Chess",
	"Poker", "Board Games", "Video Games", "Movies", "Theatre", "Opera", "Jazz", "Rock", "Painting", "Sculpture", "Pottery", "Knitting",
	"Gardening", "Cooking", "Baking", "Wine", "Coffee", "Tea", "Travel", "Camping", "Fishing", "Sailing", "Surfing", "Yoga", "Dance",
	"Reading", "Writing", "Astronomy", "Birds", "Trains", "Cars"}

var countries = []string{"United States", "United Kingdom", "Canada"}

// Social returns people who follow each other, live in cities and have interests. At
// 100,000 people it has 2.3 M FOLLOWS: ten uniform ones a person, and 500 people who are
// each followed by 0.5 to 5 % of all; at 1 M people it has 24 M.
func Social(people int, seed uint64) *Graph {
	r := rand.New(rand.NewPCG(seed, 0x50c1a1))
	g := &Graph{Name: "social"}
	cities, states := max(people*7678/100_000, 40), 67
	person, city := g.label("Person", people), g.label("City", cities)
	state, country, interest := g.label("State", states), g.label("Country", len(countries)), g.label("Interest", len(interests))
	id := func(i int) int64 { return int64(i) + 1 }
	for _, l := range g.Labels {
		l.ints("id", id)
	}

	person.texts("name", String, func(i int) string {
		return fmt.Sprintf("%s %s %d", firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))], i+1)
	})
	person.texts("gender", String, func(int) string { return [2]string{"female", "male"}[r.IntN(2)] })
	ages := make([]int, people)
	for i := range ages {
		ages[i] = 13 + int(58*math.Pow(r.Float64(), 1.3))
	}
	person.texts("birthday", Date, func(i int) string { return fmt.Sprintf("%04d-%02d-%02d", 2026-ages[i], 1+r.IntN(12), 1+r.IntN(28)) })
	person.ints("age", func(i int) int64 { return int64(ages[i]) })
	person.texts("isMarried", Bool, func(i int) string { return fmt.Sprint(ages[i] > 20 && r.IntN(2) == 0) })

	// The first state and city are London's, so that it exists at any size.
	countryOf := func(s int) int {
		switch {
		case s == 0 || s > 63:
			return 1
		case s > 50:
			return 2
		}
		return 0
	}
	cityState := make([]int, cities)
	for i := range cityState {
		cityState[i] = r.IntN(states)
	}
	cityState[0] = 0
	stateName := func(s int) string { return fmt.Sprintf("State %02d", s) }
	city.texts("city", String, func(i int) string {
		if i == 0 {
			return "London"
		}
		return fmt.Sprintf("City %d", i)
	})
	city.texts("state", String, func(i int) string { return stateName(cityState[i]) })
	city.texts("country", String, func(i int) string { return countries[countryOf(cityState[i])] })
	state.texts("state", String, stateName)
	state.texts("country", String, func(i int) string { return countries[countryOf(i)] })
	country.texts("country", String, func(i int) string { return countries[i] })
	interest.texts("interest", String, func(i int) string { return interests[i] })

	g.follows(person, r)
	g.one("LIVES_IN", person, city, func(i int) int {
		if r.IntN(200) == 0 {
			return 0
		}
		return r.IntN(cities)
	})
	g.interests(person, interest, r)
	g.one("CITY_IN", city, state, func(i int) int { return cityState[i] })
	g.one("STATE_IN", state, country, countryOf)
	g.knows(person, r)
	return g
}

func (g *Graph) one(name string, from, to *Label, f func(i int) int) {
	t := g.typ(name, from, to)
	for i := range from.N {
		t.Add(uint32(i), uint32(f(i)))
	}
}

func (g *Graph) follows(person *Label, r *rand.Rand) {
	n := person.N
	pairs := make([]uint64, 0, n*24)
	add := func(a, b int) {
		if a != b {
			pairs = append(pairs, uint64(a)<<32|uint64(b))
		}
	}
	for range n * 10 {
		add(r.IntN(n), r.IntN(n))
	}
	for range min(max(n/200, 5), 500) {
		star := r.IntN(n)
		for range int(float64(n) * (0.005 + 0.045*r.Float64())) {
			add(r.IntN(n), star)
		}
	}
	slices.Sort(pairs)
	g.fill(g.typ("FOLLOWS", person, person), slices.Compact(pairs), r)
}

// fill adds the pairs in random order, with a few self-loops and parallel
// relationships among them.
func (g *Graph) fill(t *Type, pairs []uint64, r *rand.Rand) {
	n := t.From.N
	for range max(n/2000, 5) {
		v := uint64(r.IntN(n))
		pairs = append(pairs, v<<32|v)
	}
	for range max(n/500, 10) {
		pairs = append(pairs, pairs[r.IntN(len(pairs))])
	}
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	for _, p := range pairs {
		t.Add(uint32(p>>32), uint32(p))
	}
}

func (g *Graph) interests(person, interest *Label, r *rand.Rand) {
	t := g.typ("HAS_INTEREST", person, interest)
	for i := range person.N {
		first, n := r.IntN(interest.N), 1+r.IntN(4)
		for j := range n {
			t.Add(uint32(i), uint32((first+j*7)%interest.N)) // 7 and 41 share no factor: distinct
		}
	}
}

// knows is a second type between people, for variants of queries over FOLLOWS.
func (g *Graph) knows(person *Label, r *rand.Rand) {
	t := g.typ("KNOWS", person, person)
	for range person.N * 3 {
		t.Add(uint32(r.IntN(person.N)), uint32(r.IntN(person.N)))
	}
}

var firstNames = []string{"Ada", "Alan", "Barbara", "Dennis", "Donald", "Edgar", "Edsger", "Frances", "Grace", "Jim", "John", "Ken", "Leslie",
	"Margaret", "Michael", "Niklaus", "Radia", "Robin", "Shafi", "Tony"}

var lastNames = []string{"Allen", "Backus", "Codd", "Dijkstra", "Goldwasser", "Gray", "Hamilton", "Hoare", "Hopper", "Knuth", "Lamport",
	"Liskov", "Lovelace", "Milner", "Perlman", "Ritchie", "Stonebraker", "Thompson", "Turing", "Wirth"}
