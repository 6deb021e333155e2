// Package flights holds the sample data of `kadedb serve --demo`: the airports of the
// United States, and how many flights each route between two of them had in a year.
// The figures are of the U.S. Bureau of Transportation Statistics, in the public
// domain.
package flights

import _ "embed"

// Airports is a CSV file: iata,name,city,state,country,latitude,longitude.
//
//go:embed airports.csv
var Airports string

// Routes is a CSV file: origin,destination,count.
//
//go:embed routes.csv
var Routes string
