// Command tck runs the openCypher Technology Compatibility Kit against KadeDB.
//
//	go run ./conformance/tck --features DIR [--run REGEXP] [--report FILE.json] [--plan-cache=off] [-v]
//
// Every scenario under DIR is run in a store of its own, each row of an outline
// as one. Failures are printed by name with the difference; the last line is
//
//	N passed, N failed, N skipped
//
// and the exit code is 1 when anything failed. Named graphs are read from the
// folder "graphs" beside DIR, or from --graphs.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"sync"
	"time"
)

func main() {
	features := flag.String("features", "", "folder with .feature files (required)")
	graphs := flag.String("graphs", "", "folder of the named graphs (default: graphs beside --features)")
	report := flag.String("report", "", "write every outcome to this JSON file")
	filter := flag.String("run", "", "run only scenarios whose feature and name match this expression")
	cache := flag.String("plan-cache", "on", "on or off")
	limit := flag.Duration("limit", 10*time.Second, "time for one scenario")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "scenarios at a time")
	verbose := flag.Bool("v", false, "print passed scenarios too")
	flag.Parse()
	if *features == "" || flag.NArg() > 0 || (*cache != "on" && *cache != "off") {
		flag.Usage()
		os.Exit(2)
	}
	failed, err := runAll(options{features: *features, graphs: *graphs, report: *report, filter: *filter,
		planCache: *cache == "on", limit: *limit, workers: *workers, verbose: *verbose})
	if err != nil {
		fmt.Fprintln(os.Stderr, "tck:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

type options struct {
	features, graphs, report, filter string
	planCache, verbose               bool
	limit                            time.Duration
	workers                          int
}

func runAll(o options) (failed bool, err error) {
	scenarios, err := readFeatures(o.features)
	if err != nil {
		return false, err
	}
	if o.filter != "" {
		re, err := regexp.Compile(o.filter)
		if err != nil {
			return false, err
		}
		kept := scenarios[:0]
		for _, s := range scenarios {
			if re.MatchString(s.Feature + " / " + s.Name) {
				kept = append(kept, s)
			}
		}
		scenarios = kept
	}
	if o.graphs == "" {
		o.graphs = filepath.Join(filepath.Dir(filepath.Clean(o.features)), "graphs")
	}
	r := &runner{graphs: o.graphs, open: func(p []procedureTable) (engine, error) { return openKadeDB(p, o.planCache) }, limit: o.limit}
	outcomes := runScenarios(r, scenarios, max(o.workers, 1))
	return summarise(outcomes, o)
}

// runScenarios runs all scenarios with so many workers; outcomes keep their order.
func runScenarios(r *runner, scenarios []Scenario, workers int) []Outcome {
	outcomes := make([]Outcome, len(scenarios))
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				outcomes[i] = r.run(&scenarios[i])
			}
		}()
	}
	for i := range scenarios {
		next <- i
	}
	close(next)
	wg.Wait()
	return outcomes
}

func summarise(outcomes []Outcome, o options) (failed bool, err error) {
	count := map[string]int{}
	classes := map[string]int{}
	for _, out := range outcomes {
		count[out.Status]++
		s := out.Scenario
		switch {
		case out.Status == "failed":
			classes[out.Class]++
			fmt.Printf("FAILED (%s) %s / %s\n  %s:%d\n    %s\n", out.Class, s.Feature, s.Name, s.File, s.Line, out.Detail)
		case o.verbose:
			fmt.Printf("%s %s / %s\n", out.Status, s.Feature, s.Name)
		}
	}
	names := make([]string, 0, len(classes))
	for c := range classes {
		names = append(names, c)
	}
	sort.Strings(names)
	for _, c := range names {
		fmt.Printf("failures of class %q: %d\n", c, classes[c])
	}
	if o.report != "" {
		if err := writeReport(o.report, outcomes); err != nil {
			return false, err
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", count["passed"], count["failed"], count["skipped"])
	return count["failed"] > 0, nil
}

func writeReport(file string, outcomes []Outcome) error {
	type row struct {
		Feature, Name, Status, Class, Detail string
	}
	rows := make([]row, len(outcomes))
	for i, o := range outcomes {
		rows[i] = row{o.Scenario.Feature, o.Scenario.Name, o.Status, o.Class, o.Detail}
	}
	b, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
